"""Augmentation of log-mels: rooms, noises, telephones and masks at the cost of a few additions.

The same effects on audio would need the mel to be computed again for each crop, which costs more
than the network. On magnitudes they are simple: independent sounds add in power, a room smears
power along time, a channel adds to the logarithm. ``B`` batch, ``N`` mel bins, ``F`` frames; all
functions take and return log-mel ``(B, N, F)`` in nats; per-crop parameters are ``(B,)``.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from audio_utils import DEFAULT_SPEC, AudioSpec
from audio_utils.mel import mel_centers_hz, mel_filterbank
from pydantic import Field
from torch import Tensor
from torch.nn import functional
from training_utils import StrictModel


class AugmentConfig(StrictModel):
    """How often each effect is applied, and how strongly."""

    room: float = Field(default=0.3, ge=0, le=1)  # probability
    noise: float = Field(default=0.5, ge=0, le=1)
    babble: float = Field(default=0.15, ge=0, le=1)
    channel: float = Field(default=0.5, ge=0, le=1)
    telephone: float = Field(default=0.1, ge=0, le=1)
    mask: float = Field(default=0.6, ge=0, le=1)
    min_snr_db: float = 5.0
    max_snr_db: float = 30.0
    max_reverberation_seconds: float = Field(default=0.8, gt=0)


def mix(mel: Tensor, noise: Tensor, snr_db: Tensor) -> Tensor:
    """Add ``noise`` (log-mel too) so that the mean power ratio is ``snr_db`` in each crop."""
    level = _mean_power(mel) - _mean_power(noise) - snr_db * math.log(10.0) / 10.0
    noise = noise + 0.5 * level[:, None, None]
    return 0.5 * torch.logaddexp(2.0 * mel, 2.0 * noise)


def _mean_power(mel: Tensor) -> Tensor:
    return torch.logsumexp(2.0 * mel, dim=(1, 2)) - math.log(mel[0].numel())


def coloured_noise(
    like: Tensor, generator: torch.Generator, spec: AudioSpec = DEFAULT_SPEC
) -> Tensor:
    """Stationary noise of a random smooth spectrum, as a log-mel of the shape of ``like``."""
    widths = mel_filterbank(spec)[: like.shape[1]].sum(dim=1).clamp(min=0.1)
    spectrum = 0.5 * widths.log()[None] + random_curve(like, 1.5, generator)
    # the magnitude of Gaussian noise is Rayleigh distributed; wide filters average it
    ripple = 0.5 / widths.sqrt()[None, :, None] * torch.randn(like.shape, generator=generator)
    return spectrum[:, :, None] + ripple.clamp(min=-2.0)


def random_curve(like: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Smooth curves over the bins, ``(B, N)``, of standard deviation ``strength`` nats: a tilt
    and three bends."""
    position = torch.linspace(0.0, math.pi, like.shape[1])
    shapes = torch.stack([torch.cos(k * position) / math.sqrt(k) for k in range(1, 5)])
    return strength * torch.randn(len(like), 4, generator=generator) @ shapes / 1.2


def reverberate(
    mel: Tensor, seconds: Tensor, wet: Tensor, spec: AudioSpec = DEFAULT_SPEC
) -> Tensor:
    """Smear power along time with an exponential tail of reverberation time ``seconds``.

    ``wet`` is the power of the tail relative to the direct sound. Polack's statistical model of a
    room, whose late part loses 60 dB in the reverberation time.
    """
    taps = round(0.4 * spec.frames_per_second)
    decay = math.log(1e6) / (seconds * spec.frames_per_second)
    tail = torch.exp(-decay[:, None] * torch.arange(1, taps + 1))
    tail = wet[:, None] * tail / tail.sum(dim=1, keepdim=True)
    kernel = torch.cat([torch.ones(len(mel), 1), tail], dim=1).flip(1)
    power = functional.pad((2.0 * mel).exp().transpose(0, 1), (taps, 0))
    smeared = functional.conv1d(power, kernel[:, None], groups=len(mel))
    return 0.5 * smeared.transpose(0, 1).clamp(min=1e-10).log()


def telephone(mel: Tensor, spec: AudioSpec = DEFAULT_SPEC) -> Tensor:
    """Keep 300-3400 Hz; what is outside falls by up to 8 nats (70 dB)."""
    hz = torch.from_numpy(mel_centers_hz(spec)[: mel.shape[1]]).float()
    outside = torch.maximum((300.0 - hz) / 100.0, (hz - 3400.0) / 200.0).clamp(0.0, 8.0)
    return mel - outside[None, :, None]


def mask(mel: Tensor, generator: torch.Generator) -> Tensor:
    """One stretch of time (up to 15 %) and one of frequency (up to 12 bins) set to the bin's mean.

    Park et al. 2019, "SpecAugment", arXiv:1904.08779.
    """
    mean = mel.mean(dim=2, keepdim=True)
    hidden = torch.zeros(mel.shape, dtype=torch.bool)
    for axis, longest in ((1, 12), (2, int(0.15 * mel.shape[2]))):
        size = mel.shape[axis]
        width = (torch.rand(len(mel), 1, generator=generator) * longest).round()
        start = (torch.rand(len(mel), 1, generator=generator) * (size - width)).floor()
        place = torch.arange(size)[None]
        inside = (place >= start) & (place < start + width)
        hidden |= inside.unsqueeze(2 if axis == 1 else 1)
    return torch.where(hidden, mean, mel)


class MelAugmenter:
    """Applies each effect to a random part of a batch."""

    def __init__(self, config: AugmentConfig, spec: AudioSpec = DEFAULT_SPEC) -> None:
        self.config, self.spec = config, spec

    def apply(self, mel: Tensor, rng: np.random.Generator) -> Tensor:
        """Log-mel ``(B, N, F)`` -> the same shape; a pure function of ``mel`` and ``rng``."""
        config = self.config
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))

        def uniform(low: float, high: float) -> Tensor:
            return low + (high - low) * torch.rand(len(mel), generator=generator)

        def sometimes(probability: float, changed: Tensor) -> Tensor:
            yes = torch.rand(len(mel), generator=generator) < probability
            return torch.where(yes[:, None, None], changed, mel)

        longest = config.max_reverberation_seconds
        wet = (uniform(-12.0, 0.0) * math.log(10.0) / 10.0).exp()
        mel = sometimes(config.room, reverberate(mel, uniform(0.15, longest), wet, self.spec))
        low, high = config.min_snr_db, config.max_snr_db
        noise = coloured_noise(mel, generator, self.spec)
        mel = sometimes(config.noise, mix(mel, noise, uniform(low, high)))
        others = mel.roll(len(mel) // 2 + 1, dims=0).flip(2)
        mel = sometimes(config.babble, mix(mel, others, uniform(low + 5.0, high)))
        curve = random_curve(mel, 0.6, generator)
        mel = sometimes(config.channel, mel + curve[:, :, None])
        mel = sometimes(config.telephone, telephone(mel, self.spec))
        return sometimes(config.mask, mask(mel, generator))
