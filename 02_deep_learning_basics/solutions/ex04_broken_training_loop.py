"""02.e4  A training loop that forgets in time: a solution."""

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
        optimizer.zero_grad()  # backward() adds to .grad; without this, old slopes are followed too
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
