"""02.e5  An examination on new speakers: a solution."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def split(
    speakers: npt.NDArray[np.int64], test_share: float = 0.25, seed: int = 0
) -> tuple[Mask, Mask]:
    """Which samples are for training, and which for testing on *new* speakers.

    Speakers are drawn, not samples: whoever is in one part is not in the other.
    """
    rng = np.random.default_rng(seed)
    names = rng.permutation(np.unique(speakers))
    count = min(max(1, round(test_share * len(names))), len(names) - 1)
    test = np.isin(speakers, names[:count])
    return ~test, test


def prepare(features: Array, train: Mask, test: Mask) -> tuple[Array, Array]:
    """Training and test features, scaled to mean 0 and standard deviation 1 in training.

    Mean and deviation are learned numbers like any weight: from the training part only.
    """
    mean, deviation = features[train].mean(axis=0), features[train].std(axis=0)
    return (features[train] - mean) / deviation, (features[test] - mean) / deviation
