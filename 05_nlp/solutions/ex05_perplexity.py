"""05.e5  How surprised is a model? A solution."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple


class Model(NamedTuple):
    pairs: Counter[tuple[str, str]]
    firsts: Counter[str]
    vocabulary: int


def train(words: Sequence[str]) -> Model:
    pairs = Counter(pairwise(words))
    # The last word is followed by nothing: it is no first of a pair.
    return Model(pairs, Counter(words[:-1]), len(set(words)))


def probability(model: Model, before: str, word: str) -> float:
    return (model.pairs[before, word] + 1) / (model.firsts[before] + model.vocabulary)


def perplexity(model: Model, words: Sequence[str]) -> float:
    # Logarithms are added because the product of many probabilities would round to zero.
    logs = [math.log(probability(model, a, b)) for a, b in pairwise(words)]
    return math.exp(-sum(logs) / len(logs))
