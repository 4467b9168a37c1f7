"""Vocos: from a log-mel spectrogram to audio through an inverse Fourier transform.

Siuzdak, "Vocos: Closing the gap between time-domain and Fourier-based neural vocoders for
high-quality audio synthesis" (2306.00814). A stack of ConvNeXt blocks at the frame rate predicts
the magnitude and phase of every short-time Fourier coefficient; the inverse transform does the
upsampling. That is why it runs some thirty times faster on a CPU than vocoders that upsample with
transposed convolutions.

Shapes: ``B`` batch, ``M`` mel bins, ``F`` frames, ``D`` channels, ``K = n_fft // 2 + 1``,
``T`` samples.
"""

from __future__ import annotations

import torch
from audio_utils import AudioSpec
from torch import Tensor, nn
from training_utils import StrictModel


class VocosConfig(StrictModel):
    """Sizes of the network."""

    channels: int = 256
    blocks: int = 8
    hidden: int = 768
    kernel_size: int = 7

    @property
    def context_frames(self) -> int:
        """Frames on either side that one output frame depends on."""
        return (self.blocks + 1) * (self.kernel_size // 2)


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution, then a two-layer perceptron per frame (Liu et al., 2201.03545).

    ``(B, D, F) -> (B, D, F)``; residual, with a learned scale per channel that starts small.
    """

    def __init__(self, channels: int, hidden: int, kernel_size: int, scale: float) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(
            channels, channels, kernel_size, padding=kernel_size // 2, groups=channels
        )
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.expand = nn.Linear(channels, hidden)
        self.contract = nn.Linear(hidden, channels)
        self.scale = nn.Parameter(torch.full((channels,), scale))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.depthwise(x).transpose(1, 2))
        y = self.contract(nn.functional.gelu(self.expand(y)))
        return torch.as_tensor(x + (self.scale * y).transpose(1, 2))


class InverseStftHead(nn.Module):
    """Predict magnitude and phase of each coefficient; invert: ``(B, F, D) -> (B, T)``.

    ``T = (F - 1) * hop_length``. The magnitude is ``exp(m)``, limited to 100; the phase is any real
    number p and enters as ``cos p + i sin p``, so that it needs no wrapping.
    """

    def __init__(self, channels: int, spec: AudioSpec) -> None:
        super().__init__()
        self.spec = spec
        self.project = nn.Linear(channels, spec.n_fft + 2)
        self.register_buffer("window", torch.hann_window(spec.n_fft), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        log_magnitude, phase = self.project(x).float().transpose(1, 2).chunk(2, dim=1)
        magnitude = log_magnitude.exp().clamp(max=100.0)
        coefficients = torch.complex(magnitude * phase.cos(), magnitude * phase.sin())
        window = self.get_buffer("window")
        return torch.istft(
            coefficients, self.spec.n_fft, self.spec.hop_length, window=window, center=True
        )


class Vocos(nn.Module):
    """``(B, M, F)`` log-mel -> ``(B, T)`` audio, nominally in [-1, 1]."""

    def __init__(self, config: VocosConfig, spec: AudioSpec) -> None:
        super().__init__()
        self.config, self.spec = config, spec
        self.embed = nn.Conv1d(
            spec.n_mels, config.channels, config.kernel_size, padding=config.kernel_size // 2
        )
        self.norm = nn.LayerNorm(config.channels, eps=1e-6)
        self.backbone = nn.Sequential(
            *(
                ConvNeXtBlock(
                    config.channels, config.hidden, config.kernel_size, 1.0 / config.blocks
                )
                for _ in range(config.blocks)
            )
        )
        self.final_norm = nn.LayerNorm(config.channels, eps=1e-6)
        self.head = InverseStftHead(config.channels, spec)
        self.apply(_initialize)

    def forward(self, mel: Tensor) -> Tensor:
        x = self.norm(self.embed(mel).transpose(1, 2)).transpose(1, 2)
        x = self.final_norm(self.backbone(x).transpose(1, 2))
        audio: Tensor = self.head(x)
        return audio


def _initialize(module: nn.Module) -> None:
    if isinstance(module, nn.Conv1d | nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
