"""A voice in a few numbers: how high, how lively, how fast, and what its throat does.

These are the things one can name. They do not say *who* speaks: two people can share them all, and
what a speaker encoder hears (the capstone's, for example) is more than this.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from env_utils import InputError

from tts_utils.pitch import HOP_SECONDS, pitch_contour
from tts_utils.protocol import Audio
from tts_utils.spectrum import band_levels, median_formants, speech_spectrum

Array = npt.NDArray[np.float64]

NUCLEUS_BANDS = slice(10, 26)  # of BANDS_HZ
NUCLEUS_RISE_DB = 3.0  # a syllable's loudness rises this much out of the dip before it
SHORTEST_SECONDS = 0.5


@dataclass(frozen=True)
class VoicePortrait:
    """What :func:`measure_voice` finds in a recording."""

    median_f0_hz: float
    f0_spread_semitones: float  # standard deviation of the pitch
    syllables_per_second: float  # while speaking, pauses left out
    formants_hz: Array  # (3,) medians of F1 to F3 over voiced frames
    spectrum_db: Array  # (32,) mean level of each band, their mean is 0
    spectrum_spread_db: Array  # (32,) how much each band moves
    f0_hz: Array  # (F,) the contour, 0 where unvoiced


def measure_voice(audio: Audio) -> VoicePortrait:
    """The portrait of a recording. ``InputError``: under half a second, or no voice in it."""
    samples, rate = audio
    if audio.seconds < SHORTEST_SECONDS:
        raise InputError(f"a voice cannot be measured in {audio.seconds:.2f} s of sound.")
    f0 = pitch_contour(samples, rate)
    voiced = f0[f0 > 0]
    if len(voiced) < 10:
        raise InputError("there is no voice in this sound: nothing in it has a pitch.")
    middle = float(np.median(voiced))
    _, spectrum, spread = speech_spectrum(samples, rate)
    return VoicePortrait(
        median_f0_hz=middle,
        f0_spread_semitones=float(np.std(12 * np.log2(voiced / middle))),
        syllables_per_second=syllable_rate(audio),
        formants_hz=median_formants(samples, rate, f0),
        spectrum_db=spectrum,
        spectrum_spread_db=spread,
        f0_hz=f0,
    )


def syllable_rate(audio: Audio) -> float:
    """Syllables in a second of speech, estimated: peaks of the loudness between 0.4 and 3.3 kHz.

    After N. de Jong and T. Wempe (Behavior Research Methods 41, 2009), simplified: a peak counts if
    it stands out of the dips on both sides. The band leaves out the voice's lowest harmonics, which
    hum on through nasals, and the hiss of an s.
    """
    levels = band_levels(audio.samples, audio.sample_rate)[:, NUCLEUS_BANDS]
    loudness = 10 * np.log10(np.nanmean(10 ** (levels / 10), axis=1) + 1e-10)
    loudness = np.convolve(loudness, np.ones(3) / 3, mode="same")
    speaking = loudness > np.percentile(loudness, 95) - 20
    seconds = max(float(speaking.sum()) * HOP_SECONDS, HOP_SECONDS)
    return _count_peaks(loudness, speaking) / seconds


def _count_peaks(loudness: Array, speaking: npt.NDArray[np.bool_]) -> int:
    count, low, high, rising = 0, float(loudness[0]), float(loudness[0]), True
    for level, on in zip(loudness, speaking, strict=True):
        if rising:
            high = max(high, float(level))
            if level < high - NUCLEUS_RISE_DB:  # over the top
                count += 1
                low, rising = float(level), False
        else:
            low = min(low, float(level))
            if on and level > low + NUCLEUS_RISE_DB:
                high, rising = float(level), True
    return count


def voice_distances(one: VoicePortrait, other: VoicePortrait) -> dict[str, float]:
    """How far apart two voices are, thing by thing; 0 is the same.

    ``pitch_semitones`` and ``liveliness_semitones`` (of the spread), ``rate_percent``,
    ``formants_percent`` (mean of F1 to F3), ``spectrum_db`` (root mean square over the bands) and
    ``spectrum_spread_db`` (the same for how much the bands move).
    """
    formants = np.abs(np.log(one.formants_hz / other.formants_hz))
    return {
        "pitch_semitones": abs(12 * float(np.log2(one.median_f0_hz / other.median_f0_hz))),
        "liveliness_semitones": abs(one.f0_spread_semitones - other.f0_spread_semitones),
        "rate_percent": 100
        * abs(float(np.log(one.syllables_per_second / other.syllables_per_second))),
        "formants_percent": 100 * float(np.nanmean(formants)),
        "spectrum_db": _rms(one.spectrum_db - other.spectrum_db),
        "spectrum_spread_db": _rms(one.spectrum_spread_db - other.spectrum_spread_db),
    }


def _rms(difference: Array) -> float:
    return float(np.sqrt(np.nanmean(difference**2)))
