"""04.e7  The mixture that tears  (broken on purpose)

Two voices speak at once, and the sum is written with 16 bits. It runs, the file has the right
length, and it sounds as if somebody tore paper at every loud syllable. Two things go wrong:

- numbers beyond the range of 16 bits do not stop at its end: they come out at the other side;
- even where they stop at the end, the tops are cut flat (clipping), which is heard as distortion.

Repair mix so that nothing wraps and nothing clips: where the sum would exceed the ceiling, turn
the whole mixture down by one factor so that its highest sample is the ceiling; a mixture that
fits stays as it is. And repair to_int16: 1.0 is 32767, -1.0 is -32767, rounded to the nearest
whole number, and what lies outside -1 to 1 stops at the end.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Audio = npt.NDArray[np.float64]

CEILING = 0.99


def mix(first: Audio, second: Audio) -> Audio:
    """Two signals ``(T,)`` of the same length -> ``(T,)``, no sample above ``CEILING``."""
    total = first + second
    highest = np.abs(total).max(initial=0.0)
    return total * (CEILING / highest) if highest > CEILING else total


def to_int16(audio: Audio) -> npt.NDArray[np.int16]:
    """Samples in -1 to 1 as 16-bit numbers, ``(T,)``."""
    return np.round(np.clip(audio, -1.0, 1.0) * 32767).astype(np.int16)
