"""05.e6  A test that is too easy (broken on purpose)

The labelled sentences are few, so a second version of each is made: names are exchanged, and small
words are added. Then the sentences are divided, and a classifier reaches an accuracy that nobody
believes. `split` below is to blame. Mend it, so that it still returns both versions of everything,
divided into a training part and a test part of about `share` of all, the same for the same `seed`.

Each item is (number of the original sentence, text, label): a sentence and its second version have
the same number.

    train, test = split([(0, "He wept.", -1), (1, "She danced.", 1)], share=0.5, seed=0)
    # four items altogether: both versions of one sentence in train, both of the other in test

The module has two more functions, which are right: `second_version` and `with_versions`.
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
    everything = with_versions(items)
    random.Random(seed).shuffle(everything)
    size = round(share * len(everything))
    return everything[size:], everything[:size]
