"""Eight clients at once against one after the other: the same requests, the same server.

    python benchmarks/serve_throughput.py                  # three rounds, a few minutes
    python benchmarks/serve_throughput.py --rounds 1 --requests 16

Each round sends all requests through one connection, each after the answer to the one before, and
then through eight connections that take the next request from the same list. Rounds alternate, so
that both meet the same weather; of each the fastest counts. As a peer, the same is done with a
server that renders every line alone (``max_batch = 1``) and with one that has a single worker.
"""

from __future__ import annotations

import argparse
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from env_utils import atomic_write_json, describe_machine
from studio_server import VOICES, Answer, Server, milliseconds, running
from voice_replication.evaluation.run import default_sentences

CLIENTS = 8
PREFIX = "VOICECLONE_SERVE_"
SERVERS = {
    "as shipped": {},
    "no batching": {PREFIX + "MAX_BATCH": "1"},
    "one worker, all cores": {PREFIX + "WORKERS": "1"},
}


@dataclass(frozen=True)
class Run:
    """All requests, answered in ``seconds``."""

    seconds: float
    answers: list[Answer]

    @property
    def rate(self) -> float:
        """Seconds of audio for each second."""
        return sum(answer.audio_seconds for answer in self.answers) / self.seconds

    def summary(self) -> dict[str, float]:
        """What is printed."""
        first = [answer.first_byte for answer in self.answers]
        last = [answer.last_byte for answer in self.answers]
        return {
            "requests per second": len(self.answers) / self.seconds,
            "audio seconds per second": self.rate,
            "first byte p50 ms": milliseconds(first, 50),
            "first byte p95 ms": milliseconds(first, 95),
            "last byte p50 ms": milliseconds(last, 50),
            "last byte p95 ms": milliseconds(last, 95),
        }


def run(server: Server, texts: Sequence[str], clients: int) -> Run:
    """Send one request a text over ``clients`` connections."""
    waiting: queue.SimpleQueue[tuple[int, str]] = queue.SimpleQueue()
    for item in enumerate(texts):
        waiting.put(item)
    answers: list[Answer] = []

    def work() -> None:
        client = server.connect()
        while True:
            try:
                number, text = waiting.get_nowait()
            except queue.Empty:
                return
            answers.append(client.speak(text, VOICES[number % len(VOICES)]))

    threads = [threading.Thread(target=work) for _ in range(clients)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    if len(answers) != len(texts):
        raise RuntimeError(f"{len(texts) - len(answers)} of {len(texts)} requests failed")
    return Run(seconds, answers)


def compare(environment: dict[str, str], texts: Sequence[str], rounds: int) -> dict[str, Run]:
    """The fastest run of one client, and of eight, on a server with ``environment``."""
    best: dict[str, Run] = {}
    with running(environment) as server:
        run(server, texts[: 2 * CLIENTS], CLIENTS)  # warm
        for _ in range(rounds):
            for name, clients in (("one after the other", 1), ("eight at once", CLIENTS)):
                measured = run(server, texts, clients)
                if name not in best or measured.seconds < best[name].seconds:
                    best[name] = measured
    return best


def main() -> None:
    """Measure, print, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=48, help="sentences, one request each")
    parser.add_argument("--only", choices=list(SERVERS), help="one kind of server")
    parser.add_argument("-o", "--out", type=Path, help="also write the numbers as JSON")
    args = parser.parse_args()
    sentences = default_sentences()
    texts = [sentences[number % len(sentences)] for number in range(args.requests)]
    print(describe_machine().summary())
    results: dict[str, dict[str, dict[str, float]]] = {}
    for kind, environment in SERVERS.items():
        if args.only not in (None, kind):
            continue
        best = compare(environment, texts, args.rounds)
        results[kind] = {name: run.summary() for name, run in best.items()}
        ratio = best["one after the other"].seconds / best["eight at once"].seconds
        print(f"\n{kind}: eight at once {ratio:.2f} times the throughput")
        for name, values in results[kind].items():
            print(f"  {name}: " + ", ".join(f"{k} {v:.1f}" for k, v in values.items()))
    if args.out:
        atomic_write_json(args.out, {"machine": describe_machine().to_dict(), "servers": results})


if __name__ == "__main__":
    main()
