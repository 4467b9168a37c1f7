"""``voiceclone augment``: changed copies of a data folder."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "voiceclone augment data/anna data/anna-augmented --copies 2 --with-originals"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    add = parser.add_argument
    add("data", type=Path, metavar="DATA", help="a preprocessed data folder")
    add("out", type=Path, metavar="OUT", help="the data folder of the copies")
    add("--copies", type=int, default=1, metavar="N", help="of every utterance (default 1)")
    add("--seed", type=int, default=0, help="the same seed makes the same copies (default 0)")
    add(
        "--split",
        action="append",
        choices=["train", "dev", "unseen"],
        help="what to copy (default: train; may be given several times)",
    )
    add("--with-originals", action="store_true", help="list the originals in the manifest too")
    add("--workers", type=int, metavar="N", help="processes (default: one per core)")
    add("--limit", type=int, metavar="N", help="only the first N utterances")
    add("--config", type=Path, metavar="FILE", help="effects as YAML (see configs/augment.yaml)")
    add(
        "--set",
        action="append",
        default=[],
        dest="overrides",
        metavar="KEY=VALUE",
        help="override an effect, for example --set noise_snr_db=[0,20]",
    )


def run(args: argparse.Namespace) -> int:
    """Write the copies that are missing and say how many there are."""
    from audio_utils.augmenter import AugmentConfig
    from env_utils import InputError, usable_cores
    from training_utils import load_config

    from voice_replication.data_processing.augmentation import augment_folder
    from voice_replication.home import shipped

    for name in ("copies", "workers", "limit"):
        if getattr(args, name) is not None and getattr(args, name) < 1:
            raise InputError(f"--{name} {getattr(args, name)}: at least 1 is needed.")
    config = load_config(
        AugmentConfig, args.config or shipped("configs") / "augment.yaml", args.overrides
    )
    copies = augment_folder(
        args.data,
        args.out,
        config,
        copies=args.copies,
        seed=args.seed,
        splits=args.split or ["train"],
        with_originals=args.with_originals,
        workers=args.workers or usable_cores(),
        limit=args.limit,
    )
    hours = sum(u.seconds for u in copies) / 3600
    print(f"{len(copies)} copies, {hours:.2f} h -> {args.out}")
    return 0
