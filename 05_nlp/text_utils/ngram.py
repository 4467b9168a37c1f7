"""A smoothed and pruned n-gram model of symbol sequences, as a trie in flat arrays.

Smoothing is interpolated modified Kneser-Ney (Chen and Goodman 1998): a count is discounted, what
was taken goes to the shorter context, and the shorter context counts in how many different longer
ones a symbol was seen rather than how often. Pruning drops an n-gram whose loss changes the model
least (weighted difference, Seymore and Rosenfeld 1996); the back-off weights are then computed
again, so that every context still sums to one.

Symbol 0 is the boundary: it opens a sequence (as context only) and closes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass
class Level:
    """All n-grams of one length; each array has one entry an n-gram, sorted by (parent, symbol)."""

    parent: Ints  # index of the n-gram without its last symbol, one level up
    symbol: Ints  # last symbol
    suffix: Ints  # index of the n-gram without its first symbol, one level up
    count: Floats  # times seen
    opening: NDArray[np.bool_]  # starts at the beginning of a sequence
    probability: Floats = field(default_factory=lambda: np.zeros(0))
    backoff: Floats = field(default_factory=lambda: np.zeros(0))
    kept: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))


def count_ngrams(sequences: Sequence[Sequence[int]], symbols: int, order: int) -> list[Level]:
    """N-grams of lengths 1 .. ``order`` in ``sequences`` of symbols 1 .. ``symbols`` - 1."""
    tokens = np.array([t for s in sequences for t in (0, *s, 0)], dtype=np.int64)
    lengths = np.array([len(s) + 2 for s in sequences])
    position = np.arange(len(tokens)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    levels: list[Level] = []
    shorter = np.zeros(len(tokens), dtype=np.int64)  # index of the (n-1)-gram ending at each token
    for n in range(1, order + 1):
        valid = np.nonzero(position >= n - 1)[0]
        context = shorter[valid - 1] if n > 1 else np.zeros(len(valid), dtype=np.int64)
        keys, index = np.unique(context * symbols + tokens[valid], return_inverse=True)
        ending = np.full(len(tokens), -1, dtype=np.int64)
        ending[valid] = index
        suffix = np.zeros(len(keys), dtype=np.int64)
        suffix[index] = shorter[valid]
        opening = np.zeros(len(keys), dtype=bool)
        opening[ending[position == n - 1]] = True
        count = np.bincount(index, minlength=len(keys)).astype(np.float64)
        levels.append(Level(keys // symbols, keys % symbols, suffix, count, opening))
        shorter = ending
    levels[0].count[0] = len(sequences)  # the boundary is predicted once a sequence, not twice
    return levels


def smooth(levels: list[Level], symbols: int) -> None:
    """Fill in the probabilities (modified Kneser-Ney, interpolated) and back-off weights."""
    for n, level in enumerate(levels):
        count = level.count
        if n + 1 < len(levels):
            longer = np.bincount(levels[n + 1].suffix, minlength=len(count)).astype(np.float64)
            count = np.where(level.opening & (n > 0), count, longer)
        discount = _discounts(count)[np.minimum(count, 3).astype(int)]
        size = len(levels[n - 1].symbol) if n else 1
        total = np.maximum(np.bincount(level.parent, weights=count, minlength=size), 1e-9)
        weight = np.bincount(level.parent, weights=discount, minlength=size) / total
        level.probability = (count - discount) / total[level.parent]
        if n:
            levels[n - 1].backoff = weight
            level.probability += weight[level.parent] * levels[n - 1].probability[level.suffix]
        else:
            level.probability += weight[0] / symbols
        level.kept = np.ones(len(count), dtype=bool)
    levels[-1].backoff = np.ones(len(levels[-1].symbol))


def _discounts(count: Floats) -> Floats:
    """D for counts 0, 1, 2 and 3 or more, from the counts of counts (Chen and Goodman, eq. 26)."""
    n1, n2, n3, n4 = (max(float((count == k).sum()), 1.0) for k in (1, 2, 3, 4))
    share = n1 / (n1 + 2 * n2)
    raw = np.array([0, 1 - 2 * share * n2 / n1, 2 - 3 * share * n3 / n2, 3 - 4 * share * n4 / n3])
    clipped: Floats = np.clip(raw, [0, 0.05, 0.05, 0.05], [0, 0.95, 1.9, 2.9])
    return clipped


def prune(levels: list[Level], threshold: float) -> None:
    """Drop n-grams that change the model by less than ``threshold`` (nats x probability)."""
    total = levels[0].count.sum()
    for n in range(len(levels) - 1, 0, -1):
        level, lower = levels[n], levels[n - 1]
        without = lower.backoff[level.parent] * lower.probability[level.suffix]
        change = level.count / total * np.abs(np.log(level.probability) - np.log(without))
        level.kept = change > threshold
        if n + 1 < len(levels):  # what a longer one stands on, or backs off to, stays
            longer = levels[n + 1]
            level.kept[longer.parent[longer.kept]] = True
            level.kept[longer.suffix[longer.kept]] = True
    for n in range(1, len(levels)):
        level, lower = levels[n], levels[n - 1]
        size, kept = len(lower.symbol), level.kept
        parent, suffix = level.parent[kept], level.suffix[kept]
        seen = np.bincount(parent, weights=level.probability[kept], minlength=size)
        backed = np.bincount(parent, weights=lower.probability[suffix], minlength=size)
        lower.backoff = np.maximum(1 - seen, 1e-6) / np.maximum(1 - backed, 1e-6)


@dataclass(frozen=True)
class Trie:
    """The kept n-grams of all lengths in one numbering; node 0 is the empty context.

    Nodes stand in the order of (length, parent, symbol), so the children of a node are neighbours.
    """

    symbol: Ints
    children: Ints  # number of children of each node
    log_probability: Floats
    log_backoff: Floats


def to_trie(levels: list[Level]) -> Trie:
    """The kept n-grams as a trie."""
    symbol, probability, backoff = [np.zeros(1, np.int64)], [np.ones(1)], [np.ones(1)]
    children: list[Ints] = [np.array([int(levels[0].kept.sum())])]
    for n, level in enumerate(levels):
        kept = level.kept
        symbol.append(level.symbol[kept])
        probability.append(level.probability[kept])
        backoff.append(level.backoff[kept])
        if n + 1 < len(levels):
            longer = levels[n + 1]
            count = np.bincount(longer.parent[longer.kept], minlength=len(kept))
            children.append(count[kept])
        else:
            children.append(np.zeros(int(kept.sum()), dtype=np.int64))
    number = np.concatenate(children)
    log_backoff = np.log(np.where(number > 0, np.concatenate(backoff), 1.0))
    return Trie(np.concatenate(symbol), number, np.log(np.concatenate(probability)), log_backoff)
