"""03.e4  The length regulator of FastSpeech

Task: a text encoder gives one vector a symbol; a spectrogram has many frames a symbol. FastSpeech
    bridges the two by repeating the vector of symbol i durations[i] times.

    frames  = round(durations / speed), element by element (numpy's round; never below 0)
    output  = states[0] repeated frames[0] times, then states[1] frames[1] times, ...

    speed 2.0 is twice as fast. Symbols with duration 0 vanish. Use no loop over frames.

Shapes: expand(states (L, D), durations (L,), speed) -> (sum of frames, D)
Example: expand([[1.], [2.], [3.]], [2, 0, 3]) -> [[1.], [1.], [3.], [3.], [3.]]
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def expand(
    states: npt.NDArray[np.floating], durations: npt.NDArray[np.integer], speed: float = 1.0
) -> npt.NDArray[np.floating]:
    """One vector a frame."""
    raise NotImplementedError(
        "Compute the frames of each symbol, then repeat along the first axis."
    )
