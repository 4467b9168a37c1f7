"""Checks 00.e3: orders differ between epochs, repeat with the seed, and leave others alone."""

from types import ModuleType

import numpy as np
from course.expect import expect, expect_equal


def check(exercise: ModuleType) -> None:
    """Permutations; another one in every epoch; the seed decides; the global state is untouched."""
    orders = exercise.epoch_orders(50, 4, 7)
    expect_equal(len(orders), 4, what="the number of orders for 4 epochs")
    for number, order in enumerate(orders):
        expect_equal(
            sorted(order), list(range(50)), what=f"the examples seen in epoch {number}, sorted"
        )
    distinct = len({tuple(order) for order in orders})
    expect(
        distinct == 4,
        f"4 epochs have {distinct} different orders. Every epoch begins with the same random "
        "numbers: how often is the seed set?",
    )
    expect_equal(exercise.epoch_orders(50, 4, 7), orders, what="the same call once more")
    expect(
        exercise.epoch_orders(50, 4, 8) != orders,
        "seed 8 gives the same orders as seed 7: the seed is not used.",
    )
    before = np.random.get_state()[1].copy()
    exercise.epoch_orders(10, 2, 3)
    expect(
        bool((before == np.random.get_state()[1]).all()),
        "The global generator of numpy was reseeded: whoever uses it elsewhere now draws other "
        "numbers. Make a generator of your own: np.random.default_rng(seed).",
    )
