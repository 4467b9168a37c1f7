"""How loud: RMS level in dBFS and loudness in LUFS, and bringing recordings to one loudness.

Loudness follows ITU-R BS.1770-4: a "K" filter (a high shelf for the head, a high-pass for low
frequencies), mean square in 400 ms blocks that overlap by 75 %, and two gates that leave out
silence (-70 LUFS) and quiet passages (10 LU below the mean of the rest).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from env_utils import InputError

SILENCE_LUFS = -70.0  # the absolute gate: nothing quieter is measured
_BLOCK_SECONDS, _STEP_SECONDS = 0.4, 0.1
_RELATIVE_GATE_LU = -10.0
_OFFSET_DB = -0.691  # cancels the K filter's gain at 997 Hz

Audio = npt.NDArray[np.float32]


def rms_dbfs(audio: Audio) -> float:
    """Root mean square of ``(T,)`` audio in dB below full scale; a full square wave is 0 dBFS.

    Silence (and an empty array) is -120.
    """
    if len(audio) == 0:
        return -120.0
    power = float(np.mean(np.square(audio, dtype=np.float64)))
    return max(-120.0, 10.0 * float(np.log10(max(power, 1e-12))))


def loudness_lufs(audio: Audio, sample_rate: int) -> float:
    """Integrated loudness of mono ``(T,)`` audio in LUFS (BS.1770-4); -70 when it is silent.

    A full-scale 997 Hz sine measures -3.01 LUFS. Audio shorter than one 400 ms block is measured
    as a single shorter block.
    """
    if len(audio) == 0:
        return SILENCE_LUFS
    blocks = _block_powers(audio, sample_rate)
    levels = _OFFSET_DB + 10.0 * np.log10(np.maximum(blocks, 1e-15))
    heard = blocks[levels > SILENCE_LUFS]
    if heard.size == 0:
        return SILENCE_LUFS
    gate = _OFFSET_DB + 10.0 * np.log10(heard.mean()) + _RELATIVE_GATE_LU
    kept = blocks[(levels > SILENCE_LUFS) & (levels > gate)]
    return float(_OFFSET_DB + 10.0 * np.log10(kept.mean()))


def normalize_loudness(
    audio: Audio, sample_rate: int, target_lufs: float = -23.0, peak: float = 0.97
) -> Audio:
    """Scale ``(T,)`` audio to ``target_lufs``, or as near as its peaks allow (at most ``peak``).

    One gain for the whole signal, so nothing is compressed or distorted. Silence is returned as it
    is. Raises ``InputError`` for NaN or infinite samples.
    """
    highest = float(np.abs(audio).max(initial=0.0))
    if not np.isfinite(highest):
        raise InputError("normalize_loudness: the audio contains NaN or infinite samples.")
    loudness = loudness_lufs(audio, sample_rate)
    if loudness <= SILENCE_LUFS:
        return audio
    gain = min(10.0 ** ((target_lufs - loudness) / 20.0), peak / highest)
    return np.asarray(audio * np.float32(gain), dtype=np.float32)


def normalize_rms(audio: Audio, target_dbfs: float = -20.0, peak: float = 0.97) -> Audio:
    """Scale ``(T,)`` audio to an RMS level, or as near as its peaks allow (at most ``peak``).

    Simpler than loudness and older: silence counts, so trim first. Silence is returned as it is.
    Raises ``InputError`` for NaN or infinite samples.
    """
    highest = float(np.abs(audio).max(initial=0.0))
    if not np.isfinite(highest):
        raise InputError("normalize_rms: the audio contains NaN or infinite samples.")
    if highest == 0.0:
        return audio
    gain = min(10.0 ** ((target_dbfs - rms_dbfs(audio)) / 20.0), peak / highest)
    return np.asarray(audio * np.float32(gain), dtype=np.float32)


def _block_powers(audio: Audio, sample_rate: int) -> npt.NDArray[np.float64]:
    """Mean square of the K-filtered signal in each 400 ms block, every 100 ms: ``(blocks,)``."""
    from scipy.signal import sosfilt

    filtered = sosfilt(_k_filter(sample_rate), audio.astype(np.float64))
    step = round(_STEP_SECONDS * sample_rate)
    per_block = round(_BLOCK_SECONDS / _STEP_SECONDS)
    steps = len(filtered) // step
    if steps < per_block:
        return np.array([np.mean(np.square(filtered))])
    pieces = filtered[: steps * step].reshape(steps, step)
    power = np.einsum("ij,ij->i", pieces, pieces) / step
    return np.asarray(np.convolve(power, np.full(per_block, 1.0 / per_block), mode="valid"))


@lru_cache(maxsize=8)
def _k_filter(sample_rate: int) -> npt.NDArray[np.float64]:
    """BS.1770's two second-order sections at any rate: ``(2, 6)``.

    The standard lists coefficients for 48 kHz only; these are the analogue filters behind them,
    made digital by the bilinear transform (De Man, "Evaluation of implementations of the EBU R128
    loudness measurement", AES 145, 2018). At 48 kHz they agree to six digits.
    """
    # High shelf: +4 dB above 1.7 kHz.
    k = np.tan(np.pi * 1681.974450955533 / sample_rate)
    quality, high = 0.7071752369554196, 10.0 ** (3.999843853973347 / 20.0)
    middle = high**0.4996667741545416
    scale = 1.0 + k / quality + k * k
    shelf = [
        (high + middle * k / quality + k * k) / scale,
        2.0 * (k * k - high) / scale,
        (high - middle * k / quality + k * k) / scale,
        1.0,
        2.0 * (k * k - 1.0) / scale,
        (1.0 - k / quality + k * k) / scale,
    ]
    # High-pass at 38 Hz.
    k = np.tan(np.pi * 38.13547087602444 / sample_rate)
    quality = 0.5003270373238773
    scale = 1.0 + k / quality + k * k
    low_cut = [
        1.0,
        -2.0,
        1.0,
        1.0,
        2.0 * (k * k - 1.0) / scale,
        (1.0 - k / quality + k * k) / scale,
    ]
    return np.array([shelf, low_cut])
