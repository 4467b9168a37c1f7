"""Checks 04.e3: window, frames and spectrum, each against the library's."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import torch
from audio_utils import AudioSpec, spectrogram
from course.expect import expect_close, expect_equal


def check(exercise: ModuleType) -> None:
    """From the window up."""
    for n in (8, 1024):
        expect_close(
            exercise.hann(n), torch.hann_window(n, dtype=torch.float64), what=f"hann({n})",
            formula="0.5 - 0.5 cos(2 pi i / n), i = 0 ... n - 1 (np.hanning divides by n - 1)",
        )  # fmt: skip
    ramp = np.arange(1000.0)
    cut = np.asarray(exercise.frames(ramp, 64, 16))
    expect_equal(cut.shape, (63, 64), what="the shape of frames(x, 64, 16) for 1000 samples",
                 hint="T // hop + 1 frames, one row each")  # fmt: skip
    expect_close(
        cut[0], np.abs(np.arange(-32.0, 32.0)), what="frame 0 of the samples 0, 1, 2, ...",
        formula="mirrored at the start: 32, 31, ..., 1, 0, 1, ..., 31 (the 0 not repeated)",
    )  # fmt: skip
    expect_close(
        cut[10], np.arange(128.0, 192.0), what="frame 10",
        formula="centred on sample 10 * 16 = 160: samples 128 to 191",
    )  # fmt: skip
    audio = np.random.default_rng(0).standard_normal(3000)
    for n_fft, hop in ((1024, 256), (512, 100)):
        spec = AudioSpec(n_fft=n_fft, hop_length=hop)
        expect_close(
            exercise.magnitudes(audio, n_fft, hop), spectrogram(audio.astype(np.float32), spec),
            what=f"magnitudes of noise, n_fft {n_fft}, hop {hop},",
            formula="|rfft(frame * window)|, frequency in rows, frames in columns", tolerance=1e-3,
        )  # fmt: skip
