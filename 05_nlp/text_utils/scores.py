"""How good a list of answers is: precision, recall, F1, and a table of confusions."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Scores:
    """Counts of an answer against the truth: found and true, found and false, true and missed."""

    true_positives: int
    false_positives: int
    false_negatives: int

    @property
    def precision(self) -> float:
        """The share of what was found that is true; 0 if nothing was found."""
        return _share(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float:
        """The share of what is true that was found; 0 if there is nothing to find."""
        return _share(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall: high only if both are."""
        both = 2 * self.true_positives
        return _share(both, both + self.false_positives + self.false_negatives)

    def __str__(self) -> str:
        return f"precision {self.precision:.2f}, recall {self.recall:.2f}, F1 {self.f1:.2f}"


def score_sets(truth: Iterable[Hashable], found: Iterable[Hashable]) -> Scores:
    """Scores of the things ``found`` against those that are there (each counts once)."""
    true, answer = set(truth), set(found)
    return Scores(len(true & answer), len(answer - true), len(true - answer))


def confusion_matrix(
    truth: Sequence[Hashable], predicted: Sequence[Hashable], labels: Sequence[Hashable]
) -> NDArray[np.int64]:
    """``table[i, j]``: how many of class ``labels[i]`` were called ``labels[j]``."""
    place = {label: index for index, label in enumerate(labels)}
    table = np.zeros((len(labels), len(labels)), dtype=np.int64)
    for true, answer in zip(truth, predicted, strict=True):
        table[place[true], place[answer]] += 1
    return table


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
