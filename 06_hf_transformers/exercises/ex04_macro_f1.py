"""06.e4  Accuracy and macro F1

Task: count, then divide. For each label c:

    precision = right answers "c" / all answers "c"
    recall    = right answers "c" / all true "c"
    F1        = 2 * precision * recall / (precision + recall)

A division by zero counts as 0 (a label that never was answered has precision 0). Macro F1 is the
plain mean of the F1 of the labels 0 ... classes - 1: a rare label counts as much as a common one.

Shapes: labels and answers are lists of N >= 1 whole numbers -> (accuracy, macro F1), both 0 to 1.

Example: labels [0, 0, 0, 1], answers [0, 0, 0, 0], 2 classes -> (0.75, 0.4286): a model that
    always says 0 looks well in accuracy, not in macro F1 (6/7 for label 0, nothing for label 1).
"""

from __future__ import annotations

from collections.abc import Sequence


def accuracy_and_macro_f1(
    labels: Sequence[int], answers: Sequence[int], classes: int
) -> tuple[float, float]:
    """Share of right answers, and the mean F1 of the labels."""
    raise NotImplementedError("For each label count the hits, the answers and the true ones.")
