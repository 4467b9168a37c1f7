"""Checks 02.e6: four gradients, compared with what central differences measure."""

from functools import partial
from types import ModuleType

import numpy as np
from course.expect import expect, expect_close
from dl_utils import numerical_gradient

RULES = {
    "db2": "dz summed over the samples, dz = (softmax(z) - one_hot) / N",
    "dW2": "h^T dz",
    "db1": "da summed over the samples, da = (dz W2^T) where a > 0, else 0",
    "dW1": "X^T da",
}


def loss(x: np.ndarray, labels: np.ndarray, *weights: np.ndarray) -> float:
    w1, b1, w2, b2 = weights
    z = np.maximum(x @ w1 + b1, 0) @ w2 + b2
    z = z - z.max(axis=1, keepdims=True)
    picked = z[np.arange(len(labels)), labels]
    return float(np.mean(np.log(np.exp(z).sum(axis=1)) - picked))


def loss_with(
    x: np.ndarray, labels: np.ndarray, weights: list[np.ndarray], i: int, w: np.ndarray
) -> float:
    """The loss with parameter number ``i`` replaced by ``w``."""
    return loss(x, labels, *weights[:i], w, *weights[i + 1 :])


def check(exercise: ModuleType) -> None:
    rng = np.random.default_rng(5)
    for samples, inputs, hidden, classes in [(7, 4, 5, 3), (1, 2, 3, 2)]:
        x, labels = rng.normal(size=(samples, inputs)), rng.integers(0, classes, samples)
        weights = [
            rng.normal(size=(inputs, hidden)),
            rng.normal(size=hidden),
            rng.normal(size=(hidden, classes)),
            rng.normal(size=classes),
        ]
        kept = [w.copy() for w in weights]
        got = exercise.gradients(x, labels, *weights)
        expect(
            isinstance(got, tuple) and len(got) == 4,
            "gradients should return the four arrays (dW1, db1, dW2, db2).",
        )
        expect(
            all(np.array_equal(a, b) for a, b in zip(weights, kept, strict=True)),
            "a weight was changed: gradients only says which way is up, it does not step.",
        )
        names = ["dW1", "db1", "dW2", "db2"]
        for name in RULES:  # from the end of the network to its beginning, as one debugs it
            i = names.index(name)
            expect_close(
                got[i],
                numerical_gradient(partial(loss_with, x, labels, weights, i), weights[i]),
                what=f"{name} for {samples} samples",
                formula=RULES[name],
                tolerance=1e-6,
            )
