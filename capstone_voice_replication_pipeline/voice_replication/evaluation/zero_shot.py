"""Voices made from one short reference: are they the person, or the nearest training speaker?

Every sentence spoken by a zero-shot voice is a trial, scored by the judge's cosine to a centroid of
each speaker's real recordings (nothing of the reference in them)::

    genuine    the sentence against its own speaker
    impostor   the sentence against every other unseen speaker and every training speaker

The equal error rate is that of these scores; *nearer* is the share of trials in which the own
speaker's centroid is nearer than that of every training speaker. The references themselves, judged
in the same way, say what a perfect copy would reach.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from data_utils import Utterance, read_manifest
from env_utils import InputError

from voice_replication.evaluation.judging import Verdict
from voice_replication.evaluation.real_voices import Profiled, RealVoice, centroids
from voice_replication.evaluation.recordings import HeardSpeaker
from voice_replication.evaluation.similarity import Embedding, cosine, verify
from voice_replication.evaluation.unseen import LEARNERS, Excerpt, UnseenSpeaker

BRIEF_SECONDS = 6.0  # of each speaker of whom only an excerpt is known


@dataclass(frozen=True)
class Trials:
    """The result of verifying zero-shot speech, or of the references themselves."""

    what: str
    trials: int
    speakers: int
    similarity: float  # mean cosine to the own speaker
    equal_error_rate: float | None  # None: nobody else to compare with
    nearer: float | None  # share nearer to the own than to every training speaker
    nearer_than_heard: float | None  # the same, only training speakers of two minutes and more
    training_speakers: int
    heard_speakers: int


@dataclass(frozen=True)
class Gallery:
    """The judge's centroids of everyone whom a zero-shot voice may be taken for."""

    unseen: Mapping[str, Embedding]
    heard: Mapping[str, Embedding]  # training speakers with two minutes and more
    brief: Mapping[str, Embedding]  # all other training speakers, one excerpt each

    @property
    def training(self) -> dict[str, Embedding]:
        """All training speakers."""
        return {**self.brief, **self.heard}


def results(
    verdicts: Sequence[Verdict], voices: Mapping[str, RealVoice], gallery: Gallery
) -> list[Trials]:
    """The trials of the zero-shot voices and of their references; ``voices`` are the unseen's."""
    spoken = [
        (v["speaker"], np.asarray(v["embedding"], dtype=np.float32))
        for v in verdicts
        if v["row"] == "zero-shot" and v["embedding"] is not None
    ]
    known = [(name, v.reference) for name, v in voices.items() if v.reference is not None]
    pairs = [("zero-shot speech", spoken), ("the references themselves", known)]
    return [judge_trials(what, trials, gallery) for what, trials in pairs if trials]


def judge_trials(what: str, trials: Sequence[tuple[str, Embedding]], gallery: Gallery) -> Trials:
    """Score (speaker, embedding) trials, at least one; every speaker is in ``gallery.unseen``."""
    training = gallery.training
    own = [cosine(embedding, gallery.unseen[name]) for name, embedding in trials]
    try:
        everyone = {**training, **gallery.unseen}
        rate: float | None = verify(trials, everyone).equal_error_rate
    except InputError:
        rate = None
    return Trials(
        what=what,
        trials=len(trials),
        speakers=len({name for name, _ in trials}),
        similarity=float(np.mean(own)),
        equal_error_rate=rate,
        nearer=_nearer(trials, own, training),
        nearer_than_heard=_nearer(trials, own, gallery.heard),
        training_speakers=len(training),
        heard_speakers=len(gallery.heard),
    )


def _nearer(
    trials: Sequence[tuple[str, Embedding]], own: Sequence[float], others: Mapping[str, Embedding]
) -> float | None:
    if not others:
        return None
    best = [max(cosine(embedding, c) for c in others.values()) for _, embedding in trials]
    return float(np.mean(np.asarray(own) > np.asarray(best)))


def gallery_of(
    unseen: Mapping[str, RealVoice], heard: Mapping[str, RealVoice], brief: Mapping[str, RealVoice]
) -> Gallery:
    """The gallery from the profiles."""
    return Gallery(centroids(unseen), centroids(heard), centroids(brief))


def profiled_unseen(speaker: UnseenSpeaker) -> Profiled:
    """An unseen speaker by the recordings that are not the reference."""
    return Profiled(speaker.name, speaker.source_rate, speaker.others, speaker.reference)


def profiled_heard(speaker: HeardSpeaker) -> Profiled:
    """A heard speaker by the training recordings that the voice is made from."""
    excerpts = tuple(Excerpt(u) for u in speaker.references)
    return Profiled(speaker.name, speaker.source_rate, excerpts)


def other_training_speakers(data: Path, known: Sequence[str]) -> list[Profiled]:
    """One excerpt of the longest recording of every usable training speaker not in ``known``."""
    found: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in read_manifest(data / "manifest.csv"):
        usable = utterance.split == "train" and utterance.corpus not in LEARNERS
        if usable and utterance.speaker not in known:
            found[utterance.speaker].append(utterance)
    longest = [max(found[name], key=lambda u: (u.seconds, u.id)) for name in sorted(found)]
    return [Profiled(u.speaker, u.source_rate, (Excerpt(u, 0.0, BRIEF_SECONDS),)) for u in longest]
