"""05.e3  The rank of a sentence: a solution."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def page_rank(weights: NDArray[np.float64], damping: float = 0.85) -> NDArray[np.float64]:
    weights = np.asarray(weights, dtype=np.float64)
    number = len(weights)
    total = weights.sum(axis=1, keepdims=True)
    m = np.where(total > 0, weights / np.where(total > 0, total, 1), 1 / number)
    rank = np.full(number, 1 / number)
    while True:
        updated: NDArray[np.float64] = (1 - damping) / number + damping * (m.T @ rank)
        if np.abs(updated - rank).max() < 1e-10:
            return updated
        rank = updated
