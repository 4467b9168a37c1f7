"""06.e5  A low-rank adapter (LoRA): the reference answer."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LoRALinear(nn.Module):
    """A frozen ``nn.Linear`` with a trainable correction of low rank."""

    def __init__(self, layer: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        self.layer = layer.requires_grad_(False)
        self.scale = alpha / rank
        self.A = nn.Parameter(torch.randn(rank, layer.in_features) / layer.in_features**0.5)
        self.B = nn.Parameter(torch.zeros(layer.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        """The frozen layer plus the correction."""
        return self.layer(x) + self.scale * (x @ self.A.T) @ self.B.T

    def merged(self) -> nn.Linear:
        """One plain layer that computes the same."""
        old = self.layer
        plain = nn.Linear(old.in_features, old.out_features, bias=old.bias is not None)
        with torch.no_grad():
            plain.weight.copy_(old.weight + self.scale * self.B @ self.A)
            if old.bias is not None:
                plain.bias.copy_(old.bias)
        return plain
