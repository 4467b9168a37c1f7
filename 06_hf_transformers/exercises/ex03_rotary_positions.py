"""06.e3  Rotary positions

Task: turn each pair of neighboring columns (0 and 1, 2 and 3, ...) of a query or key by an angle
that grows with its position:

    angle(position p, pair k) = p * 10000^(-2k / D),   k = 0, 1, ..., D/2 - 1
    (a, b) becomes (a cos - b sin, a sin + b cos)

Shapes: x (L, D) with even D, positions (L,) -> (L, D). x is not changed.

Example: D = 2, x = [[1, 0]], positions = [pi / 2] -> [[0, 1]]: a quarter turn.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def rotate(x: Array, positions: Array) -> Array:
    """Every pair of columns turned by the angle of its position."""
    raise NotImplementedError("Angles (L, D/2) first; then the even and the odd columns.")
