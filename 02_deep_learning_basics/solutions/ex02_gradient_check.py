"""02.e2  Measure a gradient: a solution."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def measure_gradient(function: Callable[[Array], float], point: Array, step: float = 1e-5) -> Array:
    """The gradient of ``function`` at ``point``, in the point's shape."""
    gradient = np.zeros_like(point)
    for index in np.ndindex(point.shape):  # every index of an array of any shape
        nudge = np.zeros_like(point)
        nudge[index] = step
        gradient[index] = (function(point + nudge) - function(point - nudge)) / (2 * step)
    return gradient
