"""04.e8  One step of Griffin and Lim

Given: wanted magnitudes (K, F), and any phase: complex numbers of length 1, (K, F). Not every
such pair is the spectrogram of a sound. One step goes to a sound and back:

1. the signal of magnitude * phase, by the inverse STFT (given below);
2. the STFT of that signal (given below), and of it only the phase: each number divided by its
   length (by at least 1e-12, where the length is 0);
3. also return how far the two magnitudes are apart before they are replaced, the spectral
   convergence:  ||  |STFT| - magnitude  || / || magnitude ||   with || || = root of the sum of
   squares.

Then search: repeat the step from the phase given, and return the signal of the last phase and the
list of distances. From step to step the distance falls; Griffin and Lim (1984) prove that it never
rises.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

Array = npt.NDArray[np.float64]
Spectrum = npt.NDArray[np.complex128]

N_FFT, HOP = 512, 128
WINDOW = torch.hann_window(N_FFT, dtype=torch.float64)


def stft(audio: Array) -> Spectrum:
    """``(T,) -> (K, F)`` complex; given."""
    signal = torch.from_numpy(audio)
    return torch.stft(signal, N_FFT, HOP, window=WINDOW, return_complex=True).numpy()


def istft(spectrum: Spectrum) -> Array:
    """``(K, F)`` complex ``-> ((F - 1) * HOP,)``; given."""
    samples = (spectrum.shape[1] - 1) * HOP
    signal = torch.from_numpy(spectrum)
    return torch.istft(signal, N_FFT, HOP, window=WINDOW, length=samples).numpy()


def step(magnitude: Array, phase: Spectrum) -> tuple[Spectrum, float]:
    """The next phase ``(K, F)``, and the spectral convergence of this one."""
    raise NotImplementedError("step: to a signal and back; keep the phase, measure the distance")


def search(magnitude: Array, phase: Spectrum, iterations: int) -> tuple[Array, list[float]]:
    """The signal after ``iterations`` steps, and the distance of each step."""
    raise NotImplementedError("search: a loop around step")
