"""Checks 04.e2: aliases are predicted, and compared with what sampling really does."""

from __future__ import annotations

from types import ModuleType

import numpy as np
from course.expect import expect, expect_close

RATE = 8000


def heard_hz(tone_hz: float) -> float:
    """What a second of samples of this tone holds."""
    samples = np.cos(2 * np.pi * tone_hz * np.arange(RATE) / RATE)
    return float(np.argmax(np.abs(np.fft.rfft(samples))))


def check(exercise: ModuleType) -> None:
    """Below, above and far above half the rate; then the question of the filter."""
    for tone_hz in (0, 440, 3000, 3999, 4001, 5000, 7999, 8000, 8440, 11_000, 13_000, 17_000):
        expect_close(
            float(exercise.alias_hz(tone_hz, RATE)), heard_hz(tone_hz),
            what=f"alias_hz({tone_hz}, {RATE}), as the samples themselves say,",
            formula="|f - rate * round(f / rate)|",
        )  # fmt: skip
    for highest_hz, new_rate, wanted in (
        (12_000, 24_000, False), (12_000, 16_000, True), (3400, 8000, False), (4001, 8000, True),
    ):  # fmt: skip
        got = exercise.needs_filter(highest_hz, new_rate)
        expect(
            got is not None and bool(got) == wanted,
            f"needs_filter({highest_hz}, {new_rate}) should be {wanted}, but is {got!r}.\n"
            f"  half of {new_rate} is {new_rate // 2}: does anything lie above it?",
        )
