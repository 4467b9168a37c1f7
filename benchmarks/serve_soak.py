"""Load for a long time: nothing may fail, and memory may not grow.

    python benchmarks/serve_soak.py --minutes 1.5          # the short form
    python benchmarks/serve_soak.py --minutes 60           # the long one, by hand
    python benchmarks/serve_soak.py --requests 2000        # memory over 2,000 requests

Eight clients ask without pause for sentences and sometimes for paragraphs, in all voices and in
several formats and speeds; one request in twenty is given up after its first bytes. Before anything
counts, 500 requests (at most a third of the minutes) warm the server up: allocators keep what the
heaviest moment needed. Growth is what the median of the last tenth of the counted requests holds
above the median of the first. Ends with 1 if anything failed or memory grew by more than 5 %.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from env_utils import atomic_write_json, describe_machine
from studio_server import VOICES, Server, milliseconds, running
from voice_replication.evaluation.run import default_sentences

CLIENTS = 8
FORMATS = ("pcm", "mp3", "wav", "opus")
SPEEDS = (1.0, 1.0, 1.3, 0.8)
MOST_GROWTH = 0.05
WARM_UP_REQUESTS = 500


@dataclass
class Load:
    """What has been sent and found so far. Shared by the clients' threads."""

    deadline: float  # on time.perf_counter
    most: int  # requests
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    seconds: list[float] = field(default_factory=list)  # to the last byte
    memory: list[int] = field(default_factory=list)  # bytes, after each request
    given_up: int = 0
    failures: list[str] = field(default_factory=list)

    def next(self) -> int | None:
        """The number of the next request; None when it is enough."""
        number = next(self.numbers)
        return number if number < self.most and time.perf_counter() < self.deadline else None


def work(load: Load, server: Server) -> None:
    """One client: requests over one connection, a new one after each that was given up."""
    sentences = default_sentences()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    while (number := load.next()) is not None:
        count = 4 if number % 10 == 9 else 1
        body = {
            "model": "voiceclone-1",
            "input": " ".join(sentences[(number + k) % len(sentences)] for k in range(count)),
            "voice": VOICES[number % len(VOICES)],
            "response_format": FORMATS[number // 3 % len(FORMATS)],
            "speed": SPEEDS[number // 7 % len(SPEEDS)],
        }
        start = time.perf_counter()
        try:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/v1/audio/speech", json.dumps(body), headers)
            answer = connection.getresponse()
            if number % 20 == 19:
                answer.read(100)
                connection.close()
                load.given_up += 1
                continue
            data = answer.read()
            if answer.status != 200 or len(data) < 1000:
                load.failures.append(f"{answer.status}: {data[:200]!r}")
        except (OSError, http.client.HTTPException) as error:
            load.failures.append(repr(error))
            connection.close()
        load.seconds.append(time.perf_counter() - start)
        load.memory.append(server.memory_bytes())
    connection.close()


def put_under(load: Load, server: Server) -> float:
    """Let all clients work on ``load``; the seconds that took."""
    threads = [threading.Thread(target=work, args=(load, server)) for _ in range(CLIENTS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start


def soak(minutes: float, requests: int) -> dict[str, Any]:
    """Put a server under load and say how it fared."""
    with running() as server:
        warm = Load(time.perf_counter() + 20 * minutes, WARM_UP_REQUESTS)
        warming = put_under(warm, server)
        load = Load(time.perf_counter() + 60 * minutes - warming, requests)
        took = put_under(load, server)
    failures = warm.failures + load.failures
    for failure in failures[:5]:
        print(failure, file=sys.stderr)
    tenths = [float(np.median(part)) / 1e6 for part in np.array_split(load.memory, 10)]
    return {
        "minutes": took / 60,
        "requests": len(load.seconds) + load.given_up,
        "given up": load.given_up,
        "failed": len(failures),
        "requests per second": len(load.seconds) / took,
        "last byte p50 ms": milliseconds(load.seconds, 50),
        "last byte p95 ms": milliseconds(load.seconds, 95),
        "memory by tenths MB": [round(tenth) for tenth in tenths],
        "growth": tenths[-1] / tenths[0] - 1.0,
    }


def main() -> int:
    """Measure, print, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, help="how long (default: until --requests)")
    parser.add_argument("--requests", type=int, help="how many (default: until --minutes)")
    parser.add_argument("-o", "--out", type=Path, help="also write the numbers as JSON")
    args = parser.parse_args()
    if args.minutes is None and args.requests is None:
        parser.error("give --minutes, --requests, or both")
    machine = describe_machine()
    print(machine.summary())
    found = soak(args.minutes or 24 * 60.0, args.requests or sys.maxsize)
    for name, value in found.items():
        text = f"{value:,.1f}" if isinstance(value, float) else value
        print(f"{name}: {value:.1%}" if name == "growth" else f"{name}: {text}")
    if args.out:
        atomic_write_json(args.out, {"machine": machine.to_dict(), "soak": found})
    return int(found["failed"] > 0 or found["growth"] > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
