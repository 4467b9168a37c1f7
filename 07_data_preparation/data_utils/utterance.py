"""``Utterance``: one recording of one speaker saying one text, and what is known about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Utterance:
    """One row of a manifest. Unknown texts are empty; an unknown number is 0."""

    id: str  # unique within a manifest
    path: Path  # absolute
    text: str = ""
    speaker: str = "unknown"
    seconds: float = 0.0  # 0: not measured yet
    corpus: str = "own"
    split: str = ""  # "train", "dev" (other sentences), "unseen" (other speakers); "": undecided
    source_rate: int = 0  # Hz; nothing lies above half of it, whatever rate the file has
    gender: str = ""  # "F", "M" or ""
    licence: str = ""
