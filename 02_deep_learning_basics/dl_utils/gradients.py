"""Gradients by measuring: slow, simple, and right; what a derivation is checked against."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def numerical_gradient(
    function: Callable[[Array], float], point: npt.ArrayLike, step: float = 1e-5
) -> Array:
    """Central differences ``(f(x + h e_i) - f(x - h e_i)) / 2h``, in the shape of ``point``.

    Two evaluations an element, in float64. The error is of the order of ``h**2`` from the formula
    and ``1e-16 / h`` from rounding, so that ``h`` near 1e-5 is about the best there is.
    """
    at = np.array(point, dtype=np.float64)
    gradient = np.zeros_like(at)
    for index in np.ndindex(at.shape):
        kept = at[index]
        at[index] = kept + step
        above = function(at)
        at[index] = kept - step
        below = function(at)
        at[index] = kept
        gradient[index] = (above - below) / (2 * step)
    return gradient


def gradient_error(computed: npt.ArrayLike, measured: npt.ArrayLike) -> float:
    """``|a - b| / (|a| + |b|)`` with Euclidean norms: 0 is equal, 1 has nothing in common.

    Below 1e-7 in float64 a derivation is right; above 1e-4 it is wrong; between, look for a kink
    (ReLU at zero). Two gradients of zero are equal.
    """
    a, b = np.asarray(computed, np.float64), np.asarray(measured, np.float64)
    scale = float(np.linalg.norm(a) + np.linalg.norm(b))
    return float(np.linalg.norm(a - b)) / scale if scale > 0 else 0.0
