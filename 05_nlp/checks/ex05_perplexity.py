"""Checks 05.e5: probabilities that sum to one, and a perplexity that survives a long text."""

from __future__ import annotations

import math
from itertools import pairwise
from types import ModuleType

import numpy as np
from course.expect import expect, expect_close

SMOOTHED = "p(b | a) = (count(a, b) + 1) / (count(a) + V)"
RULE = "exp(-1/n * sum of ln p(w_t | w_(t-1))), n = number of pairs"


def check(exercise: ModuleType) -> None:
    model = exercise.train(["a", "b", "a", "b", "a"])
    expect_close(
        exercise.probability(model, "a", "b"), 0.75, what="p(b | a) after a b a b a",
        formula=SMOOTHED + "; the last 'a' is followed by nothing and does not count",
    )  # fmt: skip
    expect_close(exercise.probability(model, "a", "a"), 0.25, what="p(a | a)", formula=SMOOTHED)
    expect_close(
        exercise.probability(model, "z", "a"),
        0.5,
        what="p(a | z) for a word that was never seen",
        formula=SMOOTHED + " with both counts 0",
    )
    expect_close(
        exercise.perplexity(model, ["a", "b", "a"]), 4 / 3, what="perplexity", formula=RULE
    )
    rng = np.random.default_rng(1)
    words = [str(number) for number in rng.integers(0, 20, 3000)]
    model = exercise.train(words)
    for before in ("0", "7"):
        total = sum(exercise.probability(model, before, str(word)) for word in range(20))
        expect_close(
            total, 1.0, what=f"the sum of p(w | {before}) over all words", formula=SMOOTHED
        )
    value = exercise.perplexity(model, words)
    expect(
        math.isfinite(value),
        f"The perplexity of 3000 words is {value}. A product of 3000 probabilities rounds to 0; "
        "add logarithms instead.",
    )
    logs = [math.log(exercise.probability(model, a, b)) for a, b in pairwise(words)]
    expect_close(value, math.exp(-np.mean(logs)), what="perplexity of 3000 words", formula=RULE)
    expect(
        10 < value < 20,
        f"20 words drawn at random have a perplexity just below 20, not {value:.1f}. Do the "
        "logarithm and the exponential have the same base?",
    )
