"""Checks 00.e4: as exact as float32 can say, where the plain loop is far off."""

import math
from types import ModuleType

import numpy as np
from course.expect import expect, expect_close

RULE = "y = value - lost; t = total + y; lost = (t - total) - y; total = t"


def check(exercise: ModuleType) -> None:
    """Small cases, many small numbers after a large one, and random ones."""
    small = np.array([1.0, 2.0, 3.5], dtype=np.float32)
    expect_close(exercise.kahan_sum(small), 6.5, what="kahan_sum([1, 2, 3.5])", formula=RULE)
    nothing = exercise.kahan_sum(np.zeros(0, dtype=np.float32))
    expect_close(nothing, 0.0, what="kahan_sum of an empty array")

    # Next to 2^24 a float32 can not tell x from x + 1: the plain loop stays where it is.
    swallowed = np.array([2.0**24] + [1.0] * 1000, dtype=np.float32)
    got = float(exercise.kahan_sum(swallowed))
    expect(
        got != 2.0**24,
        "kahan_sum([2^24, 1, 1, ... 1000 times]) is 2^24: all ones were lost. Is `lost` carried "
        f"from one addition to the next?\n  the rule: {RULE}",
    )
    expect_close(got, 2.0**24 + 1000, what="2^24 + 1000 ones", formula=RULE, tolerance=1e-9)
    values = np.random.default_rng(0).uniform(0, 1, 20_000).astype(np.float32)
    exact = math.fsum(values.tolist())
    error = abs(float(exercise.kahan_sum(values)) - exact) / exact
    expect(
        error < 1e-7,
        f"20,000 random numbers: the relative error is {error:.1e}; a float32 can be right to "
        f"6e-8. (The plain loop is off by some 1e-6.)\n  the rule: {RULE}",
    )
