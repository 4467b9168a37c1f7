"""Checks 03.e6: quiet, loud and too loud samples, as 16-bit numbers."""

from types import ModuleType

import numpy as np
from course.expect import expect, expect_close

RULE = "clip(round(x * 32767), -32768, 32767)"


def check(exercise: ModuleType) -> None:
    samples = np.array([0.0, 0.5, 1.0, 1.2, -1.2, -1.0])
    wanted = [0, 16_384, 32_767, 32_767, -32_768, -32_767]
    got = exercise.to_pcm(samples)
    expect_close(got, wanted, what=f"to_pcm({samples.tolist()})", formula=RULE, tolerance=0)
    expect(
        np.asarray(got).dtype == np.int16,
        f"A WAV file of 16 bits wants int16, but the type is {np.asarray(got).dtype}.",
    )
    times = np.arange(800) / 16_000
    for level in (0.001, 0.9, 1.0, 1.5):
        tone = (level * np.sin(2 * np.pi * 200 * times)).astype(np.float32)
        exact = np.clip(np.round(tone.astype(np.float64) * 32_767), -32_768, 32_767)
        got = np.asarray(exercise.to_pcm(tone)).astype(np.int64)
        jump = int(np.abs(np.diff(got)).max())
        expect(
            jump < 10_000,
            f"A tone of level {level} jumps by {jump} from one sample to the next: a click. A "
            "number that is too big for int16 comes back at the other end of the range.\n"
            f"  the rule: {RULE}",
        )
        expect_close(got, exact, what=f"a tone of level {level}", formula=RULE, tolerance=0)
