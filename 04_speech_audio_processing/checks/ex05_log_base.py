"""Checks 04.e5: the logarithm is natural, has a floor, and can be undone."""

from __future__ import annotations

from types import ModuleType

import numpy as np
from audio_utils import DEFAULT_SPEC, mel_filterbank, mel_spectrogram, spectrogram
from course.expect import expect, expect_close


def check(exercise: ModuleType) -> None:
    """Known values, silence, the way back, and the library's own mel."""
    mel = np.array([[1.0, np.e, 10.0], [1e-5, 1e-3, 100.0]])
    got = np.asarray(exercise.compress(mel))
    expect(
        not np.allclose(got[:1], np.log10(mel[:1]), atol=1e-3),
        "compress still takes the logarithm to base 10: ln(10) is 2.303, log10(10) is 1.\n"
        "  exp() of a log10 gives x^0.434: 100 becomes 7.4, 0.001 becomes 0.05. That is the sound "
        "without dynamics.",
    )
    expect_close(got, np.log(mel), what="compress", formula="ln(max(x, 1e-5))", tolerance=1e-9)
    expect_close(
        exercise.compress(np.array([[0.0, 1e-7, 1e-5]])), np.full((1, 3), np.log(1e-5)),
        what="compress of silence", formula="ln(max(x, 1e-5)), not ln(x + 1e-5)", tolerance=1e-9,
    )  # fmt: skip
    loud = 10.0 ** np.random.default_rng(0).uniform(-5, 2, (5, 7))
    expect_close(
        exercise.decompress(exercise.compress(loud)), loud,
        what="decompress(compress(x))", formula="e^ln(x) = x",
    )  # fmt: skip
    audio = (0.1 * np.random.default_rng(1).standard_normal(4000)).astype(np.float32)
    ours = exercise.compress(mel_filterbank(DEFAULT_SPEC).numpy() @ spectrogram(audio))
    expect_close(
        ours, mel_spectrogram(audio, DEFAULT_SPEC), what="the log-mel of noise",
        formula="ln(max(filters @ |STFT|, 1e-5))", tolerance=1e-3,
    )  # fmt: skip
