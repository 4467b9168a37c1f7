"""00.e3  The data that never gets mixed   (broken on purpose)

`epoch_orders` should give the order in which a training looks at its examples: another order in
every epoch, and the same orders again whenever the seed is the same. It runs, and the training even
works, only worse than it should. Find the mistake and mend it.

    epoch_orders(4, epochs=3, seed=0)  ->  three different orders of 0, 1, 2, 3
"""

from __future__ import annotations

import numpy as np


def epoch_orders(examples: int, epochs: int, seed: int) -> list[list[int]]:
    """For every epoch a permutation of 0 ... examples - 1, repeatable by `seed`."""
    orders = []
    for _ in range(epochs):
        np.random.seed(seed)
        orders.append([int(i) for i in np.random.permutation(examples)])
    return orders
