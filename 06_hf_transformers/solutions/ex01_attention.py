"""06.e1  Attention in NumPy: the reference answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def attention(
    query: Array, key: Array, value: Array, allowed: NDArray[np.bool_] | None = None
) -> tuple[Array, Array]:
    """The mixture of values for each query, and the weights of the mixture."""
    scores = query @ key.T / np.sqrt(query.shape[1])
    if allowed is not None:
        scores = np.where(allowed, scores, -np.inf)  # exp(-inf) is exactly 0
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = exponentials / exponentials.sum(axis=1, keepdims=True)
    return weights @ value, weights
