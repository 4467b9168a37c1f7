"""02.e1  Softmax and cross-entropy that do not overflow

Task: fill in both functions with numpy.

    softmax(z)_k     = exp(z_k) / sum_j exp(z_j)
    cross_entropy    = mean over the samples of -log softmax(z)_label

Shapes: scores ``(N, K)``, any real numbers, also 1000 or -1000; labels ``(N,)``, whole numbers
0 … K-1. softmax returns ``(N, K)``; cross_entropy returns one number, in nats.

Example: softmax([[0, 0]]) is [[0.5, 0.5]]; the cross-entropy with label 1 is log 2 = 0.6931.

exp(1000) is infinite. Subtracting the same number from all scores of a sample changes nothing in
the fraction: use that, and do not take the logarithm of a probability that has become 0.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def softmax(scores: Array) -> Array:
    """Probabilities ``(N, K)`` of scores ``(N, K)``."""
    raise NotImplementedError("softmax: exp(z_k) / sum_j exp(z_j), row by row")


def cross_entropy(scores: Array, labels: npt.NDArray[np.int64]) -> float:
    """Mean of -log softmax(scores)[label], in nats."""
    raise NotImplementedError("cross_entropy: the mean of -log softmax(z)_label")
