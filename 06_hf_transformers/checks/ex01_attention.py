"""Checks 06.e1: scaled dot-product attention, with the mask before the softmax."""

from types import ModuleType

import numpy as np
import torch
from course.expect import expect, expect_close

FORMULA = "softmax(Q K^T / sqrt(D)) V, the softmax over the keys (the last axis)"


def check(exercise: ModuleType) -> None:
    rng = np.random.default_rng(6)
    query, key, value = (
        rng.normal(size=(4, 9)),
        rng.normal(size=(5, 9)),
        rng.normal(size=(5, 3)),
    )
    allowed = np.array([[1, 0, 0, 0, 0], [1, 1, 0, 1, 0], [0, 0, 0, 0, 1], [1, 1, 1, 1, 1]], bool)
    for name, mask in (("without a mask", None), ("with a mask", allowed)):
        answer = exercise.attention(query, key, value, mask)
        expect(
            isinstance(answer, tuple) and len(answer) == 2,
            "attention should return two things: the output and the weights.",
        )
        output, weights = answer
        wanted = torch.nn.functional.scaled_dot_product_attention(
            *(torch.from_numpy(x) for x in (query, key, value)),
            attn_mask=None if mask is None else torch.from_numpy(mask),
        )
        sums = np.asarray(weights).sum(axis=-1)
        expect_close(
            sums,
            np.ones(4),
            what=f"{name}: the sums of the rows of the weights",
            formula="normalize after the mask, over the keys",
        )
        if mask is not None:
            expect_close(
                np.asarray(weights)[~mask],
                np.zeros((~mask).sum()),
                what="the weights of keys that are not allowed",
                formula="exp(-inf) = 0",
            )
        expect_close(output, wanted.numpy(), what=f"{name}: the output", formula=FORMULA)
    large, _ = exercise.attention(1000 * query, key, value)
    expect(
        bool(np.isfinite(large).all()),
        "With large scores the output is not a number: exp overflows. Subtract the largest score "
        "of each row first; the softmax does not change by it.",
    )
    wanted = torch.nn.functional.scaled_dot_product_attention(
        *(torch.from_numpy(x) for x in (1000 * query, key, value))
    )
    expect_close(large, wanted.numpy(), what="the output for large scores", formula=FORMULA)
