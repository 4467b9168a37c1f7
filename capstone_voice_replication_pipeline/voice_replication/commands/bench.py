"""``voiceclone bench``: how fast it is and how much memory it takes, beside its peers."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voice_replication.evaluation.timing import Measurement

EXAMPLE = "voiceclone bench --quick -o outputs/bench.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``voiceclone bench``."""
    parser.add_argument("--quick", action="store_true", help="3 rounds instead of 12: less exact")
    parser.add_argument("--models-dir", type=Path, help="folder of a run (default: shipped models)")
    parser.add_argument("--recordings", type=Path, help="preprocess these instead of made-up ones")
    parser.add_argument("-o", "--out", type=Path, help="also write the numbers as JSON")


def run(args: argparse.Namespace) -> int:
    """Measure, print the table, write the JSON."""
    from tqdm import tqdm

    from voice_replication.evaluation import speed
    from voice_replication.evaluation.timing import ROUNDS

    rounds = 3 if args.quick else ROUNDS
    results: list[Measurement] = []
    with speed.prepared(args.models_dir, rounds) as bench:
        steps: list[Callable[[], Iterator[Measurement]]] = [
            lambda: speed.text_to_audio(bench),
            lambda: speed.vocoder_alone(bench),
            lambda: speed.first_audio(bench),
            lambda: speed.whole_process(bench),
            lambda: speed.enrolling(bench),
            lambda: speed.preprocessing(args.recordings, 1.0 if args.quick else 4.0),
        ]
        for step in tqdm(steps, desc="measuring", unit="step", disable=None):
            results.extend(step())
    print(as_table(results))
    if args.out:
        _write(args.out, results, rounds)
        print(f"\n{args.out}")
    return 0


def as_table(results: list[Measurement]) -> str:
    """The numbers as a Markdown table with their bars."""
    from voice_replication.evaluation.report import table

    marks = {True: "yes", False: "**no**", None: "–"}
    rows = [
        [r.what, "–" if r.value is None else f"{r.value:.3g} {r.unit}" if r.value < 100 else
         f"{r.value:.0f} {r.unit}", r.wanted, marks[r.met], r.note]
        for r in results
    ]  # fmt: skip
    return table(["what", "measured", "bar", "reached", "note"], rows)


def _write(path: Path, results: list[Measurement], rounds: int) -> None:
    from dataclasses import asdict

    from env_utils import atomic_write_json, describe_machine

    atomic_write_json(
        path,
        {
            "machine": describe_machine().to_dict(),
            "rounds": rounds,
            "measurements": [{**asdict(result), "met": result.met} for result in results],
        },
    )
