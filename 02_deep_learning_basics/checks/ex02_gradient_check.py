"""Checks 02.e2: a numerical gradient in any shape, central, and without a trace."""

from types import ModuleType

import numpy as np
from course.expect import expect, expect_close

RULE = "(f(x + h e_i) - f(x - h e_i)) / (2 h), one element after the other"


def check(exercise: ModuleType) -> None:
    measure = exercise.measure_gradient
    point = np.array([2.0, 5.0])
    got = measure(lambda x: float(x[0] ** 2 + 3 * x[1]), point)
    expect_close(got, [4.0, 3.0], what="gradient of x0² + 3 x1 at (2, 5)", formula=RULE)
    expect(
        np.array_equal(point, [2.0, 5.0]),
        f"the point was [2, 5] and is {point.tolist()} afterwards: put back what you change.",
    )

    matrix = np.arange(6.0).reshape(2, 3) / 3
    got = measure(lambda x: float(np.sum(np.sin(x) * x)), matrix)
    wanted = np.cos(matrix) * matrix + np.sin(matrix)
    expect_close(got, wanted, what="gradient of sum(x sin x) for a (2, 3) matrix", formula=RULE)

    got = measure(lambda x: float(x[0] ** 2), np.array([1.0]), 0.1)
    expect_close(
        got,
        [2.0],
        what="gradient of x² at 1 with step 0.1 (central differences are exact for a parabola)",
        formula=RULE + "; (f(x + h) - f(x)) / h would give 2.1",
        tolerance=1e-9,
    )
    got = measure(lambda x: float(x[0] ** 3), np.array([1.0]), 0.1)
    expect_close(got, [3.01], what="x³ at 1 with step 0.1: 3 + h²", formula=RULE, tolerance=1e-9)
