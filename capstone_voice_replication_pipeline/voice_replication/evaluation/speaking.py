"""The recordings to judge, row by row: which exist already, and how the others are made.

Audio is kept under ``audio/ROW/KEY.flac``, where KEY stands for everything it depends on (weights,
voice, text), so that it is spoken once, and again as soon as any of that changes.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from audio_utils import DEFAULT_SPEC, save_audio
from data_utils import Utterance
from env_utils import atomic_write_json, read_json

from voice_replication.evaluation.judging import Case
from voice_replication.evaluation.recordings import HeardSpeaker, anchor_utterances
from voice_replication.evaluation.smoothness import movement
from voice_replication.evaluation.systems import Cloner, CopySynthesis, Spoken, System
from voice_replication.evaluation.unseen import UnseenSpeaker, anchors_of

ESPEAK_SENTENCES = 40
ZERO_SHOT_SENTENCES = 60
UNSEEN_RECORDINGS = 24


@dataclass(frozen=True)
class Plan:
    """What to evaluate. Rows whose ingredient is missing (None, empty) are left out."""

    system: System | None
    sentences: Sequence[str]
    speakers: Sequence[HeardSpeaker] = ()
    anchor: System | None = None  # espeak-ng
    vocoder: CopySynthesis | None = None
    recordings: int = 60  # held-out ones, at most
    unseen: Sequence[UnseenSpeaker] | None = None  # None: those of the speakers' data folder
    hard_inputs: bool = True
    whisper: str | None = None


@dataclass(frozen=True)
class Job:
    """A case, and how its audio is made; real recordings are there already."""

    case: Case
    make: Callable[[], Spoken] | None = None

    def done(self) -> Case:
        """The case with its audio in place and the seconds of computing it cost, now or before."""
        if self.make is None:
            return self.case
        notes = self.case.audio.with_suffix(".json")
        if not (self.case.audio.is_file() and notes.is_file()):
            spoken = self.make()
            save_audio(self.case.audio, spoken.audio, DEFAULT_SPEC.sample_rate)
            predicted = None if spoken.mel is None else asdict(movement(spoken.mel))
            known = {"compute_seconds": spoken.compute_seconds, "predicted": predicted}
            atomic_write_json(notes, known)
        known = read_json(notes)
        seconds = float(known["compute_seconds"])
        return replace(self.case, compute_seconds=seconds, predicted=known.get("predicted"))


def jobs(plan: Plan, folder: Path) -> Iterator[Job]:
    """All rows of ``plan``: system, same-text, real, copy, those of unseen speakers, espeak."""
    anchors = anchor_utterances(plan.speakers, plan.recordings)
    rates = {speaker.name: speaker.source_rate for speaker in plan.speakers}
    if plan.system is not None:
        yield from _new_sentences("system", plan.system, plan.sentences, folder, rates)
        for utterance in anchors:
            if utterance.speaker in plan.system.voices:
                yield _same_text(plan.system, utterance, folder)
    for utterance in anchors:
        yield _real("real", utterance)
    if plan.vocoder is not None:
        for utterance in anchors:
            yield _copy("copy", plan.vocoder, utterance, folder)
    yield from _unseen(plan, folder)
    if plan.anchor is not None:
        few = spread_over(plan.sentences, ESPEAK_SENTENCES)
        yield from _new_sentences("espeak", plan.anchor, few, folder, {})


def _unseen(plan: Plan, folder: Path) -> Iterator[Job]:
    """The rows zero-shot, real-unseen and copy-unseen."""
    speakers = plan.unseen or ()
    if speakers and isinstance(plan.system, Cloner):
        system = plan.system.clone(_references(speakers, folder))
        few = spread_over(plan.sentences, ZERO_SHOT_SENTENCES)
        rates = {speaker.name: speaker.source_rate for speaker in speakers}
        yield from _new_sentences("zero-shot", system, few, folder, rates)
    anchors = anchors_of(speakers, min(UNSEEN_RECORDINGS, plan.recordings))
    for speaker, utterance in anchors:
        yield _real("real-unseen", utterance, not speaker.judged_by(utterance))
    if plan.vocoder is not None:
        for speaker, utterance in anchors:
            fair = not speaker.judged_by(utterance)
            yield _copy("copy-unseen", plan.vocoder, utterance, folder, fair)


def _references(speakers: Sequence[UnseenSpeaker], folder: Path) -> dict[str, tuple[Path, str]]:
    """Name -> the reference as a file of its own, and its licence."""
    made = {}
    for speaker in speakers:
        excerpt = speaker.reference
        parts = (speaker.name, excerpt.utterance.id, str(excerpt.start), str(excerpt.end))
        path = _path(folder, "reference", *parts)
        if not path.is_file():
            save_audio(path, excerpt.load(), DEFAULT_SPEC.sample_rate)
        made[speaker.name] = (path, excerpt.utterance.licence)
    return made


def spread_over(sentences: Sequence[str], count: int) -> list[str]:
    """At most ``count`` of ``sentences``, evenly spread."""
    places = np.linspace(0, len(sentences) - 1, min(count, len(sentences))).round().astype(int)
    return [sentences[i] for i in places]


def _new_sentences(
    row: str,
    system: System,
    sentences: Sequence[str],
    folder: Path,
    rates: Mapping[str, int],
) -> Iterator[Job]:
    """The voices take turns. ``rates``: at how many Hz each of them was recorded."""
    for i, text in enumerate(sentences):
        voice = system.voices[i % len(system.voices)]
        path = _path(folder, row, system.fingerprint, voice, text)
        case = Case(row, voice, text, path, math.nan, source_rate=rates.get(voice))
        yield Job(case, partial(system.speak, text, voice))


def _real(row: str, utterance: Utterance, verifiable: bool = True) -> Job:
    case = Case(
        row,
        utterance.speaker,
        utterance.text,
        utterance.path,
        source_rate=utterance.source_rate,
        verifiable=verifiable,
    )
    return Job(case)


def _same_text(system: System, utterance: Utterance, folder: Path) -> Job:
    path = _path(folder, "same-text", system.fingerprint, utterance.speaker, utterance.text)
    case = Case(
        "same-text",
        utterance.speaker,
        utterance.text,
        path,
        reference=utterance.path,
        source_rate=utterance.source_rate,
    )
    return Job(case, partial(system.speak, utterance.text, utterance.speaker))


def _copy(
    row: str,
    vocoder: CopySynthesis,
    utterance: Utterance,
    folder: Path,
    verifiable: bool = True,
) -> Job:
    path = _path(folder, row, vocoder.fingerprint, utterance.id)
    case = Case(
        row,
        utterance.speaker,
        utterance.text,
        path,
        reference=utterance.path,
        synchronous=True,
        source_rate=utterance.source_rate,
        recognize=False,
        verifiable=verifiable,
    )
    return Job(case, partial(vocoder.copy, utterance.path))


def _path(folder: Path, row: str, *parts: str) -> Path:
    digest = hashlib.sha256("|".join(parts).encode()).hexdigest()[:20]
    return folder / "audio" / row / f"{digest}.flac"
