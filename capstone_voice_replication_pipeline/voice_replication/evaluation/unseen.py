"""Speakers whom no model has heard: one short reference to clone from, the rest to judge by.

    a speaker of many recordings   [reference 5–10 s]  [others: up to ten]  [the rest: anchors]
    a speaker of one recording     [reference 5–10 s | others: what remains]

A single recording is cut at the quietest moment, so that what the voice is made from is never what
it is judged by (though room and microphone are the same). Learners of English are left out, because
recognizers mishear them, as are recordings of less than 7 kHz bandwidth.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC, load_audio
from data_utils import Utterance, read_manifest

from voice_replication.evaluation.recordings import (
    MAX_ANCHOR_SECONDS,
    MIN_SOURCE_RATE,
    REFERENCES,
    spread,
)

Audio = npt.NDArray[np.float32]

LEARNERS = ("speechocean762",)  # corpora of people who speak English as a foreign language
REFERENCE_SECONDS = (5.0, 10.0)
LEAST_OTHER_SECONDS = 3.0
_QUIET_SECONDS = 0.1  # window in which the quietest moment is looked for


@dataclass(frozen=True)
class Excerpt:
    """A recording from ``start`` to ``end`` seconds (None: its end)."""

    utterance: Utterance
    start: float = 0.0
    end: float | None = None

    def load(self) -> Audio:
        """``(T,)`` audio at 24 kHz."""
        rate = DEFAULT_SPEC.sample_rate
        audio = load_audio(self.utterance.path, rate)
        stop = None if self.end is None else round(self.end * rate)
        return audio[round(self.start * rate) : stop]


@dataclass(frozen=True)
class UnseenSpeaker:
    """A speaker of the split ``unseen``."""

    name: str
    reference: Excerpt  # 5 to 10 s: all that the zero-shot voice is made from
    others: tuple[Excerpt, ...]  # for the judge's centroid; nothing of the reference
    recordings: tuple[Utterance, ...]  # whole ones, for the anchors; best those outside `others`

    @property
    def source_rate(self) -> int:
        """Sample rate in Hz at which the reference was made."""
        return self.reference.utterance.source_rate

    def judged_by(self, utterance: Utterance) -> bool:
        """Whether some of ``utterance`` is in ``others``: no fair trial against their centroid."""
        return any(excerpt.utterance.id == utterance.id for excerpt in self.others)


def unseen_speakers(data: Path) -> list[UnseenSpeaker]:
    """All usable speakers of the split ``unseen`` of a data folder, sorted by name."""
    found: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in read_manifest(data / "manifest.csv"):
        usable = utterance.source_rate >= MIN_SOURCE_RATE and utterance.corpus not in LEARNERS
        if utterance.split == "unseen" and usable and utterance.seconds <= MAX_ANCHOR_SECONDS:
            found[utterance.speaker].append(utterance)
    speakers = [split_recordings(name, found[name]) for name in sorted(found)]
    return [speaker for speaker in speakers if speaker is not None]


def split_recordings(name: str, utterances: Sequence[Utterance]) -> UnseenSpeaker | None:
    """Reference, others and anchors of one speaker; None if there is too little of them."""
    ordered = sorted(utterances, key=lambda u: u.id)
    low, high = REFERENCE_SECONDS
    fitting = [u for u in ordered if low <= u.seconds <= high]
    if fitting and len(ordered) > 1:
        chosen = fitting[len(fitting) // 2]
        rest = [u for u in ordered if u.id != chosen.id and u.text != chosen.text]
        others = [Excerpt(u) for u in spread(rest, REFERENCES)] if rest else []
        reference = Excerpt(chosen)
    else:
        longest = max(ordered, key=lambda u: u.seconds)
        if longest.seconds < low + LEAST_OTHER_SECONDS:
            return None
        latest = min(high, longest.seconds - LEAST_OTHER_SECONDS)
        cut = quietest_moment(load_audio(longest.path), low, latest)
        reference, others = Excerpt(longest, 0.0, cut), [Excerpt(longest, cut)]
        rest = ordered
    if not others:
        return None
    judging = {excerpt.utterance.id for excerpt in others}
    anchors = sorted(rest, key=lambda u: u.id in judging)
    return UnseenSpeaker(name, reference, tuple(others), tuple(anchors))


def quietest_moment(audio: Audio, low_seconds: float, high_seconds: float) -> float:
    """The middle in seconds of the quietest tenth of a second of ``(T,)`` audio at 24 kHz that
    begins between ``low_seconds`` and ``high_seconds``."""
    rate = DEFAULT_SPEC.sample_rate
    window = round(_QUIET_SECONDS * rate)
    first, last = round(low_seconds * rate), round(high_seconds * rate)
    power = np.concatenate([[0.0], np.cumsum(audio[first : last + window].astype(np.float64) ** 2)])
    energy = power[window:] - power[:-window]
    middle = first + int(energy.argmin()) + window // 2
    return float(np.clip(middle / rate, low_seconds, high_seconds))


def anchors_of(
    speakers: Sequence[UnseenSpeaker], count: int
) -> list[tuple[UnseenSpeaker, Utterance]]:
    """At most ``count`` recordings, in turns from every speaker, the same every time."""
    longest = max((len(speaker.recordings) for speaker in speakers), default=0)
    turns = [
        (s, s.recordings[i]) for i in range(longest) for s in speakers if i < len(s.recordings)
    ]
    return turns[:count]
