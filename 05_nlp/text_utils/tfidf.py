"""Texts as vectors: how often a word stands in a text, weighted by how few texts have it.

For a word ``w`` in a text ``d`` of ``N`` texts, of which ``n_w`` hold ``w``::

    tfidf(w, d) = count(w, d) * (ln((1 + N) / (1 + n_w)) + 1)

and every vector is then divided by its length, so that the inner product of two vectors is the
cosine of the angle between them: 1 for texts with the same mixture of words, 0 for texts that share
none (Spärck Jones 1972; this smoothed form is scikit-learn's default).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from book_utils import count_words
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counting = Callable[[str], Counter[str]]


@dataclass(frozen=True)
class TfIdf:
    """The vocabulary (in alphabetical order), its weights, and how a text's words are counted."""

    vocabulary: tuple[str, ...]
    idf: Floats  # (V,)
    count: Counting = count_words

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Unit vectors ``(N, V)``; all zero for a text without any word of the vocabulary."""
        column = {word: index for index, word in enumerate(self.vocabulary)}
        table = np.zeros((len(texts), len(column)))
        for row, text in enumerate(texts):
            for word, count in self.count(text).items():
                if word in column:
                    table[row, column[word]] = count
        table *= self.idf
        length = np.linalg.norm(table, axis=1, keepdims=True)
        unit: Floats = np.divide(table, length, out=table, where=length > 0)
        return unit


def fit_tfidf(texts: Iterable[str], *, rarest: int = 1, count: Counting = count_words) -> TfIdf:
    """Vocabulary and weights of ``texts``: the words that at least ``rarest`` of them hold."""
    holding: Counter[str] = Counter()
    number = 0
    for text in texts:
        holding.update(count(text).keys())
        number += 1
    vocabulary = tuple(sorted(word for word, texts in holding.items() if texts >= rarest))
    held = np.array([holding[word] for word in vocabulary], dtype=np.float64)
    return TfIdf(vocabulary, np.log((1 + number) / (1 + held)) + 1, count)


def cosine_similarity(vectors: Floats) -> Floats:
    """The cosine of every pair of rows of ``(N, V)``: ``(N, N)``; 0 where a row is all zero."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
    product: Floats = unit @ unit.T
    return product
