"""Checks 04.e4: the mel scale, its inverse, and the filters, against audio_utils."""

from __future__ import annotations

from types import ModuleType

import numpy as np
from audio_utils import AudioSpec, mel_filterbank
from course.expect import expect, expect_close


def check(exercise: ModuleType) -> None:
    """The scale first; the filters stand on it."""
    hz = np.array([0.0, 440.0, 1000.0, 12_000.0])
    wanted = 2595 * np.log10(1 + hz / 700)
    expect_close(exercise.hz_to_mel(hz), wanted, what="hz_to_mel([0, 440, 1000, 12000])",
                 formula="2595 log10(1 + f / 700)")  # fmt: skip
    expect_close(exercise.mel_to_hz(wanted), hz, what="mel_to_hz(hz_to_mel([0, 440, 1000, 12000]))",
                 formula="700 (10^(mel / 2595) - 1)")  # fmt: skip
    for rate, n_fft, n_mels in ((24_000, 1024, 100), (16_000, 512, 40)):
        spec = AudioSpec(sample_rate=rate, n_fft=n_fft, n_mels=n_mels, f_max_hz=rate / 2)
        got = np.asarray(exercise.filter_bank(rate, n_fft, n_mels))
        expect(
            got.ndim == 2 and got.min() >= 0.0,
            "filter_bank: some weights are negative. Both lines go below 0 outside of their "
            "triangle; cut them there: max(0, min(rising, falling)).",
        )
        expect_close(
            got, mel_filterbank(spec).numpy(),
            what=f"filter_bank({rate}, {n_fft}, {n_mels})",
            formula="max(0, min((f - left) / (centre - left), (right - f) / (right - centre)))",
            tolerance=1e-4,
        )  # fmt: skip
