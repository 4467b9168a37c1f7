"""How good a classifier is: accuracy, precision, recall, F1, confusion matrix, certainty.

Written out rather than taken from scikit-learn, with which the tests compare them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from env_utils import InputError
from numpy.typing import NDArray
from text_utils import scores


@dataclass(frozen=True)
class Scores:
    """Scores of one run. Per-class values are in the order of the label numbers."""

    accuracy: float
    macro_f1: float  # plain mean over the classes: a rare class counts as much as a common one
    precision: tuple[float, ...]
    recall: tuple[float, ...]
    f1: tuple[float, ...]
    confusion: NDArray[np.int64]  # [true label, predicted label]


def confusion_matrix(
    labels: Sequence[int], predictions: Sequence[int], classes: int
) -> NDArray[np.int64]:
    """Counts ``(classes, classes)``: row = what it is, column = what was said."""
    if len(labels) != len(predictions) or not len(labels):
        raise InputError(
            f"{len(labels)} labels and {len(predictions)} predictions: there must be one "
            "prediction for each label, and at least one."
        )
    return scores.confusion_matrix([*labels], [*predictions], range(classes))


def score(labels: Sequence[int], predictions: Sequence[int], classes: int = 2) -> Scores:
    """All scores at once. A class that was never predicted has precision 0, as in scikit-learn."""
    matrix = confusion_matrix(labels, predictions, classes)
    hits = matrix.diagonal().astype(float)
    precision = hits / np.maximum(matrix.sum(axis=0), 1)
    recall = hits / np.maximum(matrix.sum(axis=1), 1)
    f1 = 2 * hits / np.maximum(matrix.sum(axis=0) + matrix.sum(axis=1), 1)
    return Scores(
        accuracy=float(hits.sum() / matrix.sum()),
        macro_f1=float(f1.mean()),
        precision=tuple(precision.tolist()),
        recall=tuple(recall.tolist()),
        f1=tuple(f1.tolist()),
        confusion=matrix,
    )


def wilson_interval(right: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % confidence interval (``z`` = 1.96) of a share: ``right`` of ``total`` were seen.

    Wilson's score interval (1927): it stays inside 0 to 1 and is right for small samples too.
    """
    if total <= 0 or not 0 <= right <= total:
        raise InputError(f"{right} of {total} is not a share.")
    share = right / total
    centre = share + z**2 / (2 * total)
    spread = z * float(np.sqrt(share * (1 - share) / total + z**2 / (4 * total**2)))
    scale = 1 + z**2 / total
    return (centre - spread) / scale, (centre + spread) / scale
