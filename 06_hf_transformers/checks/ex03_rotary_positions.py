"""Checks 06.e3: rotary positions turn pairs, keep lengths, and leave only the distance."""

from types import ModuleType

import numpy as np
import torch
from course.expect import expect, expect_close
from hf_utils import rotate


def check(exercise: ModuleType) -> None:
    quarter = exercise.rotate(np.array([[1.0, 0.0]]), np.array([np.pi / 2]))
    expect_close(
        quarter,
        [[0.0, 1.0]],
        what="[1, 0] after a quarter turn",
        formula="(a cos - b sin, a sin + b cos): mind the signs",
    )
    rng = np.random.default_rng(3)
    x = rng.normal(size=(5, 8))
    before, positions = x.copy(), np.array([0.0, 1.0, 2.0, 7.0, 300.0])
    turned = exercise.rotate(x, positions)
    expect(bool((x == before).all()), "rotate changed its input. Write into a new array.")
    expect_close(turned[0], x[0], what="the row at position 0", formula="all angles are 0 there")
    lengths = np.linalg.norm(x, axis=1)
    expect_close(
        np.linalg.norm(turned, axis=1),
        lengths,
        what="the lengths of the rows",
        formula="a rotation keeps lengths: cos^2 + sin^2 = 1",
    )
    wanted = rotate(torch.from_numpy(x), torch.from_numpy(positions)).numpy()
    expect_close(
        turned,
        wanted,
        what="the rotated rows",
        formula="angle = p * 10000^(-2k / D), pairs are columns (0, 1), (2, 3), ...",
    )
    query, key = rng.normal(size=(2, 1, 8))
    near, far = (
        exercise.rotate(query, np.array([start + 4.0])) @ exercise.rotate(key, np.array([start])).T
        for start in (0.0, 50.0)
    )
    expect_close(
        far,
        near,
        what="query times key at positions 54 and 50, as at 4 and 0",
        formula="only the distance of the positions counts",
    )
