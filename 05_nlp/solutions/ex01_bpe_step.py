"""05.e1  One step of byte-pair encoding: a solution."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

Word = tuple[str, ...]


def count_pairs(words: dict[Word, int]) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for word, frequency in words.items():
        for pair in pairwise(word):
            counts[pair] += frequency
    return counts


def merge_pair(words: dict[Word, int], pair: tuple[str, str]) -> dict[Word, int]:
    merged: dict[Word, int] = {}
    for word, frequency in words.items():
        parts: list[str] = []
        place = 0
        while place < len(word):
            if word[place : place + 2] == pair:
                parts.append("".join(pair))
                place += 2
            else:
                parts.append(word[place])
                place += 1
        # Two words can become the same one only if they were the same text cut differently.
        merged[tuple(parts)] = merged.get(tuple(parts), 0) + frequency
    return merged
