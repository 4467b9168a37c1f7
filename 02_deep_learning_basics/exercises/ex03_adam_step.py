"""02.e3  One step of Adam

Task: fill in `adam_step`. t counts steps from 1; m and s are the averages after step t - 1.

    m  <- b1 m + (1 - b1) g              running average of the gradient
    s  <- b2 s + (1 - b2) g²             running average of its square
    m' =  m / (1 - b1^t)                 both averages start at 0: undo that
    s' =  s / (1 - b2^t)
    w  <- w - rate * m' / (sqrt(s') + epsilon)

Shapes: w, g, m and s are float arrays of one shape. Return the new (w, m, s) as new arrays; m and s
are returned *without* the correction, because the next step needs them that way.

Example: in the first step m' = g and s' = g², so w moves by rate, whatever the size of g.
"""

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
    raise NotImplementedError("adam_step: update m and s, correct both, step")
