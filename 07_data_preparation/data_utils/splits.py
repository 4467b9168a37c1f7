"""Splits that do not leak: no speaker, and no prompt, on both sides.

Which side something falls on depends on the seed and its own name only, so adding recordings later
moves few of the others, and every machine decides alike.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from env_utils import ConfigError

from data_utils.utterance import Utterance

MIN_GROUPS = 10  # of fewer prompts or speakers none is held out
_ARCTIC = re.compile(r"arctic_[ab]\d{4}")
_PIECE = re.compile(r"_\d{4}$")


def split_by_speaker(
    utterances: Sequence[Utterance], unseen_share: float = 0.1, seed: int = 0
) -> list[Utterance]:
    """Put all utterances of about ``unseen_share`` of the speakers into the split "unseen".

    The others are "train"; at least one speaker is unseen if there are ten. Order is kept.
    """
    speakers = sorted({u.speaker for u in utterances})
    unseen = _chosen(speakers, unseen_share, seed)
    return [replace(u, split="unseen" if u.speaker in unseen else "train") for u in utterances]


def split_by_prompt(
    utterances: Sequence[Utterance], dev_share: float = 0.02, seed: int = 0
) -> list[Utterance]:
    """Put all utterances of about ``dev_share`` of the prompts into the split "dev".

    A prompt that is read several times, or by several speakers, is on one side with all its
    readings. The others are "train"; utterances that are "unseen" stay so. At least one prompt is
    held out if there are ten. Order is kept.
    """
    free = [u for u in utterances if u.split != "unseen"]
    dev = _chosen(sorted({prompt_of(u) for u in free}), dev_share, seed)
    return [
        u if u.split == "unseen" else replace(u, split="dev" if prompt_of(u) in dev else "train")
        for u in utterances
    ]


def prompt_of(utterance: Utterance) -> str:
    """What was to be read: equal for two readings of the same sentence.

    The number of a CMU ARCTIC prompt, else the letters and digits of the text; without a text, the
    recording (pieces of one long recording share it).
    """
    arctic = _ARCTIC.match(utterance.id)
    if arctic:
        return arctic.group()
    words = re.findall(r"\w+", utterance.text.casefold())
    return " ".join(words) or f"{utterance.speaker}/{_PIECE.sub('', utterance.id)}"


def _chosen(names: Sequence[str], share: float, seed: int) -> Collection[str]:
    """The ``share`` of ``names`` whose hashes come first."""
    if not 0.0 <= share < 1.0:
        raise ConfigError(f"split: a share of {share:g} makes no sense; use 0 up to below 1.")
    if share == 0.0 or len(names) < MIN_GROUPS:
        return frozenset()
    ranked = sorted(names, key=lambda name: hashlib.sha256(f"{seed}/{name}".encode()).digest())
    return frozenset(ranked[: max(1, round(share * len(names)))])
