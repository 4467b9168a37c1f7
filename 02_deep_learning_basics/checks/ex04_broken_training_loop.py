"""Checks 02.e4: the steps are those of gradient descent, written out in numpy."""

from itertools import pairwise
from types import ModuleType

import numpy as np
import torch
from course.expect import expect, expect_close
from torch import nn


def descend(x: np.ndarray, y: np.ndarray, w: np.ndarray, b: float, steps: int) -> list[float]:
    """Losses of plain gradient descent on the mean squared error of a linear model."""
    losses = []
    for _ in range(steps):
        error = x @ w + b - y
        losses.append(float(np.mean(error**2)))
        w = w - 0.1 * 2 * x.T @ error / len(y)
        b = b - 0.1 * 2 * float(error.mean())
    return losses


def check(exercise: ModuleType) -> None:
    generator = torch.Generator().manual_seed(1)
    features = torch.randn(60, 3, generator=generator)
    targets = features @ torch.tensor([1.0, -2.0, 0.5]) + 0.3
    model = nn.Linear(3, 1)
    with torch.no_grad():
        model.weight.fill_(0.1)
        model.bias.fill_(0.0)
    wanted = descend(features.double().numpy(), targets.double().numpy(), np.full(3, 0.1), 0.0, 40)
    losses = exercise.train(model, features, targets)
    expect(len(losses) == 40, f"40 steps were asked for, {len(losses)} losses came back.")
    expect_close(
        losses[:2],
        wanted[:2],
        what="the first two losses (they do not depend on the mistake)",
        formula="mean((prediction - target)²)",
        tolerance=1e-4,
    )
    rises = sum(b > a for a, b in pairwise(losses))
    expect(
        bool(np.allclose(losses, wanted, rtol=1e-3, atol=1e-5)),
        f"the third loss should be {wanted[2]:.4f} and is {losses[2]:.4f}; over all steps the loss "
        f"rises {rises} times, where it should only fall.\n"
        "The rule: w <- w - rate * (slope at the present place).\n"
        "The second step already follows more than that slope: print the gradient before and after "
        "backward().",
    )
    again = nn.Linear(3, 1)
    first = exercise.train(again, features, targets, steps=5)
    second = exercise.train(again, features, targets, steps=5)
    expect(
        second[0] < first[-1],
        "calling train() a second time should go on from where the first call ended: the gradients "
        "left over from the first call must not count. Clear them in every step.",
    )
