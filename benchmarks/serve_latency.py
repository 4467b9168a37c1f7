"""How long a listener waits: for a server that starts, and for the first byte of an answer.

    python benchmarks/serve_latency.py                     # about a minute
    python benchmarks/serve_latency.py --quick -o out.json

The server is ``voiceclone serve`` in its own process, the client keeps one connection. First bytes
are those of the body; the whole sentence is spoken before the next one is asked for. As a peer,
espeak-ng answers through the same scheduler, routes and HTTP server, in turns with our models; for
that both run in this process.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from env_utils import atomic_write_json, describe_machine
from studio_server import SHORT, VOICES, Client, milliseconds, running
from voice_replication.evaluation.speed import LONG
from voice_replication.evaluation.systems import Espeak
from voice_replication.narration.timestamps import WordTime
from voice_replication.serving.app import create_app
from voice_replication.serving.engine import LineRequest, RenderedLine
from voice_replication.serving.http_server import StudioServer, listen
from voice_replication.serving.metrics import Metrics
from voice_replication.serving.scheduler import Scheduler
from voice_replication.serving.settings import ServerSettings
from voice_replication.serving.studio import Studio

Rows = dict[str, dict[str, float]]


class EspeakEngine:
    """espeak-ng behind the interface of our engine: it has no words' times and one voice."""

    workers, max_batch = 2, 8

    def __init__(self) -> None:
        self._espeak = Espeak()
        self._turn = threading.Lock()  # the library has one state for all

    def render(self, requests: Sequence[LineRequest]) -> list[RenderedLine]:
        """One line after the other; the words are all said to begin with it."""
        with self._turn:
            audios = [
                self._espeak.speak(request.line.text, self._espeak.voices[0]).audio
                for request in requests
            ]
        return [
            RenderedLine(audio, _words(request, len(audio) / 24_000))
            for request, audio in zip(requests, audios, strict=True)
        ]

    def close(self) -> None:
        """Nothing is held."""


def _words(request: LineRequest, seconds: float) -> tuple[WordTime, ...]:
    return tuple(WordTime(word.text, 0.0, seconds) for word in request.line.words)


@contextmanager
def serving(espeak: bool) -> Iterator[int]:
    """A studio in this process; its port."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="voiceclone-bench-"))
        settings = ServerSettings(home=Path(folder))
        studio = Studio.open(settings)
        stack.callback(studio.close)
        if espeak:
            studio.scheduler.close()
            studio.scheduler = Scheduler(
                EspeakEngine(),
                max_queue=settings.max_queue,
                deadline_seconds=settings.deadline_seconds,
                metrics=Metrics(),
            )
            stack.callback(studio.scheduler.close)
        socket = listen("127.0.0.1", 0)
        server = StudioServer(create_app(studio=studio), socket, settings)
        stop = threading.Event()
        thread = threading.Thread(target=server.run_until, args=(stop,))
        thread.start()
        stack.callback(thread.join)
        stack.callback(server.wake)
        stack.callback(stop.set)
        yield socket.getsockname()[1]


def against_espeak(count: int) -> Rows:
    """First bytes of a short sentence, our models and espeak-ng in turns."""
    firsts: dict[str, list[float]] = {"ours": [], "espeak-ng": []}
    with serving(espeak=False) as ours, serving(espeak=True) as theirs:
        clients = {"ours": Client(ours), "espeak-ng": Client(theirs)}
        for round_number in range(count + 3):
            for name, client in clients.items():
                answer = client.speak(SHORT, VOICES[0])
                if round_number >= 3:
                    firsts[name].append(answer.first_byte)
    return {f"{name}, in this process": _row(values) for name, values in firsts.items()}


def first_bytes(count: int) -> Rows:
    """First bytes of one client's requests, by what is asked for."""
    asked = {
        "short sentence, pcm": (SHORT, "pcm"),
        "short sentence, mp3": (SHORT, "mp3"),
        "short sentence, opus": (SHORT, "opus"),
        "ten-second sentence, pcm": (LONG, "pcm"),
    }
    rows: Rows = {}
    with running() as server:
        client = server.connect()
        for name, (text, audio_format) in asked.items():
            answers = [
                client.speak(text, VOICES[number % len(VOICES)], response_format=audio_format)
                for number in range(count + 3)
            ][3:]
            rows[name] = _row([answer.first_byte for answer in answers])
            rows[name]["last byte p50"] = milliseconds([a.last_byte for a in answers], 50)
    return rows


def cold_starts(count: int) -> list[float]:
    """Seconds from launching ``voiceclone serve`` to ready."""
    seconds = []
    for _ in range(count):
        with running() as server:
            seconds.append(server.start_seconds)
    return seconds


def _row(seconds: Sequence[float]) -> dict[str, float]:
    return {name: milliseconds(seconds, q) for name, q in (("min", 0), ("p50", 50), ("p95", 95))}


def main() -> None:
    """Measure, print, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="ten requests instead of fifty")
    parser.add_argument("-o", "--out", type=Path, help="also write the numbers as JSON")
    args = parser.parse_args()
    count = 10 if args.quick else 50
    machine = describe_machine()
    print(machine.summary())
    starts = cold_starts(3)
    print("start to ready, s: " + ", ".join(f"{value:.2f}" for value in starts))
    rows = first_bytes(count) | against_espeak(count)
    for name, values in rows.items():
        print(f"{name}, ms: " + ", ".join(f"{k} {v:.0f}" for k, v in values.items()))
    if args.out:
        results = {"machine": machine.to_dict(), "start_seconds": starts, "milliseconds": rows}
        atomic_write_json(args.out, results)


if __name__ == "__main__":
    main()
