"""Checks 06.e4: accuracy and macro F1, also where a label is never answered."""

from types import ModuleType

import numpy as np
from course.expect import expect_close
from hf_utils import score

RULE = "F1 = 2 P R / (P + R), 0 where it would be 0 / 0; macro: the mean over ALL classes"


def check(exercise: ModuleType) -> None:
    rng = np.random.default_rng(4)
    cases = [
        ("labels [0, 0, 0, 1], answers all 0", [0, 0, 0, 1], [0, 0, 0, 0], 2),
        ("everything right", [0, 1, 2, 1], [0, 1, 2, 1], 3),
        ("everything wrong", [0, 1], [1, 0], 2),
        ("a third label that never occurs", [0, 1, 1], [0, 1, 0], 3),
        ("200 random answers", *rng.integers(0, 4, (2, 200)).tolist(), 4),
    ]
    for name, labels, answers, classes in cases:
        got = exercise.accuracy_and_macro_f1(labels, answers, classes)
        wanted = score(labels, answers, classes)
        expect_close(
            got,
            [wanted.accuracy, wanted.macro_f1],
            what=f"(accuracy, macro F1) for {name}",
            formula=RULE,
        )
