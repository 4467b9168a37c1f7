"""What the vocoder is trained on: distances between spectra, and discriminators.

A waveform cannot be compared sample by sample, because two signals that sound alike may differ in
phase everywhere. Spectra can: the log-mel distance gets the envelope right, several STFT
resolutions at once get transients and harmonics right (Yamamoto et al., 1910.11480), and a
discriminator over complex spectrograms removes what such averages leave over.

Shapes: ``B`` batch, ``T`` samples, ``K`` bins, ``F`` frames.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from audio_utils import AudioSpec, log_mel_spectrogram
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

RESOLUTIONS = ((512, 128), (1024, 256), (2048, 512))  # (n_fft, hop) of the STFT loss and MRD


def spectrogram(audio: Tensor, n_fft: int, hop: int) -> Tensor:
    """Complex STFT, ``(B, T) -> (B, K, F)``."""
    window = torch.hann_window(n_fft, device=audio.device)
    return torch.stft(audio, n_fft, hop, window=window, return_complex=True)


def mel_loss(fake: Tensor, real: Tensor, spec: AudioSpec) -> Tensor:
    """Mean absolute difference of log-mels (natural logarithm), a scalar."""
    return functional.l1_loss(log_mel_spectrogram(fake, spec), log_mel_spectrogram(real, spec))


def multi_resolution_stft_loss(fake: Tensor, real: Tensor) -> Tensor:
    """Spectral convergence plus log-magnitude L1, averaged over resolutions (1910.11480, eq. 4)."""
    total = fake.new_zeros(())
    for n_fft, hop in RESOLUTIONS:
        a = spectrogram(fake, n_fft, hop).abs().clamp(min=1e-5)
        b = spectrogram(real, n_fft, hop).abs().clamp(min=1e-5)
        convergence = torch.linalg.vector_norm(b - a) / torch.linalg.vector_norm(b)
        total = total + convergence + functional.l1_loss(a.log(), b.log())
    return total / len(RESOLUTIONS)


class SpectrogramDiscriminator(nn.Module):
    """Two-dimensional convolutions over one complex spectrogram (UnivNet, 2106.07889; DAC).

    ``(B, T) -> (score map, feature maps)``. Strides halve the frequency axis, not time.
    """

    def __init__(self, n_fft: int, hop: int, channels: int) -> None:
        super().__init__()
        self.n_fft, self.hop = n_fft, hop
        widths = [2, channels, channels, channels, channels]
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(a, b, (5, 3), stride=(2, 1), padding=(2, 1)))
            for a, b in pairwise(widths)
        )
        self.score = weight_norm(nn.Conv2d(channels, 1, 3, padding=1))

    def forward(self, audio: Tensor) -> tuple[Tensor, list[Tensor]]:
        complex_ = spectrogram(audio.float(), self.n_fft, self.hop)
        magnitude = complex_.abs().clamp(min=1e-5)
        compressed = magnitude.pow(-0.7) * complex_  # |X|^0.3 with its phase: loudness-compressed
        x = torch.stack([compressed.real, compressed.imag], dim=1)
        features = []
        for layer in self.layers:
            x = functional.leaky_relu(layer(x), 0.1)
            features.append(x)
        return self.score(x), features


class PeriodDiscriminator(nn.Module):
    """Folds the waveform at one period and looks for structure (HiFi-GAN, 2010.05646).

    ``(B, T) -> (score map, feature maps)``. Strong and expensive: meant for GPUs.
    """

    def __init__(self, period: int, channels: int) -> None:
        super().__init__()
        self.period = period
        widths = [1, channels, 2 * channels, 4 * channels, 8 * channels]
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(a, b, (5, 1), (3, 1), padding=(2, 0)))
            for a, b in pairwise(widths)
        )
        self.score = weight_norm(nn.Conv2d(widths[-1], 1, (3, 1), padding=(1, 0)))

    def forward(self, audio: Tensor) -> tuple[Tensor, list[Tensor]]:
        batch, samples = audio.shape
        x = functional.pad(audio[:, None], (0, -samples % self.period), mode="reflect")
        x = x.view(batch, 1, -1, self.period)
        features = []
        for layer in self.layers:
            x = functional.leaky_relu(layer(x), 0.1)
            features.append(x)
        return self.score(x), features


class Discriminators(nn.Module):
    """Multi-resolution spectrogram discriminators and, optionally, multi-period ones."""

    def __init__(self, channels: int = 24, periods: bool = False, period_channels: int = 16):
        super().__init__()
        parts: list[nn.Module] = [SpectrogramDiscriminator(n, h, channels) for n, h in RESOLUTIONS]
        if periods:
            parts += [PeriodDiscriminator(p, period_channels) for p in (2, 3, 5, 7, 11)]
        self.parts = nn.ModuleList(parts)

    def forward(self, audio: Tensor) -> list[tuple[Tensor, list[Tensor]]]:
        return [part(audio) for part in self.parts]


def discriminator_loss(
    real: list[tuple[Tensor, list[Tensor]]], fake: list[tuple[Tensor, list[Tensor]]]
) -> Tensor:
    """Hinge loss: real scores above 1, fake ones below -1; averaged over discriminators."""
    terms = [
        functional.relu(1 - r).mean() + functional.relu(1 + f).mean()
        for (r, _), (f, _) in zip(real, fake, strict=True)
    ]
    return torch.stack(terms).mean()


def generator_losses(
    real: list[tuple[Tensor, list[Tensor]]], fake: list[tuple[Tensor, list[Tensor]]]
) -> tuple[Tensor, Tensor]:
    """``(adversarial, feature matching)``: hinge, and L1 relative to the real features' size."""
    adversarial = torch.stack([functional.relu(1 - f).mean() for f, _ in fake]).mean()
    matching = torch.stack(
        [
            functional.l1_loss(a, b.detach()) / b.detach().abs().mean().clamp(min=1e-3)
            for (_, rs), (_, fs) in zip(real, fake, strict=True)
            for a, b in zip(fs, rs, strict=True)
        ]
    ).mean()
    return adversarial, matching
