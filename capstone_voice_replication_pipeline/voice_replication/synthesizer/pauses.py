"""How long the pauses inside a sentence last.

Most transcripts have no marks, so commas were put where their readers pause. But those pause also
where their sentences end, and longer: what the network learned of commas is a mixture of both, half
a second on average. In the two corpora whose commas are written, commas last half of that::

    seconds    0.22  kathleen, commas        0.29  LJ Speech, commas
               0.43  LJ Speech, full stops   0.52  the others, commas heard in the sound

So a comma longer than those of the slower of the two is shortened towards it. A voice that pauses
briefly stays brief; and one that pauses long is still a little longer than others. Marks that the
recordings hardly hold last as many times longer than a comma as they do there (47 of them).

Shapes: ``L`` symbols of a sentence.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC
from text_utils import Symbols

Frames = npt.NDArray[np.float32]

WRITTEN_COMMA_SECONDS = 0.27
KEPT_OF_LONGER = 0.2  # of what a comma is longer than that
STRETCH = {",": 1.0, "-": 1.4, ";": 1.7, ":": 1.9}  # against a comma


def pause_frames(ids: Sequence[int], frames: Frames, symbols: Symbols) -> Frames:
    """``frames (L,)`` that the network gives to the written ``ids (L,)``, at normal speed, with the
    pauses of people who read what is written."""
    written = WRITTEN_COMMA_SECONDS * DEFAULT_SPEC.frames_per_second
    stretch = {symbols.id(mark): times for mark, times in STRETCH.items()}
    times = np.array([stretch.get(index, 0.0) for index in ids], np.float32)
    shortened = np.minimum(frames, written + KEPT_OF_LONGER * (frames - written))
    return np.where(times > 0, times * shortened, frames).astype(np.float32)
