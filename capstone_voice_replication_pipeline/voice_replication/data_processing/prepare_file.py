"""One recording: read, judge, trim, cut when it is long, bring to one loudness, store.

Everything here runs in a worker process and never raises for a bad recording: what is wrong with
it becomes the ``reason`` of its row in the report.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
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
    split_at_pauses,
    trim_silence,
)
from data_utils import Utterance
from data_utils.corpus_files import safe_name
from env_utils import InputError, VoiceReplicationError

from voice_replication.data_processing.preprocess_config import PreprocessConfig

Audio = npt.NDArray[np.float32]
RATE = DEFAULT_SPEC.sample_rate
FULL_BAND = 0.9  # a measured bandwidth of this share of the claimed one confirms the claim
NARROW_BAND_HZ = 5500.0
WINDOW_SECONDS = 600.0
NO_SPEECH = "no speech was found in it. Record it again, closer to the microphone."
UNMEASURED = Quality(0.0, 0.0, 0.0, 0.0, -70.0, 1.0)


@dataclass(frozen=True)
class SourceFile:
    """What a file's header says: seconds (0: unknown), sample rate in Hz, channels."""

    seconds: float
    rate: int
    channels: int


@dataclass(frozen=True)
class Row:
    """One line of the report: a stored utterance, or a refused one with the reason."""

    utterance: str
    source: str  # id of the utterance it comes from; differs for pieces of a long recording
    corpus: str
    speaker: str
    kept: bool
    reason: str  # why refused, or what to know about it; mostly empty
    path: str  # of the stored audio, relative to the data folder; empty when refused
    source_path: str
    seconds: float  # of the stored audio, or of the source when refused; 0: unreadable
    snr_db: float
    clipped_share: float
    bandwidth_hz: float
    loudness_lufs: float  # of the source
    silent_share: float
    source_rate: int
    stored_bytes: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


def prepare_recording(utterance: Utterance, out: Path, config: PreprocessConfig) -> list[Row]:
    """Store what can be used of ``utterance`` below ``out``; one row per piece, never empty.

    Raises ``InputError`` only when ``out`` cannot be written to.
    """
    file = _look_at(utterance.path)
    if utterance.text and file.seconds > 4 * config.max_seconds:  # not worth decoding
        return [refused(utterance, _too_long(file.seconds, config), file.seconds)]
    try:
        audio = load_audio(utterance.path, RATE)
    except VoiceReplicationError as error:
        return [refused(utterance, str(error).removeprefix(f"{utterance.path}: "))]
    if utterance.text or len(audio) <= config.split_seconds * RATE:
        return [_prepare_piece(utterance, utterance.id, audio, file, out, config)]
    rows = []
    for number, (start, end) in enumerate(pieces(audio, config.split_seconds), start=1):
        name = f"{utterance.id}_{number:04d}"
        rows.append(_prepare_piece(utterance, name, audio[start:end], file, out, config))
    return rows or [refused(utterance, NO_SPEECH, len(audio) / RATE)]


def pieces(audio: Audio, max_seconds: float) -> Iterator[tuple[int, int]]:
    """Start and end (in samples) of pieces of ``(T,)`` audio, cut at pauses.

    Works through ten minutes at a time, so that three hours need no more memory than the audio
    itself. The last piece before such a boundary is cut anew together with what follows it.
    """
    position, window = 0, round(WINDOW_SECONDS * RATE)
    while position < len(audio):
        spans = split_at_pauses(audio[position : position + window], RATE, max_seconds)
        at_end = position + window >= len(audio)
        for start, end in spans if at_end else spans[:-1]:
            yield position + round(start * RATE), position + round(end * RATE)
        again = round(spans[-1][0] * RATE) if spans and not at_end else window
        position += again if len(spans) > 1 else window


def _look_at(path: Path) -> SourceFile:
    """What the header says. Where only FFmpeg can read it, the measured bandwidth will decide."""
    try:
        info = soundfile.info(str(path))
        return SourceFile(info.duration, info.samplerate, info.channels)
    except (soundfile.LibsndfileError, RuntimeError):
        return SourceFile(0.0, 48_000, 1)


