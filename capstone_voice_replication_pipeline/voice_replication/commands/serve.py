"""``voiceclone serve``: the REST API and the studio page.

Stop it with Ctrl-C or SIGTERM: it finishes what it is answering first; a second signal ends it at
once. Logs are JSON lines on stderr.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voice_replication.serving.http_server import StudioServer
    from voice_replication.serving.settings import ServerSettings
    from voice_replication.serving.studio import Studio

EXAMPLE = "voiceclone serve --port 8000"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command; what is not given comes from VOICECLONE_SERVE_* or a default."""
    add = parser.add_argument
    add("--host", help="address to listen on (default 127.0.0.1; any other needs API keys)")
    add("--port", type=int, help="port (default 8000; 0 takes a free one)")
    add("--home", type=Path, help="data folder (default: $VOICECLONE_HOME)")
    add("--models-dir", type=Path, help="models of this run instead of the shipped ones")
    add("--engine", choices=("local", "ray"), help="ray: spread over replicas with Ray Serve")
    add("--replicas", type=int, metavar="N", help="of the ray engine (default 2)")
    add("--ray-address", metavar="HOST:PORT", help="a Ray cluster to join instead of starting one")
    keys = parser.add_argument_group("who may use it")
    add = keys.add_argument
    add(
        "--require-keys",
        action=argparse.BooleanOptionalAction,
        help="ask for API keys (default: on every address but this machine's own)",
    )
    add("--cors-origin", action="append", metavar="URL", help="a site whose pages may use the API")
    add("--trusted-proxies", type=int, metavar="N", help="proxies in front whose word is believed")
    add("--public-metrics", action="store_true", default=None, help="/metrics without a key")
    add("--requests-per-minute", type=int, metavar="N", help="of one key (default 600)")
    add("--audio-minutes-per-hour", type=float, metavar="N", help="of one key (default 600)")
    work = parser.add_argument_group("how much at once")
    add = work.add_argument
    add("--threads", type=int, metavar="N", help="requests answered at once (default 64)")
    add("--max-queue", type=int, metavar="N", help="speech requests that wait (default 32)")
    add("--max-batch", type=int, metavar="N", help="lines spoken together (default 8)")
    add("--deadline-seconds", type=float, metavar="S", help="until first audio (default 60)")
    parser.add_argument(
        "--log-text", action="store_true", default=None, help="write what was spoken into the log"
    )
    parser.description = f"{parser.description}\n\n" + (
        "Every setting is also an environment variable: VOICECLONE_SERVE_MAX_QUEUE=16 is\n"
        "--max-queue 16. docs/api.md has all of them."
    )


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted."""
    signals = _StopSignals()  # before anything slow
    from voice_replication.serving.app import create_app
    from voice_replication.serving.http_server import StudioServer, listen
    from voice_replication.serving.logs import configure_logging
    from voice_replication.serving.studio import Studio

    settings = settings_of(args)
    configure_logging(settings.log_text)
    listening = listen(settings.host, settings.port)
    studio = Studio.open(settings)
    try:
        server = StudioServer(create_app(studio=studio), listening, settings)
        signals.then = (studio.stopping.set, server.wake)
        _greet(settings, studio, server)
        server.run_until(signals.stop)
    finally:
        studio.close()
    return 0


def settings_of(args: argparse.Namespace) -> ServerSettings:
    """The settings that ``args`` and the environment say. Raises ``ConfigError``."""
    from voice_replication.serving.settings import ServerSettings

    given: dict[str, Any] = {
        n: v for n, v in vars(args).items() if n in ServerSettings.model_fields
    }
    return ServerSettings.from_environment({**given, "cors_origins": args.cors_origin})


def _greet(settings: ServerSettings, studio: Studio, server: StudioServer) -> None:
    """Where it is, and what the operator may have overlooked."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    print(f"studio: http://{host}:{server.effective_port}/", flush=True)
    if settings.keys_required and not any(key.revoked is None for key in studio.keys.list()):
        print("There is no API key yet; make one: voiceclone keys create NAME", file=sys.stderr)
    if not settings.keys_required and settings.public:
        print("Anybody who can reach this address may use it: no keys are asked.", file=sys.stderr)


class _StopSignals:
    """Ctrl-C and SIGTERM, caught from the first moment on, even while models are still loaded."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.then: tuple[Callable[[], None], ...] = ()  # what to wake
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: object) -> None:
        if self.stop.is_set():
            raise KeyboardInterrupt
        self.stop.set()
        for wake in self.then:
            wake()
