"""Checks 02.e3: Adam's first step, what it returns, and fifty steps against torch's rule."""

from types import ModuleType

import numpy as np
from course.expect import expect, expect_close


def check(exercise: ModuleType) -> None:
    zero = np.zeros(3)
    w, g = np.array([1.0, -2.0, 3.0]), np.array([1e-3, -1.0, 50.0])
    kept = w.copy()
    new, m, s = exercise.adam_step(w, g, zero, zero, 1, rate=0.1)
    expect_close(
        new,
        [0.9, -1.9, 2.9],
        what="the weights after the first step with rate 0.1",
        formula="in step 1 m' = g and s' = g², so w moves by rate against the sign of g; "
        "without the corrections it would move by 3.2 times as much",
        tolerance=2e-5,
    )
    expect_close(m, 0.1 * g, what="m after step 1", formula="m <- b1 m + (1 - b1) g, uncorrected")
    expect_close(s, 0.001 * g**2, what="s after step 1", formula="s <- b2 s + (1 - b2) g²")
    expect(
        np.array_equal(w, kept) and not zero.any(),
        "adam_step changed an argument. Return new arrays: `m = b1 * m + …`, not `m *= b1`.",
    )

    rng = np.random.default_rng(0)
    mine = theirs = rng.normal(size=4)
    m = s = mean = square = np.zeros(4)
    for t in range(1, 51):
        g = rng.normal(size=4) * [1, 0.01, 100, 1e-9]
        mine, m, s = exercise.adam_step(mine, g, m, s, t, 0.01, 0.8, 0.95, 1e-6)
        mean, square = 0.8 * mean + 0.2 * g, 0.95 * square + 0.05 * g * g
        root = np.sqrt(square / (1 - 0.95**t)) + 1e-6
        theirs = theirs - 0.01 * mean / (1 - 0.8**t) / root
        expect_close(
            mine,
            theirs,
            what=f"the weights after step {t} with b1 = 0.8, b2 = 0.95, epsilon = 1e-6",
            formula="w - rate * m' / (sqrt(s') + epsilon): epsilon is added after the root; "
            "m' = m / (1 - b1^t), s' = s / (1 - b2^t)",
            tolerance=1e-9,
        )
