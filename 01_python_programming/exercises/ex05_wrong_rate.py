"""01.e5  The voice of a giant   (broken on purpose)

`to_24k` should bring a recording to 24 kHz, and `write_wav` write it. Both run without an error.
But recordings made at 48 kHz come out an octave too low and twice as long, and a tone of 15 kHz,
which 24 kHz audio can not hold, turns up as a whistle of 9 kHz. There are two mistakes: find both.

`samples` is mono float32 in [-1, 1] of shape (T,); what comes back has T x 24000 / rate samples.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

SAMPLE_RATE = 24_000
Audio = npt.NDArray[np.float32]


def to_24k(samples: Audio, rate: int) -> Audio:
    """`samples` taken at `rate` Hz, resampled to 24 kHz."""
    moments = np.arange(int(len(samples) * SAMPLE_RATE / rate)) * rate / SAMPLE_RATE
    return np.interp(moments, np.arange(len(samples)), samples).astype(np.float32)


def write_wav(path: Path, samples: Audio, rate: int) -> None:
    """Write a recording of `rate` Hz to `path` as a 24 kHz WAV file."""
    resampled = samples if rate == 48_000 else to_24k(samples, rate)
    soundfile.write(path, resampled, SAMPLE_RATE, subtype="PCM_16")
