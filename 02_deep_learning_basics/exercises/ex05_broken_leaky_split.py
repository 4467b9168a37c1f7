"""02.e5  Broken on purpose: an examination with the answers known

Somebody recorded several speakers and split the recordings into training and test. Their classifier
looked excellent, and failed on the first customer. Two things in this file are wrong; both leak
knowledge of the test part into training, and neither gives an error.

Task: repair `split` and `prepare`. Keep the names, arguments and what is returned.

Shapes: features ``(N, D)`` float, speakers ``(N,)`` whole numbers. `split` returns two boolean
masks ``(N,)``, for training and test, that share no sample; about ``test_share`` of the *speakers*
(rounded, at least one, never all) are for testing. The same seed gives the same split.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def split(
    speakers: npt.NDArray[np.int64], test_share: float = 0.25, seed: int = 0
) -> tuple[Mask, Mask]:
    """Which samples are for training, and which for testing on *new* speakers."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(speakers))
    test = np.zeros(len(speakers), dtype=bool)
    test[order[: round(test_share * len(speakers))]] = True
    return ~test, test


def prepare(features: Array, train: Mask, test: Mask) -> tuple[Array, Array]:
    """Training and test features, scaled to mean 0 and standard deviation 1 in training."""
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    return scaled[train], scaled[test]
