"""04.e1  Decibels

A sample of 1.0 is "full scale", the highest that a file can hold. Levels are given in decibels
below it, dBFS: 20 log10 of an amplitude, which is the same as 10 log10 of a power (the amplitude
squared).

Write three functions:
- peak_dbfs: the highest absolute sample in dBFS.     [0.1, -0.5] -> -6.02
- rms_dbfs:  the root of the mean square in dBFS.     a full-scale sine -> -3.01
- apply_gain_db: the signal, louder by so many decibels.   0.1 with +20 dB -> 1.0
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Audio = npt.NDArray[np.float64]


def peak_dbfs(audio: Audio) -> float:
    """``(T,)`` samples that are not all 0 -> dBFS."""
    raise NotImplementedError("peak_dbfs: 20 log10 of the highest absolute sample")


def rms_dbfs(audio: Audio) -> float:
    """``(T,)`` samples that are not all 0 -> dBFS."""
    raise NotImplementedError("rms_dbfs: square, mean, root, then decibels")


def apply_gain_db(audio: Audio, gain_db: float) -> Audio:
    """``(T,) -> (T,)``."""
    raise NotImplementedError("apply_gain_db: multiply by the right factor")
