"""Pitch by hand: how often the voice repeats itself in a second, from the autocorrelation.

A vowel is nearly the same wave again and again. Shifted by one period it fits itself best, so the
first high peak of the autocorrelation is the period ``T0``, and ``F0 = 1 / T0``. This is the short
version, frame by frame; floor 04 (``audio_utils.f0_contour``) adds the path through all frames that
removes most of the octave errors (P. Boersma, IFA Proceedings 17, 1993).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

F0_MIN_HZ = 60.0
F0_MAX_HZ = 400.0
FRAME_SECONDS = 0.05  # three periods of the lowest pitch
HOP_SECONDS = 0.01
VOICED_ABOVE = 0.55  # normalized autocorrelation; noise stays below
QUIET_BELOW = 0.05  # share of the loud frames' level below which nothing counts as voice


def frames_of(samples: npt.NDArray[np.floating], sample_rate: int) -> Array:
    """``(F, W)`` frames of 50 ms, one every 10 ms, frame ``i`` centred on ``i * 10 ms``."""
    width = round(FRAME_SECONDS * sample_rate)
    hop = HOP_SECONDS * sample_rate
    padded = np.pad(np.asarray(samples, dtype=np.float64), width // 2 + 1)
    starts = np.round(np.arange(int(len(samples) / hop) + 1) * hop).astype(np.int64) + 1
    return np.lib.stride_tricks.sliding_window_view(padded, width)[starts]


def autocorrelation(frames: Array) -> Array:
    """Normalized autocorrelation ``(F, L)`` of ``(F, W)`` frames: 1 at lag 0, -1 to about 1.

    Computed as the inverse Fourier transform of the power spectrum, and divided by the window's
    own, which takes away the slope that the window causes.
    """
    width = frames.shape[1]
    window = np.hanning(width)
    size = 2 * width
    lags = width // 2  # beyond half the window there is too little left to compare
    centred = (frames - frames.mean(axis=1, keepdims=True)) * window
    power = np.abs(np.fft.rfft(centred, size, axis=1)) ** 2
    raw = np.fft.irfft(power, axis=1)[:, :lags]
    own = np.fft.irfft(np.abs(np.fft.rfft(window, size)) ** 2)[:lags]
    return np.asarray(raw / np.maximum(raw[:, :1], 1e-12) / (own / own[0]))


def pitch_contour(samples: npt.NDArray[np.floating], sample_rate: int) -> Array:
    """F0 of ``(T,)`` audio every 10 ms: ``(F,)`` Hz in 60 to 400, 0 where there is no voice."""
    frames = frames_of(samples, sample_rate)
    r = autocorrelation(frames)
    shortest, longest = int(sample_rate / F0_MAX_HZ), int(np.ceil(sample_rate / F0_MIN_HZ))
    inner = r[:, shortest : longest + 1]
    left, right = r[:, shortest - 1 : longest], r[:, shortest + 1 : longest + 2]
    peaks = np.where((inner >= left) & (inner > right), inner, 0.0)
    best = peaks.max(axis=1, keepdims=True)
    # Two periods fit as well as one: of nearly equal peaks the shortest lag is the period.
    lag = np.argmax(peaks >= 0.9 * best, axis=1) + shortest
    row = np.arange(len(r))
    before, here, after = r[row, lag - 1], r[row, lag], r[row, lag + 1]
    bend = np.minimum(before - 2 * here + after, -1e-9)
    f0 = sample_rate / (lag + 0.5 * (before - after) / bend)  # top of the parabola through three
    level = np.sqrt((frames**2).mean(axis=1))
    voiced = (best[:, 0] > VOICED_ABOVE) & (level > QUIET_BELOW * np.percentile(level, 95))
    return _without_outliers(np.where(voiced, np.clip(f0, F0_MIN_HZ, F0_MAX_HZ), 0.0))


def _without_outliers(f0: Array) -> Array:
    """A voiced frame takes the median of itself and its voiced neighbours (five frames)."""
    padded = np.pad(np.where(f0 > 0, f0, np.nan), 2, constant_values=np.nan)
    near = np.lib.stride_tricks.sliding_window_view(padded, 5)
    smooth = f0.copy()
    voiced = f0 > 0
    smooth[voiced] = np.nanmedian(near[voiced], axis=1)
    # One or two voiced frames alone are a click, not a vowel.
    return np.asarray(np.where(voiced & ((~np.isnan(near)).sum(axis=1) >= 3), smooth, 0.0))
