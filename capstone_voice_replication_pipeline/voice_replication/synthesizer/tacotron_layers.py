"""Building blocks of Tacotron: masked convolutions, pre-net, location-sensitive attention, zoneout.

Shapes: ``B`` batch, ``L`` symbols or frames, ``D`` channels of the memory, ``Q`` of the query.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

LOCATION_KERNEL = 31  # symbols: how far the attention sees where it has been


class ConvolutionLayer(nn.Module):
    """Convolution over five neighbours, batch norm, activation, dropout.

    ``x (B, D, L)``, ``mask (B, 1, L)`` -> ``(B, D', L)``; padding enters as zeros.
    """

    def __init__(
        self,
        channels: int,
        outputs: int,
        activation: Callable[[Tensor], Tensor] | None,
        dropout: float,
    ) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(channels, outputs, 5, padding=2)
        self.norm = nn.BatchNorm1d(outputs)
        self.activation, self.dropout = activation, nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        y = self.norm(self.convolution(x * mask))
        return torch.as_tensor(self.dropout(y if self.activation is None else self.activation(y)))


class PreNet(nn.Module):
    """Two small layers with dropout that is *always* on: ``(..., M) -> (..., P)``.

    The bottleneck keeps the decoder from simply copying the last frame: what it cannot read off
    the past it must fetch from the text (1712.05884, section 2.2).
    """

    def __init__(self, inputs: int, size: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(inputs, size), nn.Linear(size, size)])
        self.dropout = dropout

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        for layer in self.layers:
            x = functional.relu(layer(x))
            where = generator.device if generator is not None else x.device
            drawn = torch.rand(x.shape, generator=generator, device=where).to(x.device)
            x = x * (drawn >= self.dropout) / (1.0 - self.dropout)
        return x


class LocationSensitiveAttention(nn.Module):
    """Additive attention that also sees where it was (Chorowski et al., 1506.07503, eq. 8-9).

        e_j = v · tanh(W query + V memory_j + U f_j),   f = F * [last weights; cumulative weights]

    The convolution ``F`` over past weights lets it learn "one further than before".
    """

    def __init__(self, query: int, memory: int, size: int, filters: int) -> None:
        super().__init__()
        self.query = nn.Linear(query, size, bias=False)
        self.memory = nn.Linear(memory, size)
        self.location = nn.Conv1d(
            2, filters, LOCATION_KERNEL, padding=LOCATION_KERNEL // 2, bias=False
        )
        self.features = nn.Linear(filters, size, bias=False)
        self.score = nn.Linear(size, 1, bias=False)

    def keys(self, memory: Tensor) -> Tensor:
        """``V memory`` ``(B, L, size)``: the same for all steps, so computed once."""
        return torch.as_tensor(self.memory(memory))

    def forward(
        self, query: Tensor, keys: Tensor, weights: Tensor, cumulative: Tensor, mask: Tensor
    ) -> Tensor:
        """``query (B, Q)``, the rest ``(B, L, ...)`` -> new weights ``(B, L)`` that sum to 1."""
        past = torch.stack([weights, cumulative], dim=1)
        location = self.features(self.location(past).transpose(1, 2))
        scores = self.score(torch.tanh(self.query(query)[:, None] + keys + location))[..., 0]
        new: Tensor = scores.masked_fill(mask == 0, float("-inf")).softmax(dim=-1)
        return new


def zoneout(old: Tensor, new: Tensor, probability: float, training: bool) -> Tensor:
    """Keep each unit's old value with ``probability`` (Krueger et al., 1606.01305); when not
    training, their expected value."""
    if not training:
        return probability * old + (1.0 - probability) * new
    kept = torch.rand_like(new) < probability
    return torch.where(kept, old, new)
