"""Checks 04.e7: a mixture neither wraps nor clips, and 16-bit numbers are rounded and bounded."""

from __future__ import annotations

from types import ModuleType

import numpy as np
from course.expect import expect, expect_close, expect_equal


def check(exercise: ModuleType) -> None:
    """Loud and quiet mixtures, and the ends of the range."""
    time = np.arange(2400) / 24_000
    low, high = (0.8 * np.sin(2 * np.pi * hz * time) for hz in (220, 330))
    loud = exercise.mix(low, high)
    factor = 0.99 / np.abs(low + high).max()
    expect(
        np.abs(loud).max() <= 0.99 + 1e-9,
        f"mix: the highest sample of two loud voices is {np.abs(loud).max():.2f}, above the "
        "ceiling of 0.99.\n  Adding two signals can double the amplitude; make room for it.",
    )
    expect_close(
        loud, (low + high) * factor, what="mix of two loud voices",
        formula="one factor for the whole mixture, so that its shape (its sound) stays",
    )  # fmt: skip
    expect_close(
        exercise.mix(0.1 * low, -0.2 * high), 0.1 * low - 0.2 * high, what="mix of quiet voices",
        formula="a mixture below the ceiling stays as it is",
    )  # fmt: skip
    expect_close(exercise.mix(np.zeros(9), np.zeros(9)), np.zeros(9), what="mix of silence")
    values = np.array([0.0, 1.0, -1.0, 1.2, -3.0, 0.5, -0.5, 1.4 / 32767, -1.6 / 32767])
    got = exercise.to_int16(values)
    expect_equal(str(got.dtype), "int16", what="the type of to_int16(x)")
    expect_equal(
        got.tolist(), [0, 32767, -32767, 32767, -32767, 16384, -16384, 1, -2],
        what=f"to_int16({np.round(values, 5).tolist()})",
        hint="A 16-bit number ends at 32767; 32768 is stored as -32768, the other end. Clip before"
        " you scale, and round: astype alone cuts the fraction off.",
    )  # fmt: skip
