"""The real recordings behind an evaluation: whose voices were heard in training, and the anchors.

Of a data folder (``DATA/manifest.csv``) only speakers count whose recordings a synthesizer can have
learnt from: at least two minutes of training recordings with a bandwidth of 7 kHz or more. Their
``dev`` recordings (other sentences, never trained on) are the anchor of everything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from data_utils import Utterance, read_manifest
from env_utils import InputError

MIN_TRAIN_SECONDS = 120.0
MIN_SOURCE_RATE = 14_000  # Hz: twice the bandwidth
REFERENCES = 10  # training recordings averaged to one embedding, ours and the judge's
MAX_ANCHOR_SECONDS = 20.0


@dataclass(frozen=True)
class HeardSpeaker:
    """A speaker of the training data: recordings to take the voice from, and held-out ones."""

    name: str
    references: tuple[Utterance, ...]  # split "train"
    held_out: tuple[Utterance, ...]  # split "dev"
    data: Path | None = None  # the data folder they are in

    @property
    def source_rate(self) -> int:
        """Median sample rate in Hz at which the references were made."""
        return int(np.median([u.source_rate for u in self.references]))


def heard_speakers(data: Path, names: Sequence[str] = ()) -> list[HeardSpeaker]:
    """The speakers of a data folder that were heard in training, sorted by name.

    With ``names`` exactly those, whatever their amount of data. Raises ``InputError`` if one is not
    there, has no training recording, or if nobody qualifies.
    """
    manifest = data / "manifest.csv"
    train: dict[str, list[Utterance]] = defaultdict(list)
    held_out: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in read_manifest(manifest):
        if utterance.split == "train":
            train[utterance.speaker].append(utterance)
        elif utterance.split == "dev" and utterance.seconds <= MAX_ANCHOR_SECONDS:
            held_out[utterance.speaker].append(utterance)
    for name in names:
        if name not in train:
            raise InputError(f"{manifest}: no training recordings of a speaker '{name}'.")
    chosen = sorted(names) if names else sorted(n for n, list_ in train.items() if _fit(list_))
    if not chosen:
        raise InputError(
            f"{manifest}: no speaker has {MIN_TRAIN_SECONDS / 60:.0f} minutes of training "
            f"recordings of {MIN_SOURCE_RATE} Hz or more. Name speakers with --voices."
        )
    return [HeardSpeaker(n, spread(train[n], REFERENCES), tuple(held_out[n]), data) for n in chosen]


def anchor_utterances(speakers: Sequence[HeardSpeaker], count: int) -> list[Utterance]:
    """At most ``count`` held-out recordings, in turns from every speaker, the same every time."""
    queues = [sorted(speaker.held_out, key=lambda u: u.id) for speaker in speakers]
    longest = max((len(queue) for queue in queues), default=0)
    turns = [queue[i] for i in range(longest) for queue in queues if i < len(queue)]
    return turns[:count]


def _fit(utterances: Sequence[Utterance]) -> bool:
    seconds = sum(u.seconds for u in utterances)
    rate = float(np.median([u.source_rate for u in utterances]))
    return seconds >= MIN_TRAIN_SECONDS and rate >= MIN_SOURCE_RATE


def spread(utterances: Sequence[Utterance], count: int) -> tuple[Utterance, ...]:
    """``count`` recordings spread evenly over all of them, long ones (over 3 s) preferred."""
    ordered = sorted(utterances, key=lambda u: u.id)
    long = [u for u in ordered if u.seconds >= 3.0] or ordered
    places = np.unique(np.linspace(0, len(long) - 1, min(count, len(long))).round().astype(int))
    return tuple(long[i] for i in places)
