"""02.e2  Measure a gradient

Task: fill in `measure_gradient`, with central differences:

    df/dx_i = (f(x + h e_i) - f(x - h e_i)) / (2 h)

e_i is 1 at place i and 0 elsewhere. Shapes: ``point`` is a float array of any shape; the result has
the same shape. ``function`` takes such an array and returns one number. The point must be left as
it was.

Example: f(x) = x[0]**2 + 3 x[1] at (2, 5) has the gradient (4, 3).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def measure_gradient(function: Callable[[Array], float], point: Array, step: float = 1e-5) -> Array:
    """The gradient of ``function`` at ``point``, in the point's shape."""
    raise NotImplementedError("measure_gradient: (f(x + h e_i) - f(x - h e_i)) / 2h for every i")
