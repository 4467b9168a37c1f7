"""06.e5  A low-rank adapter (LoRA)

Task: a linear layer whose weights stay as they are, plus a small correction that can be trained.

    y = x W^T + b + (alpha / rank) * (x A^T) B^T

W and b are those of the layer that is given and are frozen (requires_grad False). A is
(rank, inputs), drawn at random; B is (outputs, rank) and starts at zero, so that at first nothing
changes. Name the two parameters A and B. merged() returns a new torch.nn.Linear without A and B
that computes the same, so that using the model later costs nothing extra.

Shapes: x (..., inputs) -> (..., outputs). Example: for 768 -> 768 and rank 8 there are
    2 * 8 * 768 = 12,288 numbers to train instead of 590,592.
"""

from __future__ import annotations

import torch  # noqa: F401 - you will want it
from torch import Tensor, nn


class LoRALinear(nn.Module):
    """A frozen ``nn.Linear`` with a trainable correction of low rank."""

    def __init__(self, layer: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        raise NotImplementedError(f"Freeze {layer}; make A (random), B (zeros), {alpha} / {rank}.")

    def forward(self, x: Tensor) -> Tensor:
        """The frozen layer plus the correction."""
        raise NotImplementedError

    def merged(self) -> nn.Linear:
        """One plain layer that computes the same."""
        raise NotImplementedError("W + (alpha / rank) * B A")