def refused(utterance: Utterance, reason: str, seconds: float = 0.0) -> Row:
    """The row of a recording that is not used at all."""
    return _row(utterance, utterance.id, reason, seconds=seconds)


def _prepare_piece(
    utterance: Utterance,
    name: str,
    audio: Audio,
    file: SourceFile,
    out: Path,
    config: PreprocessConfig,
) -> Row:
    quality = measure_quality(audio, RATE)
    rate = source_rate(utterance.source_rate or file.rate, quality.bandwidth_hz)
    trimmed = trim_silence(audio, RATE, config.keep_silence_seconds)
    seconds = len(trimmed) / RATE
    reason = _refusal(quality, seconds, config)
    if reason:
        return _row(utterance, name, reason, quality, seconds=quality.seconds, rate=rate)
    relative = Path("audio", safe_name(utterance.corpus), safe_name(utterance.speaker))
    relative /= f"{safe_name(name)}.flac"
    size = store_flac(out / relative, normalize_loudness(trimmed, RATE, config.target_lufs))
    row = _row(utterance, name, _note(quality, file), quality, seconds=seconds, rate=rate)
    return replace(row, kept=True, path=relative.as_posix(), stored_bytes=size)


def store_flac(path: Path, audio: Audio) -> int:
    """Write ``(T,)`` audio as 24-bit FLAC under its name in one step; returns its size in bytes.

    Without waiting for the disk, which would take longer than all the rest: what a power failure
    cuts short is found by its size at the next run, and made again.
    """
    stream = io.BytesIO()
    soundfile.write(stream, audio, RATE, format="FLAC", subtype="PCM_24")
    part = path.with_name(f".{path.stem}.part.flac")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        size = part.write_bytes(stream.getbuffer())
        part.replace(path)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error}). Check the free space and the permissions there, "
            "and run the same command again; what is finished is kept."
        ) from error
    return size


def _refusal(quality: Quality, seconds: float, config: PreprocessConfig) -> str:
    """Why a recording cannot be used, as one sentence; empty when it can."""
    if seconds == 0.0 or quality.loudness_lufs <= -70.0:
        return NO_SPEECH
    if seconds < config.min_seconds:
        return f"{seconds:.2f} s of speech; at least {config.min_seconds:g} s are needed."
    if seconds > config.max_seconds:
        return _too_long(seconds, config)
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


def _too_long(seconds: float, config: PreprocessConfig) -> str:
    return (
        f"{seconds:.1f} s long; at most {config.max_seconds:g} s are used. Cut it together with "
        "its transcript, or remove the transcript to have it split at pauses."
    )


def _note(quality: Quality, file: SourceFile) -> str:
    """What to know about a recording that is kept."""
    notes = []
    if file.channels > 2:
        notes.append(f"{file.channels} channels were averaged.")
    if quality.bandwidth_hz < NARROW_BAND_HZ:
        notes.append(
            f"nothing above {quality.bandwidth_hz:.0f} Hz: fit for the speaker encoder, not for "
            "the synthesizer and the vocoder."
        )
    return " ".join(notes)


def _row(
    utterance: Utterance,
    name: str,
    reason: str,
    quality: Quality = UNMEASURED,
    *,
    seconds: float = 0.0,
    rate: int = 0,
) -> Row:
    return Row(
        utterance=name,
        source=utterance.id,
        corpus=utterance.corpus,
        speaker=utterance.speaker,
        kept=False,
        reason=reason,
        path="",
        source_path=str(utterance.path),
        seconds=round(seconds, 3),
        snr_db=round(quality.snr_db, 1),
        clipped_share=round(quality.clipped_share, 5),
        bandwidth_hz=round(quality.bandwidth_hz),
        loudness_lufs=round(quality.loudness_lufs, 1),
        silent_share=round(quality.silent_share, 3),
        source_rate=rate,
    )


def source_rate(claimed: int, bandwidth_hz: float) -> int:
    """The claimed rate in Hz, or twice the measured bandwidth where clearly less is there.

    Content above 12 kHz is gone at 24 kHz, so a bandwidth of 12 kHz confirms any higher claim.
    """
    if bandwidth_hz >= FULL_BAND * min(claimed, RATE) / 2:
        return claimed
    return 100 * round(bandwidth_hz / 50)
