"""01.e5  The voice of a giant.  Mended.

1. Recordings of 48 kHz were not resampled but written as they were, under a header that says
   24 kHz. The player believes the header: half the speed, an octave lower, twice as long. Nothing
   in the samples themselves could have told it.
2. np.interp draws straight lines between samples. It knows no filter, so what lies above half of
   the new rate is folded down (15 kHz to 24 - 15 = 9 kHz). soxr filters first.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

SAMPLE_RATE = 24_000
Audio = npt.NDArray[np.float32]


def to_24k(samples: Audio, rate: int) -> Audio:
    """`samples` taken at `rate` Hz, resampled to 24 kHz."""
    return np.asarray(soxr.resample(samples, rate, SAMPLE_RATE), dtype=np.float32)


def write_wav(path: Path, samples: Audio, rate: int) -> None:
    """Write a recording of `rate` Hz to `path` as a 24 kHz WAV file."""
    soundfile.write(path, to_24k(samples, rate), SAMPLE_RATE, subtype="PCM_16")
