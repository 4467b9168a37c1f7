"""Checks 05.e2: precision is about what was found, recall about what is there, F1 is harmonic."""

from __future__ import annotations

from types import ModuleType

import numpy as np
from course.expect import expect_close
from text_utils import score_sets

RULE = {
    "precision": "hits / number found: how much of what it says is true",
    "recall": "hits / number that is there: how much of the truth it says",
    "F1": "2 P R / (P + R), the harmonic mean, and 0 if there is no hit",
}


def check(exercise: ModuleType) -> None:
    compare(exercise, {"Nell", "Boston"}, {"Nell"}, "one of two names found, nothing false")
    everything = {f"word {i}" for i in range(98)} | {"Nell", "Boston"}
    compare(exercise, {"Nell", "Boston"}, everything, "a program that marks all 100 words")
    compare(exercise, {"Nell"}, set(), "a program that finds nothing")
    compare(exercise, set(), {"Nell"}, "a text without names")
    compare(exercise, {"Nell"}, {"Boston"}, "only a false name found")
    compare(exercise, set(), set(), "nothing there and nothing found")
    rng = np.random.default_rng(2)
    for _ in range(20):
        truth, found = ({str(i) for i in rng.integers(0, 12, 8)} for _ in range(2))
        compare(exercise, truth, found, f"truth {sorted(truth)}, found {sorted(found)}")


def compare(exercise: ModuleType, truth: set[str], found: set[str], case: str) -> None:
    wanted = score_sets(truth, found)
    got = exercise.f1_scores(truth, found)
    values = (wanted.precision, wanted.recall, wanted.f1)
    for (name, rule), value, wanted_value in zip(RULE.items(), got, values, strict=True):
        expect_close(value, wanted_value, what=f"{name} of {case}", formula=rule)
