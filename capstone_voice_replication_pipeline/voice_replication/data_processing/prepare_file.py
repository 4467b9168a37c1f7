"""One recording: read, judge, trim, cut when it is long, bring to one loudness, store.

Everything here runs in a worker process and never raises for a bad recording: what is wrong with
it becomes the ``reason`` of its row in the report.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
from audio_utils import (
    DEFAULT_SPEC,
    Quality,
    load_audio,
    measure_quality,
    normalize_loudness,
    save_audio,
    split_at_pauses,
    trim_silence,
)
from data_utils import Utterance
from data_utils.readers import safe_name
from env_utils import VoiceReplicationError
from pydantic import Field
from training_utils import StrictModel

Audio = npt.NDArray[np.float32]
RATE = DEFAULT_SPEC.sample_rate
FULL_BAND = 0.9  # a measured bandwidth of this share of the claimed one confirms the claim


class PreprocessConfig(StrictModel):
    """What is kept and how it is stored. Every value can be overridden with ``--set``."""

    min_seconds: float = Field(0.5, gt=0)  # of the trimmed utterance
    max_seconds: float = Field(30.0, gt=0)
    split_seconds: float = Field(20.0, gt=0)  # untranscribed recordings are cut into such pieces
    keep_silence_seconds: float = Field(0.1, ge=0)  # left at both ends
    target_lufs: float = Field(-23.0, ge=-60, le=-10)
    min_snr_db: float = 8.0
    max_clipped_share: float = Field(0.005, ge=0, le=1)
    min_bandwidth_hz: float = Field(2500.0, ge=0)  # telephone speech passes
    min_loudness_lufs: float = -60.0  # of the source; below it lies mostly its own noise


@dataclass(frozen=True)
class Row:
    """One line of the report: a stored utterance, or a refused one with the reason."""

    utterance: str
    source: str  # id of the utterance it comes from; differs for pieces of a long recording
    corpus: str
    speaker: str
    kept: bool
    reason: str  # empty when there is nothing to say
    path: str  # of the stored audio, relative to the data folder; empty when refused
    source_path: str
    seconds: float  # of the stored audio, or of the source when refused; 0: unreadable
    snr_db: float
    clipped_share: float
    bandwidth_hz: float
    loudness_lufs: float  # of the source
    silent_share: float
    source_rate: int

    def to_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


def prepare_recording(utterance: Utterance, out: Path, config: PreprocessConfig) -> list[Row]:
    """Store what can be used of ``utterance`` below ``out``; one row per piece, never empty."""
    try:
        audio = load_audio(utterance.path, RATE)
        rate = utterance.source_rate or _native_rate(utterance.path)
        if utterance.text or len(audio) <= config.split_seconds * RATE:
            return [_prepare_piece(utterance, utterance.id, audio, rate, out, config)]
        rows = []
        spans = split_at_pauses(audio, RATE, config.split_seconds)
        for number, (start, end) in enumerate(spans, start=1):
            piece = audio[round(start * RATE) : round(end * RATE)]
            name = f"{utterance.id}_{number:04d}"
            rows.append(_prepare_piece(utterance, name, piece, rate, out, config))
        return rows or [refused(utterance, "no speech was found in it.")]
    except VoiceReplicationError as error:
        return [refused(utterance, str(error))]


def refused(utterance: Utterance, reason: str) -> Row:
    """The row of a recording that is not used at all."""
    return _row(utterance, utterance.id, reason)


def _prepare_piece(
    utterance: Utterance, name: str, audio: Audio, rate: int, out: Path, config: PreprocessConfig
) -> Row:
    quality = measure_quality(audio, RATE)
    rate = _source_rate(rate, quality.bandwidth_hz)
    trimmed = trim_silence(audio, RATE, config.keep_silence_seconds)
    seconds = len(trimmed) / RATE
    reason = _refusal(quality, seconds, config)
    if reason:
        return _row(utterance, name, reason, quality, seconds=quality.seconds, source_rate=rate)
    relative = Path("audio", safe_name(utterance.corpus), safe_name(utterance.speaker))
    relative /= f"{safe_name(name)}.flac"
    save_audio(out / relative, normalize_loudness(trimmed, RATE, config.target_lufs), RATE)
    return _row(utterance, name, "", quality, relative.as_posix(), seconds, rate)


def _refusal(quality: Quality, seconds: float, config: PreprocessConfig) -> str:
    """Why a recording cannot be used, as one sentence; empty when it can."""
    if seconds == 0.0 or quality.loudness_lufs <= -70.0:
        return "no speech was found in it: record it again, closer to the microphone."
    if seconds < config.min_seconds:
        return f"{seconds:.2f} s of speech; at least {config.min_seconds:g} s are needed."
    if seconds > config.max_seconds:
        return (
            f"{seconds:.1f} s long; at most {config.max_seconds:g} s are used. Cut it together "
            "with its transcript, or remove the transcript to have it split at pauses."
        )
    if quality.loudness_lufs < config.min_loudness_lufs:
        limit = config.min_loudness_lufs
        return f"{quality.loudness_lufs:.1f} LUFS is too quiet; at least {limit:g} is needed."
    if quality.clipped_share > config.max_clipped_share:
        return (
            f"{quality.clipped_share:.1%} of the samples are clipped; at most "
            f"{config.max_clipped_share:.1%} may be. Record it again at a lower level."
        )
    if quality.snr_db < config.min_snr_db:
        limit = config.min_snr_db
        return f"signal-to-noise ratio {quality.snr_db:.1f} dB; at least {limit:g} dB is needed."
    if quality.bandwidth_hz < config.min_bandwidth_hz:
        limit = config.min_bandwidth_hz
        return f"nothing above {quality.bandwidth_hz:.0f} Hz; at least {limit:g} Hz is needed."
    return ""


def _row(
    utterance: Utterance,
    name: str,
    reason: str,
    quality: Quality | None = None,
    path: str = "",
    seconds: float = 0.0,
    source_rate: int = 0,
) -> Row:
    quality = quality or Quality(0.0, 0.0, 0.0, 0.0, -70.0, 1.0)
    return Row(
        utterance=name,
        source=utterance.id,
        corpus=utterance.corpus,
        speaker=utterance.speaker,
        kept=bool(path),
        reason=reason,
        path=path,
        source_path=str(utterance.path),
        seconds=round(seconds, 3),
        snr_db=round(quality.snr_db, 1),
        clipped_share=round(quality.clipped_share, 5),
        bandwidth_hz=round(quality.bandwidth_hz),
        loudness_lufs=round(quality.loudness_lufs, 1),
        silent_share=round(quality.silent_share, 3),
        source_rate=source_rate,
    )


def _source_rate(claimed: int, bandwidth_hz: float) -> int:
    """The claimed rate, or twice the measured bandwidth where clearly less is there, in Hz."""
    if bandwidth_hz >= FULL_BAND * min(claimed / 2, RATE / 2):
        return claimed
    return 100 * round(bandwidth_hz / 50)


def _native_rate(path: Path) -> int:
    """The file's own sample rate; 48 kHz where only FFmpeg can read it (the bandwidth decides)."""
    try:
        return int(soundfile.info(str(path)).samplerate)
    except soundfile.LibsndfileError:
        return 48_000
