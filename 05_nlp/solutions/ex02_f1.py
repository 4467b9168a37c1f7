"""05.e2  Names found, names missed: a solution.

Precision and recall were exchanged, and F1 was the arithmetic mean. The harmonic mean is near the
smaller of the two numbers, so that nobody gets a good mark for marking everything.
"""

from __future__ import annotations


def f1_scores(truth: set[str], found: set[str]) -> tuple[float, float, float]:
    """Precision, recall and F1 of ``found`` against ``truth``."""
    hits = len(truth & found)
    precision = hits / len(found) if found else 0.0
    recall = hits / len(truth) if truth else 0.0
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    return precision, recall, f1
