"""Attention, positions and the key-value cache, each in a few lines.

Shapes: ``B`` sentences, ``H`` heads, ``Lq`` and ``Lk`` tokens that ask and tokens that are asked
(equal in self-attention), ``D`` width of a head, ``W`` = ``H * D`` width of the model.
Sources: Vaswani et al. 2017, "Attention is all you need" (equation 1, sections 3.2 and 3.5);
Su et al. 2021, "RoFormer" (rotary positions).
"""

from __future__ import annotations

import math

import torch
from env_utils import InputError
from torch import Tensor, nn


def attention(
    query: Tensor, key: Tensor, value: Tensor, allowed: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Scaled dot-product attention: the mixture of values ``(..., Lq, D)`` and its weights.

    ``query`` is ``(..., Lq, D)``; ``key`` and ``value`` are ``(..., Lk, D)``; ``allowed`` is
    boolean, broadcastable to ``(..., Lq, Lk)``, True where a query may look. The weights
    ``(..., Lq, Lk)`` are >= 0 and sum to 1 over the keys. Raises ``InputError`` when some query may
    look nowhere: a softmax over nothing is not a number, and that would spread silently.
    """
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if allowed is not None:
        if not bool(allowed.any(dim=-1).all()):
            raise InputError("attention: the mask leaves a query without any key to look at.")
        scores = scores.masked_fill(~allowed, -math.inf)
    weights = scores.softmax(dim=-1)
    return weights @ value, weights


def causal_mask(length: int) -> Tensor:
    """``(length, length)`` boolean: token i may look at 0 ... i, itself included."""
    return torch.ones(length, length, dtype=torch.bool).tril()


def padding_mask(attention_mask: Tensor) -> Tensor:
    """A tokenizer's ``attention_mask`` ``(B, Lk)`` of 0 and 1 as ``(B, 1, 1, Lk)`` boolean."""
    return attention_mask.bool()[:, None, None, :]


class MultiHeadAttention(nn.Module):
    """Several attentions side by side, each in its own part of the width: ``(B, L, W)`` in and out.

    ``forward`` can keep keys and values of what was read before (``cache``), so that a decoder
    that adds one token at a time does not compute the old ones again.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise InputError(f"a width of {width} cannot be shared by {heads} heads.")
        self.heads = heads
        self.to_query, self.to_key, self.to_value, self.out = (
            nn.Linear(width, width) for _ in range(4)
        )

    def forward(
        self,
        x: Tensor,
        allowed: Tensor | None = None,
        cache: tuple[Tensor, Tensor] | None = None,
    ) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
        """Output ``(B, L, W)``, weights ``(B, H, L, Lk)``, and the cache for the next call."""
        query, key, value = (
            self._heads(part(x)) for part in (self.to_query, self.to_key, self.to_value)
        )
        if cache is not None:
            key = torch.cat([cache[0], key], dim=2)
            value = torch.cat([cache[1], value], dim=2)
        mixed, weights = attention(query, key, value, allowed)
        joined = mixed.transpose(1, 2).flatten(2)  # (B, H, L, D) -> (B, L, H * D)
        return self.out(joined), weights, (key, value)

    def _heads(self, x: Tensor) -> Tensor:
        """``(B, L, W)`` -> ``(B, H, L, D)``."""
        return x.reshape(*x.shape[:2], self.heads, -1).transpose(1, 2)


def sinusoidal_positions(length: int, width: int) -> Tensor:
    """``(length, width)``: even columns sin(p / 10000^(i / width)), odd ones the cosine.

    ``i`` is the even column's number. The products of two rows depend only on their distance.
    """
    if width % 2:
        raise InputError(f"sinusoidal positions come in pairs: a width of {width} is odd.")
    angles = _angles(torch.arange(length), width)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)


def rotate(x: Tensor, positions: Tensor) -> Tensor:
    """Rotary positions: each pair of neighbours in ``x (..., L, D)`` turned by its position.

    ``positions`` is ``(L,)``. Lengths do not change, and the product of a rotated query and a
    rotated key depends on the distance of their positions alone. (Published models often pair
    column i with i + D/2 instead: the same rotation in another order of the columns.)
    """
    if x.shape[-1] % 2:
        raise InputError(f"rotary positions turn pairs: a width of {x.shape[-1]} is odd.")
    angles = _angles(positions, x.shape[-1]).to(x.dtype)
    cos, sin = angles.cos(), angles.sin()
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)


def _angles(positions: Tensor, width: int) -> Tensor:
    """``(L, width / 2)``: position times 10000^(-i / width) for i = 0, 2, 4 ... (float64)."""
    rates = 10_000.0 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    return positions.double()[:, None] * rates
