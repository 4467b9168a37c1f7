"""Building blocks of the synthesizer.

Shapes: ``B`` batch, ``L`` symbols, ``F`` frames, ``D`` channels, ``E`` speaker embedding size,
``H`` heads. Sequences are ``(B, length, D)``; masks are ``(B, length)``, 1 where there is content
and 0 where there is padding.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


def rotate(x: Tensor) -> Tensor:
    """Rotary position embedding (Su et al., 2104.09864) of ``(B, H, L, D)``.

    Pairs of channels are turned by an angle proportional to the position, so that the product of
    a query and a key depends on their distance only: no longest sentence is built in.
    """
    length, half = x.shape[2], x.shape[3] // 2
    frequencies = 10_000.0 ** (-torch.arange(half, device=x.device) / half)
    angles = torch.arange(length, device=x.device)[:, None] * frequencies
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)


class SelfAttention(nn.Module):
    """Multi-head self-attention (Vaswani et al., 1706.03762) with rotary positions."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(channels, 3 * channels)
        self.out = nn.Linear(channels, channels)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        batch, length, channels = x.shape
        split = self.qkv(x).view(batch, length, 3, self.heads, channels // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        y = functional.scaled_dot_product_attention(
            rotate(query), rotate(key), value, attn_mask=mask[:, None, None, :].bool()
        )
        y = self.out(y.transpose(1, 2).reshape(batch, length, channels))
        return torch.as_tensor(y)


class EncoderBlock(nn.Module):
    """Attention, then two convolutions over neighbours (FastSpeech, 1905.09263); pre-norm."""

    def __init__(self, channels: int, hidden: int, heads: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.attention = SelfAttention(channels, heads)
        self.expand = nn.Conv1d(channels, hidden, kernel, padding=kernel // 2)
        self.contract = nn.Conv1d(hidden, channels, kernel, padding=kernel // 2)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        keep = mask[..., None]
        x = x + self.dropout(self.attention(self.norm1(x), mask))
        y = (self.norm2(x) * keep).transpose(1, 2)
        y = functional.gelu(self.expand(y)) * mask[:, None]
        y = (x + self.dropout(self.contract(y).transpose(1, 2))) * keep
        return torch.as_tensor(y)


class SpeakerNorm(nn.Module):
    """Layer norm whose scale and shift come from the speaker (adaptive layer norm)."""

    def __init__(self, channels: int, speaker: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels, elementwise_affine=False)
        self.modulate = nn.Linear(speaker, 2 * channels)
        nn.init.normal_(self.modulate.weight, std=0.02)
        nn.init.zeros_(self.modulate.bias)

    def forward(self, x: Tensor, speaker: Tensor, owner: Tensor | None = None) -> Tensor:
        """``x (B, F, D)``, ``speaker (B, E)``; or one row ``x (1, F, D)`` in which ``owner (F,)``
        says whose each frame is."""
        modulation = self.modulate(speaker)
        modulation = modulation[:, None] if owner is None else modulation[owner][None]
        scale, shift = modulation.chunk(2, dim=-1)
        return torch.as_tensor(self.norm(x) * (1 + scale) + shift)


class DecoderBlock(nn.Module):
    """ConvNeXt block (2201.03545) over frames, normalized by the speaker."""

    def __init__(self, channels: int, hidden: int, kernel: int, speaker: int, scale: float) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(channels, channels, kernel, padding=kernel // 2, groups=channels)
        self.norm = SpeakerNorm(channels, speaker)
        self.expand = nn.Linear(channels, hidden)
        self.contract = nn.Linear(hidden, channels)
        self.scale = nn.Parameter(torch.full((channels,), scale))

    def forward(
        self, x: Tensor, speaker: Tensor, mask: Tensor, owner: Tensor | None = None
    ) -> Tensor:
        y = self.depthwise(x.transpose(1, 2)).transpose(1, 2)
        y = self.contract(functional.gelu(self.expand(self.norm(y, speaker, owner))))
        return torch.as_tensor((x + self.scale * y) * mask[..., None])


class Predictor(nn.Module):
    """A few numbers per symbol from its neighbourhood and the speaker: ``(B, L, D) -> (B, L, n)``.

    Two convolutions as in FastSpeech 2 (2006.04558), each normalized by the speaker: how long and
    how high a person speaks is part of the voice.
    """

    def __init__(self, channels: int, outputs: int, speaker: int, dropout: float) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv1d(channels, channels, 3, padding=1) for _ in range(2)
        )
        self.norms = nn.ModuleList(SpeakerNorm(channels, speaker) for _ in range(2))
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(channels, outputs)

    def forward(self, x: Tensor, speaker: Tensor, mask: Tensor) -> Tensor:
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = x * mask[..., None]
            x = functional.gelu(convolution(x.transpose(1, 2))).transpose(1, 2)
            x = self.dropout(norm(x, speaker))
        return torch.as_tensor(self.out(x))
