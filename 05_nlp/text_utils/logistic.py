"""Logistic regression: a weighted sum, squeezed into a probability.

    p(positive | x) = 1 / (1 + exp(-(w . x + b)))

The weights minimize the cross-entropy plus ``|w|^2 / (2 C)``. With few texts and many words that
penalty is what keeps a word seen once from deciding everything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from text_utils.tfidf import Floats


@dataclass(frozen=True)
class LogisticModel:
    """``p = 1 / (1 + exp(-(x . weights + bias)))``."""

    weights: Floats  # (V,)
    bias: float

    def probability(self, x: Floats) -> Floats:
        """The probability of the positive class for rows ``(N, V)``: ``(N,)``."""
        from scipy.special import expit

        p: Floats = expit(x @ self.weights + self.bias)
        return p


def fit_logistic(x: Floats, y: NDArray[np.int64], c: float = 1.0) -> LogisticModel:
    """The weights that minimize ``sum_i ln(1 + exp(-y_i z_i)) + |w|^2 / (2 c)``, ``y`` +1 or -1.

    ``x`` is ``(N, V)``. The bias is not penalized. The problem is convex, so there is one answer;
    L-BFGS finds it (it is scikit-learn's ``LogisticRegression(C=c)``).
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    def loss_and_gradient(parameters: Floats) -> tuple[float, Floats]:
        w, b = parameters[:-1], parameters[-1]
        margin = y * (x @ w + b)
        loss = np.logaddexp(0.0, -margin).sum() + w @ w / (2 * c)
        pull = -y * expit(-margin)  # (N,)
        return float(loss), np.append(x.T @ pull + w / c, pull.sum())

    start = np.zeros(x.shape[1] + 1)
    options = {"maxiter": 2000, "ftol": 1e-12, "gtol": 1e-7}
    found = minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", options=options)
    return LogisticModel(found.x[:-1], float(found.x[-1]))
