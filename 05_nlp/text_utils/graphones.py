"""Which letters make which phones: alignment of a dictionary by expectation maximization.

A *graphone* is a pair of a few letters and the few phones that they stand for; a word is a sequence
of graphones, "phone" = (ph, F) (o, OW1) (n, N) (e, -). The dictionary does not say where
the cuts are, so they are hidden variables: every cut into graphones of the allowed shapes gets the
probability of its graphones' product, the expected counts of all cuts re-estimate the graphones'
probabilities, and a few rounds later one cut stands out (Bisani and Ney, "Joint-sequence models for
grapheme-to-phoneme conversion", 2008, without their n-gram in this step; the many-to-many shapes
are those of Jiampojamarn et al. 2007).

Shapes: 1 letter with 0, 1 or 2 phones, and 2 letters with 1 phone. A graphone of two letters or two
phones has one factor where smaller ones would have two, so it would win too often; its probability
is squared (as in Novak's Phonetisaurus).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from text_utils.lexicon import Phones
from text_utils.symbols import BASE_PHONES

Graphone = tuple[str, tuple[str, ...]]

_LETTERS = 26
_PHONES = len(BASE_PHONES)
_SHAPES = ((1, 0), (1, 1), (1, 2), (2, 1))
_LONGEST = 40  # letters or phones of a word; longer ones are left out
_ROUNDS = 12
_LAST_PRUNED = 4  # in so many last rounds graphones expected less than _RARE times are dropped
_RARE = 5.0


@njit(cache=True)  # type: ignore[untyped-decorator]
def _unit_probability(
    table: NDArray[np.float64],
    letters: NDArray[np.int64],
    phones: NDArray[np.int64],
    i: int,
    j: int,
    shape: int,
) -> float:
    """The (squared, for large shapes) probability of the graphone that starts at ``i``, ``j``."""
    if shape == 0:
        return table[letters[i], 0]  # type: ignore[no-any-return]
    if shape == 1:
        return table[letters[i], 1 + phones[j]]  # type: ignore[no-any-return]
    if shape == 2:
        both = 1 + _PHONES + phones[j] * _PHONES + phones[j + 1]
        return table[letters[i], both] ** 2  # type: ignore[no-any-return]
    pair = _LETTERS + letters[i] * _LETTERS + letters[i + 1]
    return table[pair, 1 + phones[j]] ** 2  # type: ignore[no-any-return]


@njit(cache=True)  # type: ignore[untyped-decorator]
def _expect(
    table: NDArray[np.float64],
    letters: NDArray[np.int64],
    phones: NDArray[np.int64],
    counts: NDArray[np.float64],
) -> float:
    """Add one word's expected graphone counts to ``counts``; returns its likelihood."""
    n, m = len(letters), len(phones)
    before = np.zeros((n + 1, m + 1))
    after = np.zeros((n + 1, m + 1))
    before[0, 0] = after[n, m] = 1.0
    for i in range(n):
        for j in range(m + 1):
            for shape, (a, b) in enumerate(_SHAPES):
                if before[i, j] > 0 and i + a <= n and j + b <= m:
                    unit = _unit_probability(table, letters, phones, i, j, shape)
                    before[i + a, j + b] += before[i, j] * unit
    likelihood = before[n, m]
    if likelihood < 1e-300:
        return 0.0
    for i in range(n - 1, -1, -1):
        for j in range(m, -1, -1):
            for shape, (a, b) in enumerate(_SHAPES):
                if i + a <= n and j + b <= m:
                    unit = _unit_probability(table, letters, phones, i, j, shape)
                    path = unit * after[i + a, j + b]
                    after[i, j] += path
                    row = (
                        letters[i] if a == 1 else _LETTERS + letters[i] * _LETTERS + letters[i + 1]
                    )
                    column = 0 if b == 0 else 1 + phones[j]
                    if b == 2:
                        column = 1 + _PHONES + phones[j] * _PHONES + phones[j + 1]
                    counts[row, column] += before[i, j] * path / likelihood
    return likelihood  # type: ignore[no-any-return]


@njit(cache=True)  # type: ignore[untyped-decorator]
def _best_cut(
    table: NDArray[np.float64], letters: NDArray[np.int64], phones: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The shapes of the most probable cut, in order; empty if the word cannot be cut."""
    n, m = len(letters), len(phones)
    best = np.zeros((n + 1, m + 1))
    came = np.full((n + 1, m + 1), -1, dtype=np.int64)
    best[0, 0] = 1.0
    for i in range(n):
        for j in range(m + 1):
            for shape, (a, b) in enumerate(_SHAPES):
                if best[i, j] > 0 and i + a <= n and j + b <= m:
                    value = best[i, j] * _unit_probability(table, letters, phones, i, j, shape)
                    if value > best[i + a, j + b]:
                        best[i + a, j + b] = value
                        came[i + a, j + b] = shape
    shapes = np.zeros(n, dtype=np.int64)
    count, i, j = 0, n, m
    while i > 0 and came[i, j] >= 0:
        shape = came[i, j]
        shapes[count] = shape
        count += 1
        i -= 2 if shape == 3 else 1
        j -= 2 if shape == 2 else (0 if shape == 0 else 1)
    return shapes[:count][::-1] if i == 0 else shapes[:0]


def _encode(word: str, phones: Phones) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    bases = [BASE_PHONES.index(phone.rstrip("012")) for phone in phones]
    return np.array([ord(letter) - ord("a") for letter in word]), np.array(bases)


def align(pairs: Sequence[tuple[str, Phones]], rarest: int = 3) -> list[list[Graphone]]:
    """Graphone sequences of ``pairs`` of (word of a-z, phones with stress).

    The alignment looks at phones without stress; stress is put back afterwards. Words that cannot
    be cut (abbreviations like "blvd") and words with a graphone seen less than ``rarest`` times
    (misprints, foreign names) are left out.
    """
    fit = [(w, p) for w, p in pairs if re.fullmatch("[a-z]+", w) and p and len(w) <= _LONGEST]
    fit = [(w, p) for w, p in fit if len(p) <= _LONGEST]
    encoded = [_encode(word, phones) for word, phones in fit]
    shape = (_LETTERS + _LETTERS**2, 1 + _PHONES + _PHONES**2)
    table = np.full(shape, 1.0 / (shape[0] * shape[1]))
    for round_number in range(_ROUNDS):
        counts = np.zeros(shape)
        for letters, phones in encoded:
            _expect(table, letters, phones, counts)
        if round_number >= _ROUNDS - _LAST_PRUNED:
            counts[counts < _RARE] = 0
        table = counts / counts.sum()
    cuts = [_best_cut(table, letters, phones) for letters, phones in encoded]
    words = [_graphones(w, p, cut) for (w, p), cut in zip(fit, cuts, strict=True) if len(cut)]
    seen = Counter(unit for word in words for unit in word)
    return [word for word in words if all(seen[unit] >= rarest for unit in word)]


def _graphones(word: str, phones: Phones, cut: NDArray[np.int64]) -> list[Graphone]:
    """Apply a cut: the letters and phones (with their stress) of each graphone."""
    i = j = 0
    units: list[Graphone] = []
    for shape in cut:
        a, b = _SHAPES[shape]
        units.append((word[i : i + a], tuple(phones[j : j + b])))
        i, j = i + a, j + b
    return units
