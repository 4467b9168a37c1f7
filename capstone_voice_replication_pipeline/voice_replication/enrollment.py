"""Enrolling: from one or more references of a person, and their consent, to a voice.

    file ─ load ─ measure ─ refuse or ─ trim ─ normalize ─► embedding ┐ average, unit length
    file ─ ...                                           ─► embedding ┴─► Voice + statistics

No training happens here; seconds of speech become a point in the encoder's space. The references
themselves are not kept; a recording in which the speaker agrees is, as evidence.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
from audio_utils import (
    DEFAULT_SPEC,
    Quality,
    f0_contour,
    load_audio,
    measure_quality,
    mel_spectrogram,
    normalize_loudness,
    trim_silence,
)
from env_utils import ConsentError, InputError, utc_now
from training_utils import file_fingerprint

from voice_replication.data_processing.preprocess_config import PreprocessConfig
from voice_replication.home import checkpoint_path
from voice_replication.speaker_encoder.inference import SpeakerEncoder
from voice_replication.synthesizer.average_spectrum import measure_timbre
from voice_replication.timbre import Timbre
from voice_replication.voices import Consent, Statistics, Voice, VoiceStore

Audio = npt.NDArray[np.float32]

MIN_SPEECH_SECONDS = 3.0  # of all references together
MAX_REFERENCE_SECONDS = 600.0  # of one reference: more does not make a voice better
LIMITS = PreprocessConfig()  # of loudness, clipping and noise: the same as for training data
NOISY_SNR_DB = 15.0  # usable, but worth a word
NARROW_HZ = 4500.0  # a telephone
CONSENT_FILE_BYTES = 2**16


@dataclass(frozen=True, eq=False)
class Reference:
    """A recording that may be cloned from: ``audio (T,)`` trimmed and normalized at 24 kHz."""

    path: Path
    audio: Audio
    quality: Quality  # of the file as it was
    label: str  # its path, or what the user calls it

    @property
    def seconds(self) -> float:
        """Length of the speech, pauses between words included."""
        return len(self.audio) / DEFAULT_SPEC.sample_rate

    @cached_property
    def f0_hz(self) -> Audio:
        """``(F,)`` pitch of each frame, 0 where unvoiced."""
        return f0_contour(self.audio, DEFAULT_SPEC)


def load_reference(path: Path, label: str | None = None) -> Reference:
    """Load and check one recording. ``InputError`` names the file and the number that failed.

    ``label``: what the user calls the file, if it is not called so here.
    """
    label = label or str(path)
    audio = load_audio(path, DEFAULT_SPEC.sample_rate)
    seconds = len(audio) / DEFAULT_SPEC.sample_rate
    if seconds > MAX_REFERENCE_SECONDS:
        raise InputError(
            f"{label}: {seconds / 60:.0f} minutes long; a reference has at most "
            f"{MAX_REFERENCE_SECONDS / 60:.0f}. Cut out half a minute of clear speech."
        )
    quality = measure_quality(audio, DEFAULT_SPEC.sample_rate)
    if quality.loudness_lufs < LIMITS.min_loudness_lufs:
        raise InputError(
            f"{label}: silent or nearly so ({quality.loudness_lufs:.0f} LUFS; at least "
            f"{LIMITS.min_loudness_lufs:.0f} is needed). Check the microphone and record again."
        )
    if quality.clipped_share > LIMITS.max_clipped_share:
        raise InputError(
            f"{label}: clipped, {quality.clipped_share:.1%} of its samples are cut off (at most "
            f"{LIMITS.max_clipped_share:.1%} may be). Record again at a lower level."
        )
    trimmed = trim_silence(audio, DEFAULT_SPEC.sample_rate)
    if len(trimmed) == 0:
        raise InputError(f"{label}: there is no speech in this recording, only steady sound.")
    if quality.snr_db < LIMITS.min_snr_db:
        raise InputError(
            f"{label}: too noisy, the speech is only {quality.snr_db:.0f} dB above the noise (at "
            f"least {LIMITS.min_snr_db:.0f} dB are needed). Record in a quieter place."
        )
    normalized = normalize_loudness(trimmed, DEFAULT_SPEC.sample_rate)
    return Reference(path, normalized, quality, label)


def enroll(
    name: str,
    files: Sequence[Path],
    consent: Consent | None,
    encoder: SpeakerEncoder,
    store: VoiceStore,
    *,
    fingerprint: str | None = None,
    replace: bool = False,
) -> Voice:
    """Make a voice from ``files`` and store it.

    ``fingerprint`` is that of the checkpoint ``encoder`` was loaded from (default: the shipped
    one). Raises ``ConsentError`` without consent and ``InputError`` for an unusable name or
    recording, or less than three seconds of speech in all.
    """
    store.require_free(name, replace)
    if consent is None:
        raise ConsentError(
            f"voice '{name}': nobody's voice is cloned without their consent. Say who agreed to "
            'what with --consent "I, ..., agree that ..." or give --consent-file FILE.'
        )
    references = [load_reference(Path(path)) for path in files]
    voice = voice_from_references(name, references, consent, encoder, fingerprint)
    return store.add(voice, replace)


def voice_from_references(
    name: str,
    references: Sequence[Reference],
    consent: Consent,
    encoder: SpeakerEncoder,
    fingerprint: str | None = None,
    consent_recording: Path | None = None,
) -> Voice:
    """The voice in ``references``, not yet stored. ``InputError`` if they are too short."""
    speech = sum(reference.seconds for reference in references)
    if speech < MIN_SPEECH_SECONDS:
        raise InputError(
            f"{', '.join(r.label for r in references) or 'no file'}: {speech:.1f} s of speech "
            f"in all, but at least {MIN_SPEECH_SECONDS:.0f} s are needed. Add another recording."
        )
    return Voice(
        name=name,
        embedding=encoder.embed_many([reference.audio for reference in references]),
        encoder=fingerprint or file_fingerprint(checkpoint_path("encoder")),
        audio=DEFAULT_SPEC.to_dict(),
        consent=consent,
        created=utc_now(),
        statistics=statistics_of(references),
        timbre=timbre_of(references),
        consent_recording=consent_recording,
    )


def statistics_of(references: Sequence[Reference]) -> Statistics:
    """Pitch over all voiced frames, the widest bandwidth, mean level, the worst noise."""
    f0_hz = np.concatenate([reference.f0_hz for reference in references])
    voiced = f0_hz[f0_hz > 0]
    low, median, high = np.percentile(voiced, [5, 50, 95]) if voiced.size else (0.0, 0.0, 0.0)
    qualities = [reference.quality for reference in references]
    return Statistics(
        references=len(references),
        speech_seconds=round(sum(reference.seconds for reference in references), 3),
        f0_median_hz=round(float(median), 2),
        f0_low_hz=round(float(low), 2),
        f0_high_hz=round(float(high), 2),
        bandwidth_hz=round(max(q.bandwidth_hz for q in qualities), 1),
        level_lufs=round(float(np.mean([q.loudness_lufs for q in qualities])), 2),
        snr_db=round(min(q.snr_db for q in qualities), 1),
    )


def timbre_of(references: Sequence[Reference]) -> Timbre | None:
    """The average spectrum of the speech in ``references``; None if there is too little."""
    mels = [mel_spectrogram(reference.audio, DEFAULT_SPEC) for reference in references]
    bandwidth_hz = max(reference.quality.bandwidth_hz for reference in references)
    return measure_timbre(mels, [reference.f0_hz for reference in references], bandwidth_hz)


def remarks(voice: Voice) -> list[str]:
    """What a user should know about the recordings behind ``voice``; often nothing."""
    found, numbers = [], voice.statistics
    if numbers.snr_db < NOISY_SNR_DB:
        found.append(
            f"the recording is noisy (SNR {numbers.snr_db:.0f} dB); a quieter one clones better."
        )
    if numbers.bandwidth_hz < NARROW_HZ:
        found.append(f"nothing lies above {numbers.bandwidth_hz:.0f} Hz, as on a telephone.")
    if numbers.f0_median_hz == 0:
        found.append("no pitch was found; was this whispered? The pitch will be guessed.")
    return found


def consent_from_statement(statement: str, speaker: str) -> Consent:
    """A consent record for a statement typed today."""
    return Consent(speaker, statement.strip(), date.today().isoformat(), "typed at enrollment")


def consent_from_file(path: Path, speaker: str) -> Consent:
    """A consent record from a file: JSON with the record's four fields, or the statement as text.

    Raises ``ConsentError`` if the file is missing, empty, or not text.
    """
    try:
        data = path.read_bytes()[:CONSENT_FILE_BYTES]
        text = data.decode("utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise ConsentError(f"{path}: cannot read the consent file: {reason}.") from None
    if path.suffix.lower() == ".json":
        try:
            return Consent.from_dict(json.loads(text), str(path))
        except json.JSONDecodeError as error:
            raise ConsentError(f"{path}: this is not readable JSON ({error}).") from None
    if not text:
        raise ConsentError(f"{path}: the consent file is empty.")
    return Consent(speaker, text, date.today().isoformat(), f"file {path.name}")
