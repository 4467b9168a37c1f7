"""Checks 06.e6: evaluation mode, no gradients, and the mode restored."""

from types import ModuleType

import torch
from course.expect import expect, expect_close, expect_equal
from torch import nn


def check(exercise: ModuleType) -> None:
    torch.manual_seed(6)
    model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 3))
    x = torch.randn(4, 6)
    reference = model.eval()(x).softmax(dim=-1).detach()
    model.train()
    first, second = exercise.probabilities(model, x), exercise.probabilities(model, x)
    expect_close(
        second,
        first.detach(),
        what="the second answer to the same question",
        formula="dropout is for training: model.eval() switches it off",
    )
    expect_close(
        first, reference, what="the probabilities", formula="softmax(logits), in eval mode"
    )
    expect(
        not first.requires_grad,
        "The answer still has a gradient attached: everything that led to it stays in memory. "
        "Compute it under torch.no_grad().",
    )
    expect_equal(
        model.training,
        True,
        what="model.training afterwards, for a model in training",
        hint="Remember the mode, and put it back.",
    )
    model.eval()
    exercise.probabilities(model, x)
    expect_equal(model.training, False, what="model.training afterwards, for a model in eval mode")
    expect(torch.is_grad_enabled(), "Gradients are switched off for everybody now: use `with`.")
