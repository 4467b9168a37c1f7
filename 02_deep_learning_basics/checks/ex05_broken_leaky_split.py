"""Checks 02.e5: no speaker is in both parts, and the test part is not looked at."""

from types import ModuleType

import numpy as np
from course.expect import expect, expect_close


def check(exercise: ModuleType) -> None:
    rng = np.random.default_rng(3)
    speakers = np.repeat([11, 4, 7, 30, 2, 19, 8, 5], [20, 5, 9, 14, 3, 8, 30, 6])
    speakers = rng.permutation(speakers)
    for seed in range(4):
        train, test = exercise.split(speakers, 0.25, seed)
        train, test = np.asarray(train), np.asarray(test)
        expect(
            train.dtype == bool and train.shape == test.shape == speakers.shape,
            f"split should return two boolean masks of shape {speakers.shape}.",
        )
        expect(bool(np.all(train ^ test)), "every sample is in exactly one of the two parts.")
        both = sorted(set(speakers[train].tolist()) & set(speakers[test].tolist()))
        expect(
            not both,
            f"{len(both)} of 8 speakers are in training AND test (speaker {both[:1]}, say).\n"
            "A test on known voices measures memory, not what happens with a new one.\n"
            "The rule: draw speakers, not samples; np.unique and np.isin help.",
        )
        found = len(set(speakers[test].tolist()))
        expect(found == 2, f"a quarter of 8 speakers is 2; the test part has {found} speakers.")
    same = all(
        np.array_equal(a, b) for a, b in zip(*(exercise.split(speakers) for _ in "ab"), strict=True)
    )
    expect(same, "the same seed should give the same split.")
    parts = {tuple(np.unique(speakers[exercise.split(speakers, 0.25, s)[1]])) for s in range(12)}
    expect(len(parts) > 1, "every seed tests on the same speakers: draw them at random.")
    for share in (0.01, 0.99):
        train, test = exercise.split(np.array([0, 1, 1, 2]), share)
        expect(
            bool(np.any(train)) and bool(np.any(test)),
            f"with test_share {share} a part is empty: at least one speaker for each.",
        )

    features = rng.normal(5.0, 3.0, (len(speakers), 4))
    train, test = exercise.split(speakers)
    features[test] += 100.0
    got_train, got_test = exercise.prepare(features, train, test)
    mean, deviation = features[train].mean(axis=0), features[train].std(axis=0)
    rule = "(x - mean) / deviation, both measured on the training part only"
    expect_close(got_train, (features[train] - mean) / deviation, what="training", formula=rule)
    expect_close(got_test, (features[test] - mean) / deviation, what="test", formula=rule)
