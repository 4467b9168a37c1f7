"""03.e6  Clicks in the loud places (broken on purpose)

to_pcm turns samples (float, -1 to 1) into the 16-bit whole numbers of a WAV file. Quiet speech only
gets a little rough. In loud speech there are clicks, each a jump over the whole range.

Task: find both mistakes and repair them. A 16-bit number lies between -32 768 and 32 767; multiply
    by 32 767, round to the nearest whole number, and let what is too loud stop at the end of the
    range instead of coming back at the other side.

Shapes: to_pcm(samples (T,) float) -> (T,) int16
Example: to_pcm([0.0, 0.5, 1.0, 1.2, -1.2]) -> [0, 16384, 32767, 32767, -32768]
    (0.5 * 32 767 is 16 383.5; numpy rounds halves to the even neighbour)
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def to_pcm(samples: npt.NDArray[np.floating]) -> npt.NDArray[np.int16]:
    """Samples as 16-bit whole numbers."""
    scaled = (np.asarray(samples) * 32_768).astype(np.int64)
    return scaled.astype(np.int16)
