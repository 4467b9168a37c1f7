"""06.e1  Attention in NumPy

Task: write scaled dot-product attention with a mask.

    weights = softmax(Q K^T / sqrt(D)) over the keys; a key that is not allowed gets weight 0
    output  = weights V

Shapes: query (Lq, D), key (Lk, D), value (Lk, Dv), allowed (Lq, Lk) of bool or None (all allowed)
    -> output (Lq, Dv), weights (Lq, Lk), whose rows sum to 1.
    At least one key is allowed for each query. Scores may be as large as 10,000: subtract the
    largest of a row before you take exp.

Example: query = [[0, 0]], key = [[1, 0], [0, 1]], value = [[2], [4]]
    -> output [[3]], weights [[0.5, 0.5]]
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def attention(
    query: Array, key: Array, value: Array, allowed: NDArray[np.bool_] | None = None
) -> tuple[Array, Array]:
    """The mixture of values for each query, and the weights of the mixture."""
    raise NotImplementedError("Scores, mask, softmax, mixture: four lines.")
