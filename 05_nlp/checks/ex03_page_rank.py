"""Checks 05.e3: the ranks are the stationary distribution of the walk."""

from __future__ import annotations

from types import ModuleType

import numpy as np
from course.expect import expect, expect_close
from text_utils import page_rank

RULE = "rank_j = (1 - d) / N + d * sum_i rank_i * M[i, j]"


def check(exercise: ModuleType) -> None:
    pair = exercise.page_rank(np.array([[0.0, 1.0], [1.0, 0.0]]), 0.85)
    expect_close(pair, [0.5, 0.5], what="page_rank of two sentences", formula=RULE)
    one_way = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 2.0], [3.0, 0.0, 0.0]])
    expect_close(
        exercise.page_rank(one_way, 0.85),
        [1 / 3] * 3,
        what="page_rank of a circle with weights 1, 2, 3",
        formula="M[i, j] = w[i, j] / (sum of row i): only the shares of a row count",
        tolerance=1e-6,
    )
    lonely = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    got = exercise.page_rank(lonely, 0.85)
    expect(bool(np.isfinite(got).all()), "A row of zeros was divided by its sum, which is zero.")
    expect_close(
        np.sum(got), 1.0, what="the sum of the ranks", formula="a row of zeros in M is 1/N each"
    )
    expect_close(got, page_rank(lonely), what="page_rank with a lonely sentence", formula=RULE)
    rng = np.random.default_rng(3)
    for damping in (0.5, 0.85, 0.95):
        weights = rng.random((12, 12)) * (rng.random((12, 12)) < 0.4)
        np.fill_diagonal(weights, 0.0)
        weights[4] = 0.0
        expect_close(
            exercise.page_rank(weights, damping),
            page_rank(weights, damping),
            what=f"page_rank of a random 12 x 12 matrix with d = {damping}",
            formula=RULE + "; votes go from i to j, so M is used transposed",
            tolerance=1e-6,
        )
