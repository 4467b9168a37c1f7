"""04.e4  The mel filter bank

Turn a spectrum of evenly spaced frequencies into what the ear distinguishes:

1. hz_to_mel(f) = 2595 log10(1 + f / 700), and mel_to_hz, its inverse.
2. filter_bank(rate, n_fft, n_mels): n_mels triangles. Their n_mels + 2 corners are evenly spaced
   in mel from 0 Hz to rate / 2; triangle m rises from 0 at corner m to 1 at corner m + 1 and
   falls to 0 at corner m + 2. Evaluate it at the frequencies of the FFT bins, k * rate / n_fft
   for k = 0 ... n_fft // 2. Height 1, no area normalization.  -> (n_mels, n_fft // 2 + 1)

Example: hz_to_mel(1000) is 999.99: the scale was made so that 1000 Hz are 1000 mel.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def hz_to_mel(hz: Array) -> Array:
    """Any shape."""
    return 2595 * np.log10(1 + hz / 700)


def mel_to_hz(mel: Array) -> Array:
    """Any shape."""
    return 700 * (10 ** (mel / 2595) - 1)


def filter_bank(rate: int, n_fft: int, n_mels: int) -> Array:
    """``(n_mels, n_fft // 2 + 1)``."""
    corners = mel_to_hz(np.linspace(0.0, hz_to_mel(np.array(rate / 2)), n_mels + 2))
    bins_hz = np.arange(n_fft // 2 + 1) * rate / n_fft
    left, centre, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    rising = (bins_hz - left) / (centre - left)
    falling = (right - bins_hz) / (right - centre)
    return np.maximum(0.0, np.minimum(rising, falling))
