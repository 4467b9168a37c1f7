"""HiFi-GAN: from a log-mel spectrogram to audio by upsampling in the time domain.

Kong, Kim & Bae, "HiFi-GAN: Generative adversarial networks for efficient and high fidelity speech
synthesis" (2010.05646). Transposed convolutions stretch the mel in four steps (8 · 8 · 2 · 2 = 256
samples a frame); after each, residual blocks with several kernel sizes and dilations are averaged
("multi-receptive field fusion", section 2.2), so that short and long patterns are seen at once.
Nearly all the work happens at the sample rate, which is why it needs some eighty times the
operations of Vocos. Sizes are those of the paper's V1 and V2, for 100 mel bins at 24 kHz.

Shapes: ``B`` batch, ``M`` mel bins, ``F`` frames, ``D`` channels, ``T`` samples.
"""

from __future__ import annotations

import math
from typing import Literal, Self

import torch
from audio_utils import AudioSpec
from env_utils import ConfigError
from pydantic import model_validator
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm
from torch.nn.utils.parametrize import is_parametrized, remove_parametrizations
from training_utils import StrictModel

SLOPE = 0.1  # of the leaky rectifiers
WIDTHS = {"V1": 512, "V2": 128}  # channels before the first upsampling


class HifiganConfig(StrictModel):
    """Sizes of the network: a variant of the paper, and what to change in it."""

    variant: Literal["V1", "V2"] = "V1"
    channels: int = 0  # before the first upsampling, halved by each; 0: as the variant says
    upsample_rates: tuple[int, ...] = (8, 8, 2, 2)  # their product is the hop length
    upsample_kernels: tuple[int, ...] = (16, 16, 4, 4)
    kernel_sizes: tuple[int, ...] = (3, 7, 11)  # of the residual blocks
    dilations: tuple[int, ...] = (1, 3, 5)  # inside each residual block

    @model_validator(mode="after")
    def _rates_and_kernels(self) -> Self:
        if len(self.upsample_rates) != len(self.upsample_kernels):
            raise ValueError("upsample_rates and upsample_kernels must have the same length")
        pairs = zip(self.upsample_rates, self.upsample_kernels, strict=True)
        if any(kernel < rate or (kernel - rate) % 2 for rate, kernel in pairs):
            raise ValueError("each upsampling kernel must be its rate plus an even number")
        if any(size % 2 == 0 for size in self.kernel_sizes):
            raise ValueError("kernel_sizes must be odd")
        if self.width % 2 ** len(self.upsample_rates):
            raise ValueError("channels must be divisible by two for every upsampling step")
        return self

    @property
    def width(self) -> int:
        """Channels before the first upsampling."""
        return self.channels or WIDTHS[self.variant]

    @property
    def context_frames(self) -> int:
        """Frames on either side that one output frame depends on."""
        reach, samples_per_frame = 3.0, 1  # the first convolution has seven taps
        for rate, kernel in zip(self.upsample_rates, self.upsample_kernels, strict=True):
            reach += math.ceil(kernel / rate) / samples_per_frame
            samples_per_frame *= rate
            taps = (max(self.kernel_sizes) - 1) // 2
            reach += taps * (sum(self.dilations) + len(self.dilations)) / samples_per_frame
        return math.ceil(reach + 3 / samples_per_frame)


class ResidualBlock(nn.Module):
    """For each dilation two convolutions around a sum ("ResBlock1"): ``(B, D, T) -> (B, D, T)``."""

    def __init__(self, channels: int, kernel_size: int, dilations: tuple[int, ...]) -> None:
        super().__init__()

        def convolution(dilation: int) -> nn.Module:
            padding = (kernel_size - 1) // 2 * dilation
            layer = nn.Conv1d(channels, channels, kernel_size, dilation=dilation, padding=padding)
            nn.init.normal_(layer.weight, std=0.01)
            normed: nn.Module = weight_norm(layer)
            return normed

        self.dilated = nn.ModuleList(convolution(dilation) for dilation in dilations)
        self.plain = nn.ModuleList(convolution(1) for _ in dilations)

    def forward(self, x: Tensor) -> Tensor:
        for dilated, plain in zip(self.dilated, self.plain, strict=True):
            y = dilated(functional.leaky_relu(x, SLOPE))
            x = x + plain(functional.leaky_relu(y, SLOPE))
        return x


class Upsampling(nn.Module):
    """Transposed convolution by ``rate``, then the mean of the residual blocks.

    ``(B, D, T) -> (B, D / 2, T * rate)``.
    """

    def __init__(self, channels: int, rate: int, kernel: int, config: HifiganConfig) -> None:
        super().__init__()
        layer = nn.ConvTranspose1d(
            channels, channels // 2, kernel, stride=rate, padding=(kernel - rate) // 2
        )
        nn.init.normal_(layer.weight, std=0.01)
        self.stretch = weight_norm(layer)
        self.blocks = nn.ModuleList(
            ResidualBlock(channels // 2, size, config.dilations) for size in config.kernel_sizes
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.stretch(functional.leaky_relu(x, SLOPE))
        total = self.blocks[0](x)
        for block in self.blocks[1:]:
            total = total + block(x)
        return torch.as_tensor(total / len(self.blocks))


class Hifigan(nn.Module):
    """``(B, M, F)`` log-mel -> ``(B, T)`` audio in [-1, 1], ``T = (F - 1) * hop_length``.

    The network makes ``hop_length`` samples for every frame. Our frames are *centred* on multiples
    of the hop, so half a hop is dropped at either end, which puts frame ``f`` where it belongs and
    gives the same length as :class:`Vocos`:

        frames            0       1       2
        network       |-------|-------|-------|
        kept              |---------------|
    """

    def __init__(self, config: HifiganConfig, spec: AudioSpec) -> None:
        super().__init__()
        self.config, self.spec = config, spec
        made = math.prod(config.upsample_rates)
        if made != spec.hop_length:
            raise ConfigError(
                f"upsample_rates: {list(config.upsample_rates)} make {made} samples a frame, but "
                f"the hop length is {spec.hop_length}. Their product must be the hop length."
            )
        self.embed = weight_norm(nn.Conv1d(spec.n_mels, config.width, 7, padding=3))
        self.upsamplings = nn.Sequential()
        channels = config.width
        for rate, kernel in zip(config.upsample_rates, config.upsample_kernels, strict=True):
            self.upsamplings.append(Upsampling(channels, rate, kernel, config))
            channels //= 2
        last = nn.Conv1d(channels, 1, 7, padding=3)
        nn.init.normal_(last.weight, std=0.01)
        self.to_audio = weight_norm(last)

    def forward(self, mel: Tensor, f0_hz: Tensor | None = None) -> Tensor:
        del f0_hz  # this network finds the pitch by itself
        x = functional.leaky_relu(self.upsamplings(self.embed(mel)), SLOPE)
        audio = self.to_audio(x).float().tanh()[:, 0]
        edge = self.spec.hop_length // 2
        return torch.as_tensor(audio[:, edge : audio.shape[1] - edge])

    def fold(self) -> Self:
        """Replace weight normalization (``w = g v / |v|``, 1602.07868) by the weights it gives.

        The same output from fewer operations; for inference only. Returns the module.
        """
        for module in self.modules():
            if is_parametrized(module, "weight"):
                remove_parametrizations(module, "weight")
        return self
