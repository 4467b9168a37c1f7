"""HiFi-GAN V1's generator (J. Kong, J. Kim, J. Bae, 2020, section 2.2 and appendix A.1), at 24 kHz.

Written from the paper, for one purpose: to time it beside our vocoder with random weights. Four
transposed convolutions turn 100 mel bins at 93.75 frames/s into samples (8 * 8 * 2 * 2 = 256);
after each stands a multi-receptive-field fusion: the mean of three residual stacks that look at the
same signal with kernels of 3, 7 and 11 samples and dilations of 1, 3 and 5.

    mel (B, 100, F) ─ conv 7 ─► [leaky ReLU ─ upsample ─ fusion] x 4 ─ leaky ReLU ─ conv 7 ─ tanh
    ─► audio (B, 256 F)

Weight normalization is left out: at inference it is folded into the weights anyway.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

SLOPE = 0.1  # of the leaky rectifiers
CHANNELS = 512
UPSAMPLING = ((8, 16), (8, 16), (2, 4), (2, 4))  # (stride, kernel)
KERNELS = (3, 7, 11)
DILATIONS = (1, 3, 5)


class ResidualStack(nn.Module):
    """Three times: x + conv(dilation 1) of conv(dilation d) of x; ``(B, C, T) -> (B, C, T)``."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.dilated = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel, dilation=d, padding=d * (kernel - 1) // 2)
            for d in DILATIONS
        )
        self.plain = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel, padding=(kernel - 1) // 2) for _ in DILATIONS
        )

    def forward(self, x: Tensor) -> Tensor:
        for dilated, plain in zip(self.dilated, self.plain, strict=True):
            y = dilated(functional.leaky_relu(x, SLOPE))
            x = x + plain(functional.leaky_relu(y, SLOPE))
        return x


class HifiGanV1(nn.Module):
    """The generator with configuration V1: ``(B, n_mels, F)`` -> ``(B, 256 F)`` in [-1, 1]."""

    def __init__(self, n_mels: int = 100) -> None:
        super().__init__()
        self.first = nn.Conv1d(n_mels, CHANNELS, 7, padding=3)
        self.upsamplers = nn.ModuleList()
        self.fusions = nn.ModuleList()
        channels = CHANNELS
        for stride, kernel in UPSAMPLING:
            padding = (kernel - stride) // 2
            self.upsamplers.append(
                nn.ConvTranspose1d(channels, channels // 2, kernel, stride, padding)
            )
            channels //= 2
            self.fusions.append(nn.ModuleList(ResidualStack(channels, k) for k in KERNELS))
        self.last = nn.Conv1d(channels, 1, 7, padding=3)

    def forward(self, mel: Tensor) -> Tensor:
        x = self.first(mel)
        for upsample, stacks in zip(self.upsamplers, self.fusions, strict=True):
            x = upsample(functional.leaky_relu(x, SLOPE))
            x = torch.stack([stack(x) for stack in cast(nn.ModuleList, stacks)]).mean(dim=0)
        audio: Tensor = torch.tanh(self.last(functional.leaky_relu(x, SLOPE)))[:, 0]
        return audio


if __name__ == "__main__":
    generator = HifiGanV1()
    print(f"{sum(p.numel() for p in generator.parameters()) / 1e6:.1f} M parameters")
    print(tuple(generator(torch.zeros(1, 100, 10)).shape))
