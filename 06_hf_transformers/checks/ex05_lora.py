"""Checks 06.e5: a frozen layer, a correction that starts at nothing, and merging."""

from types import ModuleType

import torch
from course.expect import expect, expect_close, expect_equal
from torch import nn


def check(exercise: ModuleType) -> None:
    torch.manual_seed(5)
    for bias in (True, False):
        layer = nn.Linear(12, 7, bias=bias)
        x = torch.randn(2, 3, 12)
        wanted = layer(x).detach()
        lora = exercise.LoRALinear(layer, rank=2, alpha=6.0)
        trainable = {name: tuple(p.shape) for name, p in lora.named_parameters() if p.requires_grad}
        expect_equal(
            trainable,
            {"A": (2, 12), "B": (7, 2)},
            what="the parameters that can be trained",
            hint="W and b: requires_grad False. A and B: nn.Parameter, with these names.",
        )
        expect_close(
            lora(x),
            wanted,
            what="the output before training",
            formula="B starts at zero, so nothing is added",
        )
        expect(
            bool((lora.A.detach() != 0).any()),
            "A is zero as well as B: then neither ever gets a gradient. Draw A at random.",
        )
        with torch.no_grad():
            lora.B.normal_()
        correction = 3.0 * (x @ lora.A.T @ lora.B.T).detach()
        expect_close(
            lora(x),
            wanted + correction,
            what="the output with B not zero",
            tolerance=1e-4,
            formula="x W^T + b + (alpha / rank) (x A^T) B^T; here alpha / rank is 3",
        )
        lora(x).sum().backward()
        expect(
            lora.A.grad is not None and layer.weight.grad is None,
            "After backward() A should have a gradient and the frozen weight none.",
        )
        plain = lora.merged()
        expect(type(plain) is nn.Linear, "merged() should return a plain torch.nn.Linear.")
        expect_close(
            plain(x),
            lora(x).detach(),
            what="the output of the merged layer",
            formula="W + (alpha / rank) B A, and the same b",
            tolerance=1e-4,
        )
        expect_close(
            layer(x),
            wanted,
            what="the frozen layer after merging",
            formula="merged() makes a new layer and leaves the old weights alone",
        )
