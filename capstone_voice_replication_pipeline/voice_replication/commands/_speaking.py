"""The options that ``speak`` and ``narrate`` share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voice_replication.narration.settings import Settings


def add_speaking_arguments(parser: argparse.ArgumentParser) -> None:
    """Voice, speed, pitch, seed, pauses and models."""
    from voice_replication.narration.settings import Pauses

    add = parser.add_argument
    add("--voice", required=True, metavar="NAME", help="see `voiceclone voices list`")
    add("--speed", type=float, default=1.0, metavar="X", help="0.5 to 2 (default 1)")
    add("--pitch", type=float, default=0.0, metavar="SEMITONES", help="-12 to 12 (default 0)")
    add("--seed", type=int, default=0, metavar="N", help="the same seed gives the same audio")
    add(
        "--sentence-pause",
        type=float,
        metavar="SECONDS",
        help=f"between sentences (default {Pauses.sentence})",
    )
    add(
        "--paragraph-pause",
        type=float,
        metavar="SECONDS",
        help=f"between paragraphs (default {Pauses.paragraph})",
    )
    add("--models-dir", type=Path, help="models of this run instead of the shipped ones")


def settings_of(args: argparse.Namespace) -> Settings:
    """The settings that the arguments describe; ``InputError`` for a value out of range."""
    from voice_replication.narration.settings import Pauses, Settings

    given = {"sentence": args.sentence_pause, "paragraph": args.paragraph_pause}
    pauses = Pauses(**{name: value for name, value in given.items() if value is not None})
    return Settings(args.speed, args.pitch, args.seed, pauses)
