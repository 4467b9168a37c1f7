"""Peaks: how high they are, and a limiter that holds them under a ceiling.

A limiter turns the sound down around a peak and up again behind it, so smoothly that nothing
crackles. It is what allows speech to be brought to a loudness that its few highest peaks forbid.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from env_utils import InputError

from audio_utils.io import resample

_SILENCE_DB = -120.0

Audio = npt.NDArray[np.float32]


def peak_dbfs(audio: Audio) -> float:
    """Highest absolute sample of ``(T,)`` audio in dB of full scale; -120 for silence."""
    highest = float(np.abs(audio).max(initial=0.0))
    return max(_SILENCE_DB, 20.0 * float(np.log10(max(highest, 1e-6))))


def true_peak_dbtp(audio: Audio, sample_rate: int) -> float:
    """Highest point of the continuous waveform, between the samples too, in dB of full scale.

    Measured on four times as many samples, as ITU-R BS.1770-4 (annex 2) asks for.
    """
    return max(peak_dbfs(audio), peak_dbfs(resample(audio, sample_rate, 4 * sample_rate)))


def limit_peaks(
    audio: Audio, sample_rate: int, ceiling_dbfs: float = -1.0, lookahead_seconds: float = 0.005
) -> Audio:
    """``(T,)`` audio in which no sample exceeds ``ceiling_dbfs``; quiet parts are untouched.

    The gain is the lowest that any sample within ``lookahead_seconds`` needs, smoothed over the
    same distance, so it is down before the peak arrives and no sample gets through. Raises
    ``InputError`` for a ceiling above 0 dBFS, or for NaN or infinite samples.
    """
    from scipy.ndimage import minimum_filter1d

    if ceiling_dbfs > 0:
        raise InputError(f"limit_peaks: the ceiling is {ceiling_dbfs:g} dBFS; the most is 0.")
    ceiling = 10.0 ** (ceiling_dbfs / 20.0)
    magnitude = np.abs(audio).astype(np.float64)
    highest = float(magnitude.max(initial=0.0))
    if not np.isfinite(highest):
        raise InputError("limit_peaks: the audio contains NaN or infinite samples.")
    if highest <= ceiling:
        return audio.copy()
    needed = np.minimum(1.0, ceiling / np.maximum(magnitude, 1e-12))
    reach = max(1, round(lookahead_seconds * sample_rate))
    held = minimum_filter1d(needed, 2 * reach + 1, mode="nearest")
    # A weighted mean over the window in which the minimum was held can not exceed that minimum.
    weights = np.hanning(2 * reach + 3)[1:-1]
    padded = np.pad(held, reach, mode="edge")
    gain = np.convolve(padded, weights / weights.sum(), mode="valid")
    return np.clip(audio * gain, -ceiling, ceiling).astype(np.float32)
