"""02.e4  Broken on purpose: a training loop that remembers too much

This loop runs, prints no error, and even learns something, at first. But its steps are not those of
gradient descent: run this file and look at the losses. Exactly one line is missing.

Task: find it. Do not change what the function takes or returns.

Shapes: features ``(N, D)`` float32, targets ``(N,)`` float32; `train` returns the loss before every
step, and leaves the trained weights in ``model``.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def train(
    model: nn.Module, features: Tensor, targets: Tensor, steps: int = 40, rate: float = 0.1
) -> list[float]:
    """Gradient descent on the mean squared error, all samples in every step."""
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    losses = []
    for _ in range(steps):
        predictions = model(features).squeeze(1)
        loss = ((predictions - targets) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


if __name__ == "__main__":
    torch.manual_seed(0)
    inputs = torch.randn(100, 3)
    curve = train(nn.Linear(3, 1), inputs, inputs @ torch.tensor([1.0, -2.0, 0.5]))
    print(" ".join(f"{value:.3f}" for value in curve))
