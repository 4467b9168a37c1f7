"""What is known about a speaker from real recordings: the judge's embedding, pitch, treble, mel.

Everything about our speech "in a voice" is held against this profile: up to ten recordings that no
row repeats (training recordings of a heard speaker, the others of an unseen one), kept as numbers
in the folder of verdicts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from audio_utils import DEFAULT_SPEC
from env_utils import InputError, atomic_write_json, read_json

from voice_replication.evaluation.judging import VERSION, clean, encoder
from voice_replication.evaluation.signal_measures import measure_signal, pitch_range
from voice_replication.evaluation.similarity import Embedding, centroid
from voice_replication.evaluation.smoothness import Movement, mean_movement
from voice_replication.evaluation.unseen import Excerpt

MAX_SECONDS = 6.0  # of each recording: enough for the judge, and half the time


@dataclass(frozen=True, eq=False)
class RealVoice:
    """The profile of one speaker. Frequencies in Hz; ``high_band_db`` is the energy above 8 kHz
    relative to all of it, averaged in dB; NaN where no frame was voiced."""

    source_rate: int
    centroid: Embedding
    movement: Movement
    f0_low_hz: float  # 5th percentile
    f0_high_hz: float  # 95th
    high_band_db: float
    reference: Embedding | None = None  # of the one recording a zero-shot voice was made from

    @property
    def full_band(self) -> bool:
        """Whether the recordings hold frequencies well above 8 kHz."""
        return is_full_band(self.source_rate)


def is_full_band(source_rate: int) -> bool:
    """The two groups of voices: full band (made above 22 kHz), and those made at 16 kHz."""
    return source_rate > 22_000


@dataclass(frozen=True)
class Profiled:
    """A speaker to profile. ``reference`` only for unseen ones."""

    name: str
    source_rate: int
    recordings: tuple[Excerpt, ...]
    reference: Excerpt | None = None


def profile_all(
    speakers: Sequence[Profiled], folder: Path, pool: Executor | None = None
) -> dict[str, RealVoice]:
    """Name -> profile, cached in ``folder``; computed by ``pool`` if there is one."""
    if pool is None:
        return {speaker.name: profile(speaker, folder) for speaker in speakers}
    waiting = {speaker.name: pool.submit(profile, speaker, folder) for speaker in speakers}
    return {name: future.result() for name, future in waiting.items()}


def profile(speaker: Profiled, folder: Path) -> RealVoice:
    """The profile of one speaker, from ``folder`` if it is there."""
    stored = folder / f"voice-{_key(speaker)}.json"
    if stored.is_file():
        try:
            return _from_json(read_json(stored))
        except InputError:  # damaged: measure again
            pass
    voice = measure_voice(speaker)
    atomic_write_json(stored, clean(asdict(replace(voice, **_plain(voice)))))
    return voice


def measure_voice(speaker: Profiled) -> RealVoice:
    """Measure the recordings of ``speaker``, the first six seconds of each."""
    audio = [_beginning(excerpt) for excerpt in speaker.recordings]
    measured = [measure_signal(a) for a in audio]
    low, high = pitch_range([m.f0_hz for m in measured])
    rate = DEFAULT_SPEC.sample_rate
    return RealVoice(
        source_rate=speaker.source_rate,
        centroid=centroid([encoder().embed(a, rate) for a in audio]),
        movement=mean_movement([m.movement for m in measured]),
        f0_low_hz=low,
        f0_high_hz=high,
        high_band_db=float(np.nanmean([m.high_band_db for m in measured])),
        reference=encoder().embed(speaker.reference.load(), rate) if speaker.reference else None,
    )


def centroids(voices: Mapping[str, RealVoice]) -> dict[str, Embedding]:
    """Name -> the judge's centroid."""
    return {name: voice.centroid for name, voice in voices.items()}


def _beginning(excerpt: Excerpt) -> Any:
    return excerpt.load()[: round(MAX_SECONDS * DEFAULT_SPEC.sample_rate)]


def _key(speaker: Profiled) -> str:
    used = [*speaker.recordings, *([speaker.reference] if speaker.reference else [])]
    parts = [
        f"{e.utterance.path}:{e.utterance.path.stat().st_size}:{e.start}:{e.end}" for e in used
    ]
    text = f"{VERSION}|{speaker.source_rate}|{'|'.join(parts)}"
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _plain(voice: RealVoice) -> dict[str, Any]:
    return {
        "centroid": voice.centroid.tolist(),
        "reference": None if voice.reference is None else voice.reference.tolist(),
    }


def _from_json(values: Mapping[str, Any]) -> RealVoice:
    def number(key: str) -> float:
        return float("nan") if values[key] is None else float(values[key])

    reference = values["reference"]
    return RealVoice(
        source_rate=int(values["source_rate"]),
        centroid=np.asarray(values["centroid"], dtype=np.float32),
        movement=Movement(
            tuple(values["movement"]["mel_std"]), tuple(values["movement"]["cepstral_variance"])
        ),
        f0_low_hz=number("f0_low_hz"),
        f0_high_hz=number("f0_high_hz"),
        high_band_db=number("high_band_db"),
        reference=None if reference is None else np.asarray(reference, dtype=np.float32),
    )
