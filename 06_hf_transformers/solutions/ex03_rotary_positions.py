"""06.e3  Rotary positions: the reference answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def rotate(x: Array, positions: Array) -> Array:
    """Every pair of columns turned by the angle of its position."""
    width = x.shape[1]
    rates = 10_000.0 ** (-np.arange(0, width, 2) / width)  # (D/2,)
    angles = np.asarray(positions)[:, None] * rates  # (L, D/2)
    turned = np.empty_like(x, dtype=float)
    turned[:, 0::2] = x[:, 0::2] * np.cos(angles) - x[:, 1::2] * np.sin(angles)
    turned[:, 1::2] = x[:, 0::2] * np.sin(angles) + x[:, 1::2] * np.cos(angles)
    return turned
