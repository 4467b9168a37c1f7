"""What the benchmarks of the studio share: a real server in its own process, and a plain client.

The client is ``http.client`` in this process, on the same machine: what it costs is part of every
number, as it would be for a client next to the server.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

SHORT = "Hello there, how are you today?"
VOICES = ("ada", "basil", "clara", "dorian")
BYTES_PER_SECOND = 48_000  # of response_format pcm
START_SECONDS = 60.0


@dataclass(frozen=True)
class Answer:
    """Seconds from sending a request to its first and its last byte, and the audio in it."""

    first_byte: float
    last_byte: float
    audio_seconds: float


@dataclass(frozen=True)
class Server:
    """A running ``voiceclone serve``; ``start_seconds`` from launching it to ready."""

    process: psutil.Process
    port: int
    start_seconds: float

    def memory_bytes(self) -> int:
        """Resident memory."""
        return int(self.process.memory_info().rss)

    def connect(self) -> Client:
        """A client with a connection of its own."""
        return Client(self.port)


class Client:
    """One connection that is kept open. Not for several threads."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._connection.connect()

    def speak(self, text: str, voice: str, **options: Any) -> Answer:
        """Speak ``text`` as raw samples (unless ``options`` say otherwise) and read all of it."""
        body = {"model": "voiceclone-1", "input": text, "voice": voice, "response_format": "pcm"}
        data = json.dumps(body | options)
        start = time.perf_counter()
        self._connection.request(
            "POST", "/v1/audio/speech", data, {"Content-Type": "application/json"}
        )
        response = self._connection.getresponse()
        size = len(response.read(1))
        first = time.perf_counter() - start
        size += len(response.read())
        total = time.perf_counter() - start
        if response.status != 200:
            raise RuntimeError(f"the server answered {response.status}")
        return Answer(first, total, size / BYTES_PER_SECOND)

    def is_ready(self) -> bool:
        """Whether ``/readyz`` says so."""
        self._connection.request("GET", "/readyz")
        response = self._connection.getresponse()
        response.read()
        return response.status == 200


@contextmanager
def running(environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server with an empty data folder on a free port, stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="voiceclone-bench-") as home:
        start = time.perf_counter()
        with Path(home, "log.jsonl").open("wb") as log:
            process = subprocess.Popen(
                [str(Path(sys.executable).with_name("voiceclone")), "serve", "--port", "0"],
                env={
                    **os.environ,
                    "VOICECLONE_HOME": str(Path(home, "home")),
                    **(environment or {}),
                },
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(Path(home, "log.jsonl").read_text())
            port = int(line.strip().rstrip("/").rpartition(":")[2])
            while not Client(port).is_ready():
                time.sleep(0.01)
            yield Server(psutil.Process(process.pid), port, time.perf_counter() - start)
        finally:
            process.terminate()
            process.wait(START_SECONDS)


def milliseconds(seconds: Sequence[float], percentile: float) -> float:
    """A percentile of ``seconds``, in milliseconds."""
    return float(1000 * np.percentile(seconds, percentile))
