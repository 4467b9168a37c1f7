"""05.e5  How surprised is a model?

A bigram model says how likely each word is after the one before it. With add-one smoothing

    p(b | a) = (count(a, b) + 1) / (count(a) + V)

count(a, b) is how often b followed a in the training words, count(a) how often a was followed by
anything, and V is the number of different words in the training text. The perplexity of a text
w_0, w_1, ..., w_n is

    exp( -1/n * sum over t = 1 .. n of ln p(w_t | w_(t-1)) )

the number of words between which a model would have to guess if all were equally likely.

    model = train(["a", "b", "a", "b", "a"])
    probability(model, "a", "b") -> 0.75        # (2 + 1) / (2 + 2)
    perplexity(model, ["a", "b", "a"]) -> 1.333

Write the three functions. What `train` returns is up to you.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def train(words: Sequence[str]) -> Any:
    raise NotImplementedError("count pairs, firsts of pairs, and different words")


def probability(model: Any, before: str, word: str) -> float:
    raise NotImplementedError("(count(a, b) + 1) / (count(a) + V)")


def perplexity(model: Any, words: Sequence[str]) -> float:
    raise NotImplementedError("exp of the mean negative log probability")
