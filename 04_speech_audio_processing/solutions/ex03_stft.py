"""04.e3  A spectrogram from nothing

Write the short-time Fourier transform with NumPy alone (np.fft.rfft is allowed):

1. hann(n): the periodic Hann window, 0.5 - 0.5 cos(2 pi i / n) for i = 0 ... n - 1.
2. frames(audio, n_fft, hop): mirror the signal by n_fft // 2 samples at both ends (np.pad, mode
   "reflect"), so that frame k is centred on sample k * hop; then cut frames of n_fft samples
   every hop samples: T // hop + 1 of them.  (T,) -> (F, n_fft)
3. magnitudes(audio, n_fft, hop): the absolute value of the Fourier transform of each windowed
   frame, with frequency going down the rows.  (T,) -> (n_fft // 2 + 1, F)

Example: frames of 1000 samples with n_fft 64, hop 16 have the shape (63, 64).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def hann(n: int) -> Array:
    """The periodic window, ``(n,)``."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)


def frames(audio: Array, n_fft: int, hop: int) -> Array:
    """``(T,) -> (T // hop + 1, n_fft)``."""
    padded = np.pad(audio, n_fft // 2, mode="reflect")
    starts = np.arange(len(audio) // hop + 1) * hop
    return np.stack([padded[start : start + n_fft] for start in starts])


def magnitudes(audio: Array, n_fft: int, hop: int) -> Array:
    """``(T,) -> (n_fft // 2 + 1, F)``."""
    return np.abs(np.fft.rfft(frames(audio, n_fft, hop) * hann(n_fft), axis=1)).T
