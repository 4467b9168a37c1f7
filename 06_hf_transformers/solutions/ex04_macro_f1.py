"""06.e4  Accuracy and macro F1: the reference answer."""

from __future__ import annotations

from collections.abc import Sequence


def accuracy_and_macro_f1(
    labels: Sequence[int], answers: Sequence[int], classes: int
) -> tuple[float, float]:
    """Share of right answers, and the mean F1 of the labels."""
    pairs = list(zip(labels, answers, strict=True))
    scores = []
    for label in range(classes):
        hits = sum(true == label and said == label for true, said in pairs)
        precision = hits / max(sum(said == label for _, said in pairs), 1)
        recall = hits / max(sum(true == label for true, _ in pairs), 1)
        both = precision + recall
        scores.append(2 * precision * recall / both if both else 0.0)
    accuracy = sum(true == said for true, said in pairs) / len(pairs)
    return accuracy, sum(scores) / classes
