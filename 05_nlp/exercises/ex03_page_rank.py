"""05.e3  The rank of a sentence

TextRank asks how often a walker stands on each of N sentences. From sentence i he goes to sentence
j with probability w[i, j] / sum_j w[i, j]; but in each step he jumps with probability 1 - d to any
of the N sentences. From a sentence that resembles no other (its row is all zero) he always jumps.

    rank_j = (1 - d) / N + d * sum_i rank_i * M[i, j]

where M[i, j] = w[i, j] / sum_j w[i, j], and M[i, j] = 1 / N in a row of zeros.

Write `page_rank(weights, damping)`: begin with rank 1/N everywhere and apply the rule until no rank
changes by more than 1e-10. `weights` is an (N, N) array with zeros on its diagonal.

    page_rank([[0, 1], [1, 0]], 0.85) -> [0.5, 0.5]

The ranks always sum to one: a good thing to test while you write.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def page_rank(weights: NDArray[np.float64], damping: float = 0.85) -> NDArray[np.float64]:
    raise NotImplementedError("make M row by row, then repeat the rule until nothing changes")
