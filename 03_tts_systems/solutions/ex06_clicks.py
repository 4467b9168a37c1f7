"""03.e6  Clicks in the loud places: the solution

32 768 is one more than an int16 can hold: it becomes -32 768, a jump from the top to the bottom.
And ``astype`` cuts towards zero, which distorts quiet sounds; ``round`` does not. The order
matters: clip while there is still room above, convert last.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def to_pcm(samples: npt.NDArray[np.floating]) -> npt.NDArray[np.int16]:
    """Samples as 16-bit whole numbers."""
    scaled = np.round(np.asarray(samples, dtype=np.float64) * 32_767)
    return np.clip(scaled, -32_768, 32_767).astype(np.int16)
