"""From a log-mel spectrogram back to sound without a neural network.

Two things are missing in a mel: the fine frequency resolution, guessed here by non-negative least
squares (the mel filters applied to the guess give the mel again), and the phase, found by going
back and forth between spectrogram and signal until they agree: Griffin & Lim, "Signal estimation
from modified short-time Fourier transform", 1984, with the momentum of Perraudin, Balazs &
Søndergaard, "A fast Griffin-Lim algorithm", 2013.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from env_utils import InputError
from torch import Tensor

from audio_utils.mel import mel_filterbank
from audio_utils.spec import DEFAULT_SPEC, AudioSpec

Array = npt.NDArray[np.float32]

_MOMENTUM = 0.99
_NNLS_STEPS = 30


def griffin_lim(
    mel: Array, spec: AudioSpec = DEFAULT_SPEC, iterations: int = 32, seed: int = 0
) -> Array:
    """Log-mel ``(M, F)`` -> audio ``(T,)`` float32 with ``T = (F - 1) * hop_length``.

    ``iterations`` of phase search: 32 sound acceptable, more than 100 bring little. The start is
    random under ``seed``. Raises ``InputError`` when the mel does not fit the spec.
    """
    if mel.ndim != 2 or mel.shape[0] != spec.n_mels or mel.shape[1] < 1:
        raise InputError(
            f"griffin_lim: the mel has shape {mel.shape}, not ({spec.n_mels}, frames)."
        )
    if mel.shape[1] == 1:
        return np.zeros(0, dtype=np.float32)
    with torch.no_grad():
        magnitude = mel_to_magnitude(torch.from_numpy(np.ascontiguousarray(mel)).float(), spec)
        return np.asarray(find_phase(magnitude, spec, iterations, seed)[0].numpy())


def mel_to_magnitude(log_mel: Tensor, spec: AudioSpec) -> Tensor:
    """Log-mel ``(M, F)`` -> magnitudes ``(K, F)`` that are not negative and give this mel again.

    Starts from the pseudo-inverse and improves by multiplicative updates (Lee & Seung, 2000).
    """
    filters, inverse = mel_filterbank(spec), _inverse_filterbank(spec)
    target = log_mel.exp()
    magnitude = (inverse @ target).clamp(min=1e-7)
    numerator = filters.T @ target
    for _ in range(_NNLS_STEPS):
        magnitude = magnitude * numerator / (filters.T @ (filters @ magnitude)).clamp(min=1e-9)
    return magnitude


def find_phase(
    magnitude: Tensor,
    spec: AudioSpec,
    iterations: int,
    seed: int = 0,
    momentum: float = _MOMENTUM,
) -> tuple[Tensor, list[float]]:
    """Signal ``(T,)`` whose spectrogram is near ``(K, F)`` magnitudes, and the way there.

    The list holds the spectral convergence before each iteration: the distance between the wanted
    magnitudes and those of the signal, relative to the wanted ones. It falls. ``momentum`` 0 is
    the method of 1984.
    """
    window = torch.hann_window(spec.n_fft)
    generator = torch.Generator().manual_seed(seed)
    angles = 2 * torch.pi * torch.rand(magnitude.shape, generator=generator)
    phase = torch.polar(torch.ones_like(magnitude), angles)
    samples = (magnitude.shape[1] - 1) * spec.hop_length
    padded = torch.nn.functional.pad

    def signal(spectrum: Tensor) -> Tensor:
        audio: Tensor = torch.istft(
            spectrum, spec.n_fft, spec.hop_length, window=window, length=samples
        )
        return audio

    previous, history = torch.zeros_like(phase), []
    norm = float(magnitude.norm().clamp(min=1e-12))
    for _ in range(iterations):
        audio = padded(signal(magnitude * phase), (0, max(0, spec.n_fft // 2 + 1 - samples)))
        rebuilt = torch.stft(
            audio, spec.n_fft, spec.hop_length, window=window, return_complex=True
        )[:, : magnitude.shape[1]]
        history.append(float((rebuilt.abs() - magnitude).norm()) / norm)
        ahead = rebuilt - previous * (momentum / (1 + momentum))
        phase = ahead / ahead.abs().clamp(min=1e-12)
        previous = rebuilt
    audio = signal(magnitude * phase)
    return audio, history


@lru_cache(maxsize=4)
def _inverse_filterbank(spec: AudioSpec) -> Tensor:
    inverse: Tensor = torch.linalg.pinv(mel_filterbank(spec).double()).float()
    return inverse
