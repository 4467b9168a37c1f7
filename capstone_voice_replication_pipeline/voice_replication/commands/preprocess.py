"""``voiceclone preprocess``: recordings or a corpus -> a data folder of clean utterances."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "voiceclone preprocess recordings/ data/mine --workers 2"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("source", type=Path, metavar="SRC", help="a corpus or own recordings")
    parser.add_argument("out", type=Path, metavar="OUT", help="the data folder to write")
    parser.add_argument(
        "--corpus",
        default="auto",
        metavar="LAYOUT",
        help="auto (default), manifest, ljspeech, vctk, librispeech, libritts or own",
    )
    parser.add_argument("--workers", type=int, help="processes (default: one per core)")
    parser.add_argument("--limit", type=int, help="only the first N recordings")
    parser.add_argument("--min-seconds", type=float, help="refuse shorter utterances")
    parser.add_argument("--max-seconds", type=float, help="refuse longer utterances")


def run(args: argparse.Namespace) -> int:
    """Prepare everything and say what was kept."""
    import time

    from data_utils import read_corpus
    from env_utils import usable_cores

    from voice_replication.data_processing.prepare_file import PreprocessConfig
    from voice_replication.data_processing.preprocess import preprocess

    given = {"min_seconds": args.min_seconds, "max_seconds": args.max_seconds}
    config = PreprocessConfig(**{k: v for k, v in given.items() if v is not None})
    utterances = read_corpus(args.source, args.corpus)[: args.limit]
    started = time.perf_counter()
    summary = preprocess(utterances, args.out, config, args.workers or usable_cores())
    took = time.perf_counter() - started
    print(f"kept {summary.kept} utterances, {summary.hours:.2f} h -> {args.out}")
    print(f"refused {summary.refused}; report: {args.out / 'report.csv'}")
    print(f"{summary.worked_seconds:.0f} s of audio in {took:.1f} s")
    return 0
