"""02.e3  One step of Adam: a solution."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def adam_step(
    w: Array,
    g: Array,
    m: Array,
    s: Array,
    t: int,
    rate: float = 1e-3,
    b1: float = 0.9,
    b2: float = 0.999,
    epsilon: float = 1e-8,
) -> tuple[Array, Array, Array]:
    """The weights and both averages after step ``t`` (1, 2, …)."""
    m = b1 * m + (1 - b1) * g
    s = b2 * s + (1 - b2) * g**2
    corrected_m = m / (1 - b1**t)
    corrected_s = s / (1 - b2**t)
    return w - rate * corrected_m / (np.sqrt(corrected_s) + epsilon), m, s
