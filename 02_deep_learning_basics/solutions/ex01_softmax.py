"""02.e1  Softmax and cross-entropy that do not overflow: a solution."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def log_softmax(scores: Array) -> Array:
    """log of the fraction: z_k - log sum_j exp(z_j), after the row's maximum was taken away."""
    shifted = scores - scores.max(axis=1, keepdims=True)  # the largest is now 0: exp is at most 1
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def softmax(scores: Array) -> Array:
    """Probabilities ``(N, K)`` of scores ``(N, K)``."""
    return np.exp(log_softmax(scores))


def cross_entropy(scores: Array, labels: npt.NDArray[np.int64]) -> float:
    """Mean of -log softmax(scores)[label], in nats.

    The logarithm is never taken of a rounded probability: log_softmax has it already.
    """
    return float(-log_softmax(scores)[np.arange(len(labels)), labels].mean())
