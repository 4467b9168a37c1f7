"""Checks 03.e4: repetition, zero durations, speed, and that no value changes on the way."""

from types import ModuleType

import numpy as np
from course.expect import expect_close

RULE = "frames = round(durations / speed); row i of states appears frames[i] times"


def check(exercise: ModuleType) -> None:
    column = np.array([[1.0], [2.0], [3.0]])
    expect_close(
        exercise.expand(column, np.array([2, 0, 3])),
        [[1], [1], [3], [3], [3]],
        what="expand([[1], [2], [3]], [2, 0, 3])",
        formula=RULE,
    )
    rng = np.random.default_rng(0)
    states = rng.normal(size=(7, 4))
    durations = rng.integers(0, 9, size=7)
    for speed in (1.0, 2.0, 0.5, 1.3):
        wanted = [
            states[i] for i in range(7) for _ in range(max(0, round(float(durations[i] / speed))))
        ]
        expect_close(
            exercise.expand(states, durations, speed),
            np.array(wanted),
            what=f"expand(states (7, 4), {durations.tolist()}, speed={speed})",
            formula=RULE,
        )
    expect_close(
        exercise.expand(states, np.zeros(7, dtype=int)),
        np.zeros((0, 4)),
        what="expand with all durations 0 (nothing to say: no frames, but still 4 columns)",
        formula=RULE,
    )
