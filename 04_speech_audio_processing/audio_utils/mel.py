"""Log-mel spectrograms under an :class:`~audio_utils.spec.AudioSpec`.

Shapes: ``B`` batch, ``T`` samples, ``F`` frames, ``M`` mel bins, ``K = n_fft // 2 + 1`` bins.
The mel scale is HTK's (Young et al., The HTK Book): ``mel = 2595 log10(1 + f / 700)``, with
triangular filters of height 1 (no area normalization); equal to
``librosa.filters.mel(htk=True, norm=None)``.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from audio_utils.spec import AudioSpec


def hz_to_mel(f_hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """HTK mel of a frequency in Hz."""
    return np.asarray(2595.0 * np.log10(1.0 + f_hz / 700.0))


def mel_to_hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Frequency in Hz of an HTK mel."""
    return np.asarray(700.0 * (10.0 ** (mel / 2595.0) - 1.0))


def mel_centers_hz(spec: AudioSpec) -> npt.NDArray[np.float64]:
    """Centre frequency of each mel bin, ``(M,)``, in Hz."""
    low, high = hz_to_mel(np.array([spec.f_min_hz, spec.f_max_hz]))
    return mel_to_hz(np.linspace(low, high, spec.n_mels + 2))[1:-1]


@lru_cache(maxsize=8)
def mel_filterbank(spec: AudioSpec) -> Tensor:
    """Triangular HTK filters, ``(M, K)`` float32, each with peak height 1."""
    low, high = hz_to_mel(np.array([spec.f_min_hz, spec.f_max_hz]))
    edges = mel_to_hz(np.linspace(low, high, spec.n_mels + 2))
    bins_hz = np.linspace(0.0, spec.sample_rate / 2, spec.n_fft // 2 + 1)
    rising = (bins_hz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins_hz) / (edges[2:] - edges[1:-1])[:, None]
    filters = np.maximum(0.0, np.minimum(rising, falling))
    with torch.inference_mode(False):  # it is kept, and training may need it later
        return torch.from_numpy(filters.astype(np.float32))


def magnitude_spectrogram(audio: Tensor, spec: AudioSpec) -> Tensor:
    """Magnitudes of the centred short-time Fourier transform: ``(B, T) -> (B, K, F)``.

    Frames are centred and the signal is reflected at both ends, so ``F = T // hop_length + 1``;
    signals shorter than half a window are padded with zeros first.
    """
    pad = spec.n_fft // 2
    if audio.shape[-1] <= pad:
        audio = torch.nn.functional.pad(audio, (0, pad + 1 - audio.shape[-1]))
    window = torch.hann_window(spec.n_fft, device=audio.device)
    stft = torch.stft(
        audio,
        spec.n_fft,
        spec.hop_length,
        window=window,
        center=True,
        pad_mode="reflect",
        return_complex=True,
    )
    return stft.abs()


def log_mel_spectrogram(audio: Tensor, spec: AudioSpec) -> Tensor:
    """Natural-log mel spectrogram: ``(B, T)`` audio in [-1, 1] -> ``(B, M, F)``.

    Values lie between ``log(log_floor)`` (-11.5 by default) and about 5.
    """
    magnitude = magnitude_spectrogram(audio, spec)
    mel = mel_filterbank(spec).to(magnitude.device) @ magnitude
    return mel.clamp(min=spec.log_floor).log()


def mel_spectrogram(audio: npt.NDArray[np.float32], spec: AudioSpec) -> npt.NDArray[np.float32]:
    """Log-mel spectrogram of one signal: ``(T,) -> (M, F)``, float32. See the batched version."""
    with torch.no_grad():
        mel = log_mel_spectrogram(torch.from_numpy(np.ascontiguousarray(audio))[None], spec)[0]
    return np.asarray(mel.numpy(), dtype=np.float32)
