"""00.e4  A sum that loses nothing.  One answer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def kahan_sum(values: npt.NDArray[np.float32]) -> float:
    """The compensated sum of `values` in float32; 0.0 for an empty array."""
    total = np.float32(0.0)
    lost = np.float32(0.0)
    for value in values:
        corrected = value - lost
        new = total + corrected
        lost = (new - total) - corrected
        total = new
    return float(total)
