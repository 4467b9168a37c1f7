"""The recordings to judge, row by row: which exist already, and how the others are made.

Audio is kept under ``audio/ROW/KEY.flac``, where KEY stands for everything it depends on (weights,
voice, text), so that it is spoken once, and again as soon as any of that changes.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from audio_utils import DEFAULT_SPEC, save_audio
from data_utils import Utterance
from env_utils import atomic_write_json, read_json

from voice_replication.evaluation.judging import Case
from voice_replication.evaluation.recordings import HeardSpeaker, anchor_utterances
from voice_replication.evaluation.systems import CopySynthesis, Spoken, System


@dataclass(frozen=True)
class Plan:
    """What to evaluate. Rows whose ingredient is missing (None, empty) are left out."""

    system: System | None
    sentences: Sequence[str]
    speakers: Sequence[HeardSpeaker] = ()
    anchor: System | None = None  # espeak-ng
    vocoder: CopySynthesis | None = None
    recordings: int = 60  # held-out ones, at most
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
            atomic_write_json(notes, {"compute_seconds": spoken.compute_seconds})
        seconds = float(read_json(notes)["compute_seconds"])
        return replace(self.case, compute_seconds=seconds)


def jobs(plan: Plan, folder: Path) -> Iterator[Job]:
    """All rows of ``plan``: system, same-text, real, copy, espeak."""
    anchors = anchor_utterances(plan.speakers, plan.recordings)
    if plan.system is not None:
        yield from _new_sentences("system", plan.system, plan.sentences, folder)
        for utterance in anchors:
            if utterance.speaker in plan.system.voices:
                yield _same_text(plan.system, utterance, folder)
    for utterance in anchors:
        yield Job(Case("real", utterance.speaker, utterance.text, utterance.path))
    if plan.vocoder is not None:
        for utterance in anchors:
            yield _copy(plan.vocoder, utterance, folder)
    if plan.anchor is not None:
        yield from _new_sentences("espeak", plan.anchor, plan.sentences, folder)


def _new_sentences(
    row: str, system: System, sentences: Sequence[str], folder: Path
) -> Iterator[Job]:
    """The voices take turns."""
    for i, text in enumerate(sentences):
        voice = system.voices[i % len(system.voices)]
        path = _path(folder, row, system.fingerprint, voice, text)
        case = Case(row, voice, text, path, math.nan)
        yield Job(case, partial(system.speak, text, voice))


def _same_text(system: System, utterance: Utterance, folder: Path) -> Job:
    path = _path(folder, "same-text", system.fingerprint, utterance.speaker, utterance.text)
    case = Case(
        "same-text", utterance.speaker, utterance.text, path, math.nan, reference=utterance.path
    )
    return Job(case, partial(system.speak, utterance.text, utterance.speaker))


def _copy(vocoder: CopySynthesis, utterance: Utterance, folder: Path) -> Job:
    path = _path(folder, "copy", vocoder.fingerprint, utterance.id)
    case = Case(
        "copy", utterance.speaker, utterance.text, path, math.nan, utterance.path, synchronous=True
    )
    return Job(case, partial(vocoder.copy, utterance.path))


def _path(folder: Path, row: str, *parts: str) -> Path:
    digest = hashlib.sha256("|".join(parts).encode()).hexdigest()[:20]
    return folder / "audio" / row / f"{digest}.flac"
