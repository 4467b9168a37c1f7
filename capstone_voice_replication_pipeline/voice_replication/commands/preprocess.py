"""``voiceclone preprocess``: recordings or a corpus -> a data folder of clean utterances."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "voiceclone preprocess recordings/anna data/anna --workers 2"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    add = parser.add_argument
    add(
        "source",
        type=Path,
        metavar="SRC",
        help="folder of a corpus or of own recordings, or a file",
    )
    add("out", type=Path, metavar="OUT", help="data folder to write, or to complete")
    add(
        "--corpus",
        default="auto",
        metavar="LAYOUT",
        choices=["auto", "manifest", "ljspeech", "vctk", "librispeech", "libritts", "own"],
        help="%(choices)s (default: auto). own: metadata.csv with file,text[,speaker], or a .txt "
        "beside each file, or no transcripts: then long files are cut at pauses",
    )
    add("--workers", type=_positive, metavar="N", help="processes (default: one per core)")
    add("--limit", type=_positive, metavar="N", help="only the first N recordings")
    add("--min-seconds", type=float, metavar="S", help="refuse shorter utterances (default 0.5)")
    add("--max-seconds", type=float, metavar="S", help="refuse longer utterances (default 30)")
    add(
        "--split",
        default="auto",
        choices=["auto", "by-prompt", "by-speaker", "keep"],
        help="auto (default): keep the corpus's splits, divide the rest by prompt into train and "
        "dev; by-prompt: divide all anew; by-speaker: also set speakers aside as unseen",
    )
    add("--seed", type=int, default=0, help="of the random choice of splits (default 0)")
    add("--export-wav", action="store_true", help="also write OUT/wav: 24 kHz, 16 bits")
    add("--config", type=Path, metavar="FILE", help="thresholds as YAML")
    add(
        "--set",
        action="append",
        default=[],
        dest="overrides",
        metavar="KEY=VALUE",
        help="override a threshold, for example --set min_snr_db=15 (see configs/preprocess.yaml)",
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return number


def run(args: argparse.Namespace) -> int:
    """Prepare everything; print what was kept, what was refused, and how fast it was."""
    import time

    from env_utils import usable_cores
    from training_utils import load_config

    from voice_replication.data_processing.preprocess import (
        PreprocessConfig,
        SplitConfig,
        preprocess,
    )
    from voice_replication.data_processing.preprocess_report import export_wav, refusal_lines
    from voice_replication.home import shipped

    overrides = list(args.overrides)
    for key in ("min_seconds", "max_seconds"):
        if getattr(args, key) is not None:
            overrides.append(f"{key}={getattr(args, key)}")
    path = args.config or shipped("configs") / "preprocess.yaml"
    config = load_config(PreprocessConfig, path, overrides)
    workers = args.workers or usable_cores()
    started = time.perf_counter()
    summary = preprocess(
        args.source,
        args.out,
        config,
        corpus=args.corpus,
        splits=SplitConfig(method=args.split, seed=args.seed),
        workers=workers,
        limit=args.limit,
    )
    took = time.perf_counter() - started
    print(f"{summary.kept} utterances, {summary.hours:.2f} h -> {args.out}")
    if summary.prepared:
        rate = summary.prepared_seconds / took
        print(
            f"{summary.prepared} recordings were new or had changed: {took:.1f} s, {rate:.0f} x "
            f"real time with {workers} worker{'s'[: workers != 1]}"
        )
    if summary.refused:
        print(f"{summary.refused} refused (all in {args.out / 'report.csv'}), such as")
        for line in refusal_lines(args.out):
            print(f"  {line}")
    if args.export_wav:
        print(f"{export_wav(args.out)} WAV files -> {args.out / 'wav'}")
    return 0
