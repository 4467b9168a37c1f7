"""05.e6  A test that is too easy: a solution.

The two versions of a sentence are nearly equal. When they are dealt out after they were made, the
test asks for sentences that the training has seen. So what belongs together is divided first, and
versions are made within each part. For voices the rule is the same: no speaker in both parts.
"""

from __future__ import annotations

import random

Item = tuple[int, str, int]  # number of the original, text, label


def second_version(text: str) -> str:
    """The same sentence with other persons and a word in front."""
    swapped = {"He": "Then she", "She": "Then he", "he": "she", "she": "he", "They": "Then we"}
    return " ".join(swapped.get(word, word) for word in text.split())


def with_versions(items: list[Item]) -> list[Item]:
    """Every item, followed by its second version."""
    return [
        version
        for number, text, label in items
        for version in ((number, text, label), (number, second_version(text), label))
    ]


def split(items: list[Item], share: float, seed: int) -> tuple[list[Item], list[Item]]:
    """Both versions of all items as (training part, test part)."""
    shuffled = list(items)
    random.Random(seed).shuffle(shuffled)
    size = round(share * len(shuffled))
    return with_versions(shuffled[size:]), with_versions(shuffled[:size])
