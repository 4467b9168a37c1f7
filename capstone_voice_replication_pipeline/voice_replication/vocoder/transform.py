"""The short-time Fourier transform and its inverse, one frame after the other in memory.

The network works frame by frame, so its spectra lie frame by frame too, ``(B, F, K)``. A transform
laid out the other way round, as torch's are, has every number copied to another place on the way
in and on the way out, and adds overlapping frames up one sample at a time. Here whole quarters of
frames are added, which takes a fraction of the time; the numbers are the same.

Shapes: ``B`` batch, ``F`` frames, ``K = n_fft // 2 + 1``, ``T = (F - 1) * hop_length`` samples.
"""

from __future__ import annotations

import torch
from audio_utils import AudioSpec
from torch import Tensor

FAINTEST = 1e-12  # power below which a magnitude has no slope, so that silence can be trained on


def analyze(audio: Tensor, spec: AudioSpec, window: Tensor) -> Tensor:
    """``(B, T)`` -> complex ``(B, F, K)``: centered frames, mirrored at the ends."""
    spectrum = torch.stft(audio, spec.n_fft, spec.hop_length, window=window, return_complex=True)
    return spectrum.transpose(1, 2)


def resynthesize(spectrum: Tensor, spec: AudioSpec, window: Tensor) -> Tensor:
    """Complex ``(B, F, K)`` -> ``(B, T)``: the sound whose frames are closest to ``spectrum``
    (Griffin and Lim 1984). ``hop_length`` has to divide ``n_fft``."""
    frames = torch.fft.irfft(spectrum, n=spec.n_fft) * window
    weight = window.square().expand(1, frames.shape[1], -1)
    outside = spec.n_fft // 2
    sound = overlap_add(frames, spec.hop_length)[:, outside:-outside]
    return sound / overlap_add(weight, spec.hop_length)[:, outside:-outside]


def overlap_add(frames: Tensor, hop: int) -> Tensor:
    """``(B, F, N)`` -> ``(B, (F - 1) * hop + N)``: frames laid ``hop`` samples apart and summed.

    frame 0   [a0 a1 a2 a3]
    frame 1      [b0 b1 b2 b3]
    """
    batch, count, size = frames.shape
    parts = size // hop
    total = frames.new_zeros(batch, count + parts - 1, hop)
    for part, piece in enumerate(frames.view(batch, count, parts, hop).unbind(2)):
        total[:, part : part + count] += piece
    return total.flatten(1)


def magnitude(spectrum: Tensor) -> Tensor:
    """Absolute values of a complex tensor; faster than ``abs``, which guards against an overflow
    that sound cannot cause."""
    power = torch.addcmul(spectrum.real.square(), spectrum.imag, spectrum.imag)
    return power.clamp(min=FAINTEST).sqrt()


def scaled(spectrum: Tensor, gain: Tensor) -> Tensor:
    """A complex tensor times a real one, which is not made complex for it."""
    return torch.view_as_complex(torch.view_as_real(spectrum) * gain[..., None])


def from_polar(size: Tensor, angle: Tensor) -> Tensor:
    """``size * exp(i angle)``; faster than ``torch.polar``."""
    return torch.complex(size * angle.cos(), size * angle.sin())
