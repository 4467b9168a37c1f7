"""Checks 05.e6: no sentence has one version in training and the other in the test."""

from __future__ import annotations

from types import ModuleType

from course.expect import expect, expect_equal
from text_utils import load_mood_sentences


def check(exercise: ModuleType) -> None:
    items = [(i, s.text, s.valence) for i, s in enumerate(load_mood_sentences())]
    before = list(items)
    for share, seed in ((0.2, 0), (0.5, 3)):
        train, test = exercise.split(items, share, seed)
        shared = sorted({number for number, *_ in train} & {number for number, *_ in test})
        example = next((text for number, text, _ in test if number in shared[:1]), "")
        expect(
            not shared,
            f"{len(shared)} of {len(items)} sentences have one version in the training part and "
            f"the other in the test part, for example '{example}'. Who has learned one of them "
            "knows the answer to the other: divide the originals, then make versions.",
        )
        expect_equal(
            sorted(train + test),
            sorted(exercise.with_versions(items)),
            what="both parts together (every sentence in both versions, once)",
        )
        wanted = share * 2 * len(items)
        expect(
            abs(len(test) - wanted) <= 0.05 * wanted,
            f"The test part should hold about {wanted:.0f} items ({share:.0%}), not {len(test)}.",
        )
        expect_equal(exercise.split(items, share, seed), (train, test), what="the same seed again")
        labels = {label for *_, label in test}
        expect_equal(labels, {-1, 1}, what="the labels in the test part (shuffle before dividing)")
    expect(
        exercise.split(items, 0.2, 0)[1] != exercise.split(items, 0.2, 1)[1],
        "Two seeds give the same test part. Is the seed used?",
    )
    expect_equal(items, before, what="the list that was passed in (it must not change)")
