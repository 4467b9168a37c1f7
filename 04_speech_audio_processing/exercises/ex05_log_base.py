"""04.e5  The quiet vocoder  (broken on purpose)

One program makes log-mel spectrograms, another turns them back into magnitudes for the vocoder.
Each looks right on its own. Together they give a whisper without any dynamics: nobody has agreed
on the base of the logarithm, and on what to do with silence.

The contract (audio_utils.AudioSpec) says: the natural logarithm, of magnitudes that are first
raised to at least FLOOR = 1e-5.
Repair what is wrong, so that decompress(compress(x)) is x wherever x is at least FLOOR, and FLOOR
wherever it is less. Shapes stay as they are: (M, F).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

FLOOR = 1e-5


def compress(mel: Array) -> Array:
    """Magnitudes ``(M, F)``, 0 and more, as natural logarithms."""
    return np.log10(mel + FLOOR)


def decompress(log_mel: Array) -> Array:
    """Natural logarithms ``(M, F)`` as magnitudes."""
    return np.exp(log_mel)
