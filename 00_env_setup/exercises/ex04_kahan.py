"""00.e4  A sum that loses nothing

Task: fill in `kahan_sum`. Add the float32 numbers of a 1-D array one after the other, with float32
arithmetic only, but remember what each addition rounds away and put it back at the next one:

    y = value - lost          what is to be added, and what was lost before
    t = total + y             rounded: the low bits of y are cut off
    lost = (t - total) - y    what was cut off (exactly zero in school, not here)
    total = t

Return a float. Lesson 00.4 shows how much the plain loop loses. Use neither np.sum nor
math.fsum nor float64: the point is that one does not need them.

    kahan_sum(np.array([1.0, 2.0, 3.5], dtype=np.float32))  ->  6.5
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def kahan_sum(values: npt.NDArray[np.float32]) -> float:
    """The compensated sum of `values` in float32; 0.0 for an empty array."""
    raise NotImplementedError("carry `lost` along from one addition to the next")
