"""Checks 02.e1: softmax and cross-entropy, on ordinary and on huge scores."""

from types import ModuleType

import numpy as np
from course.expect import expect, expect_close

SOFTMAX = "softmax(z)_k = exp(z_k) / sum_j exp(z_j), for every row by itself"
LOSS = "mean over the samples of -log softmax(z)_label, natural logarithm"


def check(exercise: ModuleType) -> None:
    scores = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    kept = scores.copy()
    wanted = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    with np.errstate(all="ignore"):
        got = exercise.softmax(scores)
        expect_close(got, wanted, what="softmax([[1, 2, 3], [0, 0, 0]])", formula=SOFTMAX)
        expect(
            np.array_equal(scores, kept),
            "softmax changed the array it was given. Make a new one (`z - m`, not `z -= m`).",
        )
        huge = np.array([[1000.0, 999.0], [-1000.0, -1001.0], [5000.0, -5000.0]])
        p = 1 / (1 + np.exp(-1.0))
        got = exercise.softmax(huge)
        expect(
            bool(np.all(np.isfinite(got))),
            "softmax of scores near 1000 is not a number: exp(1000) overflows.\n"
            "Subtract the largest score of the row first; the fraction stays the same.",
        )
        expect_close(
            got, [[p, 1 - p], [p, 1 - p], [1, 0]], what="softmax of ±1000", formula=SOFTMAX
        )

        labels = np.array([2, 0])
        expect_close(
            exercise.cross_entropy(scores, labels),
            -np.mean([np.log(wanted[0, 2]), np.log(wanted[1, 0])]),
            what="cross_entropy of [[1, 2, 3], [0, 0, 0]] with labels [2, 0]",
            formula=LOSS,
        )
        got = exercise.cross_entropy(huge, np.array([1, 0, 1]))
        expect(
            bool(np.isfinite(got)),
            f"cross_entropy of a confident mistake is {got}. It should be large, not infinite:\n"
            "softmax rounds to 0 there and log 0 is -inf. Use log softmax(z)_k = z_k - log sum_j "
            "exp(z_j) directly.",
        )
        wanted_loss = (-np.log(1 - p) - np.log(p) + 10_000.0) / 3
        expect_close(got, wanted_loss, what="cross_entropy with a confident mistake", formula=LOSS)
