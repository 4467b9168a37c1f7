"""Speaker encoders: an ECAPA-TDNN, and the GE2E LSTM it is compared with.

    log-mel (B, M, F) ── SpeakerInput ──► (B, N, F) ── network ──► (B, D), unit length

``B`` batch, ``M`` mel bins of the AudioSpec, ``N`` bins that the encoder looks at, ``F`` frames,
``C`` channels, ``D`` embedding dimensions.

An encoder takes every shortcut there is. Each corpus has its own bandwidth, level and microphone,
and here most speakers occur in one corpus only, so telling corpora apart would already be worth a
lot to the loss. :class:`SpeakerInput` removes what can be removed: everything above the narrowest
bandwidth, the level, the noise floor and the average spectrum of the recording.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from audio_utils import DEFAULT_SPEC, AudioSpec
from audio_utils.mel import hz_to_mel, mel_to_hz
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional
from training_utils import StrictModel


class EncoderModelConfig(StrictModel):
    """Sizes. The defaults are the shipped ECAPA encoder."""

    architecture: Literal["ecapa", "ge2e_lstm"] = "ecapa"
    embedding_size: int = Field(default=96, ge=2)
    channels: int = Field(default=256, ge=8)  # of the TDNN blocks, or LSTM cells
    pooled_channels: int = Field(default=384, ge=8)  # ECAPA: after the blocks are put together
    attention_channels: int = Field(default=64, ge=1)  # ECAPA: bottlenecks of attention and squeeze
    res2_scale: int = Field(default=4, ge=2)
    layers: int = Field(
        default=3, ge=1
    )  # ECAPA: blocks, with dilations 2, 3, 4 ...; or LSTM layers
    frame_stride: int = Field(default=2, ge=1)  # mel frames a network frame
    max_hz: float = Field(default=5_200.0, gt=0)  # MP3 of 5.8 kHz bandwidth, slowed by a tenth
    dynamic_range: float = Field(default=7.0, gt=0)  # in nats below the loudest bin: 61 dB


def bins_below(max_hz: float, spec: AudioSpec = DEFAULT_SPEC) -> int:
    """How many mel filters end at or below ``max_hz``."""
    low, high = hz_to_mel(np.array([spec.f_min_hz, spec.f_max_hz]))
    upper_edges = mel_to_hz(np.linspace(low, high, spec.n_mels + 2))[2:]
    return int((upper_edges <= max_hz).sum())


class SpeakerInput(nn.Module):
    """``(B, M, F)`` log-mel -> ``(B, N, F)``: limited in band and range, centred over time.

    Values more than ``dynamic_range`` below the loudest one are raised to that floor, so that
    neither the noise floor of a format nor the holes of an MP3 give a corpus away. Subtracting the
    mean over time cancels the microphone and any equalizer.
    """

    def __init__(self, config: EncoderModelConfig, spec: AudioSpec) -> None:
        super().__init__()
        self.bins, self.dynamic_range = bins_below(config.max_hz, spec), config.dynamic_range

    def forward(self, mel: Tensor) -> Tensor:
        mel = mel[:, : self.bins].float()
        floor = mel.amax(dim=(1, 2), keepdim=True) - self.dynamic_range
        mel = torch.maximum(mel, floor)
        return mel - mel.mean(dim=2, keepdim=True)


class TdnnBlock(nn.Sequential):
    """Convolution over time, ReLU, batch normalization: ``(B, C_in, F) -> (B, C_out, F)``."""

    def __init__(
        self, size_in: int, size_out: int, kernel: int = 1, dilation: int = 1, stride: int = 1
    ) -> None:
        padding = dilation * (kernel - 1) // 2
        super().__init__(
            nn.Conv1d(size_in, size_out, kernel, stride, padding, dilation),
            nn.ReLU(),
            nn.BatchNorm1d(size_out),
        )


class Res2Block(nn.Module):
    """Groups of channels, each seeing the previous group's output: several scales in one layer.

    Gao et al. 2019, "Res2Net", arXiv:1904.01169. ``(B, C, F) -> (B, C, F)``.
    """

    def __init__(self, channels: int, scale: int, dilation: int) -> None:
        super().__init__()
        self.scale, width = scale, channels // scale
        self.blocks = nn.ModuleList(TdnnBlock(width, width, 3, dilation) for _ in range(scale - 1))

    def forward(self, x: Tensor) -> Tensor:
        first, *groups = x.chunk(self.scale, dim=1)
        outputs, previous = [first], torch.zeros_like(first)
        for group, block in zip(groups, self.blocks, strict=True):
            previous = block(group + previous)
            outputs.append(previous)
        return torch.cat(outputs, dim=1)


class SqueezeExcitation(nn.Module):
    """Each channel scaled by a gate computed from the whole utterance (arXiv:1709.01507)."""

    def __init__(self, channels: int, bottleneck: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(channels, bottleneck)
        self.excite = nn.Linear(bottleneck, channels)

    def forward(self, x: Tensor) -> Tensor:
        gate = torch.sigmoid(self.excite(functional.relu(self.squeeze(x.mean(dim=2)))))
        return x * gate[:, :, None]


class SeRes2Block(nn.Module):
    """1x1, Res2, 1x1, squeeze-excitation, residual: ECAPA's block. ``(B, C, F) -> (B, C, F)``."""

    def __init__(self, config: EncoderModelConfig, dilation: int) -> None:
        super().__init__()
        channels = config.channels
        self.layers = nn.Sequential(
            TdnnBlock(channels, channels),
            Res2Block(channels, config.res2_scale, dilation),
            TdnnBlock(channels, channels),
            SqueezeExcitation(channels, config.attention_channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        change: Tensor = self.layers(x)
        return x + change


class AttentiveStatistics(nn.Module):
    """Weighted mean and standard deviation over time, weights per channel: ``(B, C, F)->(B, 2C)``.

    Okabe et al. 2018, arXiv:1803.10963, with ECAPA's context: the attention sees the unweighted
    statistics of the utterance too. Its first layer is split in two, because the statistics are
    the same in every frame and need to be multiplied only once.
    """

    def __init__(self, channels: int, bottleneck: int) -> None:
        super().__init__()
        self.local = nn.Conv1d(channels, bottleneck, 1)
        self.context = nn.Linear(2 * channels, bottleneck)
        self.score = nn.Conv1d(bottleneck, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        uniform = torch.full((1, 1, 1), 1.0 / x.shape[2], device=x.device)
        context = self.context(self._statistics(x.float(), uniform))
        hidden = torch.tanh(self.local(x) + context[:, :, None])
        weights = torch.softmax(self.score(hidden).float(), dim=2)
        return self._statistics(x.float(), weights)

    @staticmethod
    def _statistics(x: Tensor, weights: Tensor) -> Tensor:
        mean = (weights * x).sum(dim=2)
        variance = (weights * (x - mean[:, :, None]).square()).sum(dim=2)
        return torch.cat([mean, variance.clamp(min=1e-5).sqrt()], dim=1)


class EcapaTdnn(nn.Module):
    """Desplanques et al. 2020, "ECAPA-TDNN", arXiv:2005.07143, small. See the module docstring."""

    def __init__(self, config: EncoderModelConfig, spec: AudioSpec = DEFAULT_SPEC) -> None:
        super().__init__()
        self.config, self.spec = config, spec
        self.input = SpeakerInput(config, spec)
        self.first = TdnnBlock(self.input.bins, config.channels, 5, stride=config.frame_stride)
        self.blocks = nn.ModuleList(SeRes2Block(config, 2 + i) for i in range(config.layers))
        self.aggregate = nn.Sequential(
            nn.Conv1d(config.layers * config.channels, config.pooled_channels, 1), nn.ReLU()
        )
        self.pool = AttentiveStatistics(config.pooled_channels, config.attention_channels)
        self.head = nn.Sequential(
            nn.BatchNorm1d(2 * config.pooled_channels),
            nn.Linear(2 * config.pooled_channels, config.embedding_size),
            nn.BatchNorm1d(config.embedding_size),
        )

    def forward(self, mel: Tensor) -> Tensor:
        """Log-mel ``(B, M, F)`` (at least the first N bins) -> ``(B, D)`` of unit length."""
        x = self.first(self.input(mel))
        outputs = []
        for block in self.blocks:
            x = block(x)
            outputs.append(x)
        pooled = self.pool(self.aggregate(torch.cat(outputs, dim=1)))
        return functional.normalize(self.head(pooled).float(), dim=1)


class Ge2eLstm(nn.Module):
    """The classic: stacked LSTM, last frame, projection (Wan et al. 2018, arXiv:1710.10467)."""

    def __init__(self, config: EncoderModelConfig, spec: AudioSpec = DEFAULT_SPEC) -> None:
        super().__init__()
        self.config, self.spec = config, spec
        self.input = SpeakerInput(config, spec)
        size = self.input.bins * config.frame_stride
        self.lstm = nn.LSTM(size, config.channels, config.layers, batch_first=True)
        self.project = nn.Linear(config.channels, config.embedding_size)

    def forward(self, mel: Tensor) -> Tensor:
        """Log-mel ``(B, M, F)`` (at least the first N bins) -> ``(B, D)`` of unit length."""
        x, stride = self.input(mel).transpose(1, 2), self.config.frame_stride
        x = x[:, : x.shape[1] // stride * stride].reshape(len(x), -1, x.shape[2] * stride)
        _, (hidden, _) = self.lstm(x)
        return functional.normalize(self.project(hidden[-1]).float(), dim=1)


def build_encoder(config: EncoderModelConfig, spec: AudioSpec = DEFAULT_SPEC) -> nn.Module:
    """The network that ``config.architecture`` names; it has ``input``, ``config``, ``spec``."""
    networks: dict[str, type[EcapaTdnn] | type[Ge2eLstm]] = {
        "ecapa": EcapaTdnn,
        "ge2e_lstm": Ge2eLstm,
    }
    return networks[config.architecture](config, spec)
