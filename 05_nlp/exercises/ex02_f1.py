"""05.e2  Names found, names missed (broken on purpose)

A program found names in a text; a person marked the true ones. The function below should return
precision, recall and F1 for the two sets. It runs, and its numbers look reasonable, but a program
that marks every word as a name gets more than 0.5 from it. Find what is wrong; there are two
mistakes.

    f1_scores(truth={"Nell", "Boston"}, found={"Nell"}) -> (1.0, 0.5, 0.667)   # rounded

Where a denominator is zero, the value is 0.0.
"""

from __future__ import annotations


def f1_scores(truth: set[str], found: set[str]) -> tuple[float, float, float]:
    """Precision, recall and F1 of ``found`` against ``truth``."""
    hits = len(truth & found)
    precision = hits / len(truth) if truth else 0.0
    recall = hits / len(found) if found else 0.0
    f1 = (precision + recall) / 2
    return precision, recall, f1
