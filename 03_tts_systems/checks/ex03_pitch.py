"""Checks 03.e3: sines, pulses with formants, a missing fundamental, noise, silence, an offset."""

from types import ModuleType

import numpy as np
from course.expect import expect

RULE = "fit[lag] = r[lag] / r[0] / ((N - lag) / N); the shortest lag that fits; rate / lag"


def harmonics(f0: float, rate: int, numbers: tuple[int, ...], seconds: float = 0.05) -> np.ndarray:
    times = np.arange(round(seconds * rate)) / rate
    return np.asarray(sum(np.sin(2 * np.pi * f0 * n * times + n) / n for n in numbers))


def check(exercise: ModuleType) -> None:
    def expect_pitch(frame: np.ndarray, rate: int, wanted: float, what: str) -> None:
        found = exercise.pitch_of_frame(frame, rate)
        expect(
            isinstance(found, float | int | np.floating),
            f"{what}: the pitch should be a number, but is {type(found).__name__}.",
        )
        nearby = abs(found - wanted) <= max(0.03 * wanted, 1e-9)
        octave = wanted and abs(found / wanted - 0.5) < 0.05
        why = " That is one octave too low: two periods fit as well as one." if octave else ""
        expect(
            bool(nearby),
            f"{what}: should be {wanted:.0f} Hz, but is {found:.1f}.{why}\n  the rule: {RULE}",
        )

    for rate in (8_000, 16_000, 22_050):
        for hertz in (80.0, 130.0, 200.0, 310.0):
            expect_pitch(harmonics(hertz, rate, (1,)), rate, hertz, f"a sine at {rate} Hz")
            rich = harmonics(hertz, rate, (1, 2, 3, 4, 5))
            expect_pitch(rich, rate, hertz, f"five harmonics at {rate} Hz")
    missing = harmonics(120.0, 16_000, (3, 4, 5, 6))
    expect_pitch(missing, 16_000, 120.0, "harmonics 3 to 6 of 120 Hz (without the first)")
    expect_pitch(missing + 5.0, 16_000, 120.0, "the same with an offset of 5 (take the mean off)")
    expect_pitch(0.001 * missing, 16_000, 120.0, "the same, very quiet (divide by r[0])")
    noise = np.random.default_rng(3).normal(size=800)
    expect_pitch(noise, 16_000, 0.0, "noise")
    expect_pitch(np.zeros(800), 16_000, 0.0, "silence (r[0] is 0: do not divide)")
