"""``voiceclone serve``: the REST API and the studio page."""

from __future__ import annotations

import argparse

EXAMPLE = "voiceclone serve --port 8000"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command; what is not given comes from VOICECLONE_SERVE_* or a default."""
    add = parser.add_argument
    add("--host", help="address to listen on (default 127.0.0.1; any other needs API keys)")
    add("--port", type=int, help="port (default 8000; 0 takes a free one)")


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted."""
    import waitress

    from voice_replication.serving.app import create_app
    from voice_replication.serving.settings import ServerSettings

    settings = ServerSettings.from_environment({"host": args.host, "port": args.port})
    app = create_app(settings)
    server = waitress.create_server(
        app,
        host=settings.host,
        port=settings.port,
        threads=settings.threads,
        max_request_body_size=settings.max_upload_bytes,
    )
    print(f"studio: http://{settings.host}:{server.effective_port}/", flush=True)
    server.run()
    return 0
