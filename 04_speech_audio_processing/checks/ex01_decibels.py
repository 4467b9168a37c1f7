"""Checks 04.e1: peak, RMS and gain in decibels, against audio_utils on noise and on tones."""

from __future__ import annotations

from types import ModuleType

import numpy as np
from audio_utils import peak_dbfs, rms_dbfs
from course.expect import expect_close


def check(exercise: ModuleType) -> None:
    """Known values first, then random ones."""
    few = np.array([0.1, -0.5, 0.2])
    expect_close(
        exercise.peak_dbfs(few), -6.0206, what="peak_dbfs([0.1, -0.5, 0.2])",
        formula="20 log10(max |x|): a negative sample counts as much as a positive one",
        tolerance=1e-4,
    )  # fmt: skip
    sine = np.sin(2 * np.pi * np.arange(24_000) * 100 / 24_000)
    expect_close(
        exercise.rms_dbfs(sine), -3.0103, what="rms_dbfs of a full-scale sine",
        formula="20 log10(sqrt(mean(x^2))) = 10 log10(mean(x^2)); not 20 log10(mean(x^2))",
        tolerance=1e-4,
    )  # fmt: skip
    for seed in range(3):
        noise = 0.2 * np.random.default_rng(seed).standard_normal(4000)
        single = noise.astype(np.float32)
        expect_close(exercise.peak_dbfs(noise), peak_dbfs(single), what="peak_dbfs of noise")
        expect_close(exercise.rms_dbfs(noise), rms_dbfs(single), what="rms_dbfs of noise")
    formula = "y = x * 10^(gain_db / 20), because dB of an amplitude are 20 log10"
    for gain_db, factor in ((20.0, 10.0), (-6.0206, 0.5), (0.0, 1.0)):
        expect_close(
            exercise.apply_gain_db(few, gain_db), few * factor,
            what=f"apply_gain_db(x, {gain_db:g})", formula=formula, tolerance=1e-4,
        )  # fmt: skip
