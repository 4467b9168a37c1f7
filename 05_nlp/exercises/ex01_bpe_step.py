"""05.e1  One step of byte-pair encoding

A text is given as words that are already cut into parts, each with the number of times it occurs:

    {("l", "o", "w"): 5, ("l", "o", "w", "e", "r"): 2}

Write the two functions that make up one training step:

    count_pairs(words)   how often each pair of neighbours occurs in the whole text
    merge_pair(words, pair)   the same words, with every occurrence of the pair glued together

    count_pairs(above)[("l", "o")] == 7
    merge_pair(above, ("l", "o")) == {("lo", "w"): 5, ("lo", "w", "e", "r"): 2}

A merge goes through a word from left to right, and a part that was just glued is not glued again:
("a", "a", "a") becomes ("aa", "a").
"""

from __future__ import annotations

from collections import Counter

Word = tuple[str, ...]


def count_pairs(words: dict[Word, int]) -> Counter[tuple[str, str]]:
    raise NotImplementedError("count each pair of neighbours as often as its word occurs")


def merge_pair(words: dict[Word, int], pair: tuple[str, str]) -> dict[Word, int]:
    raise NotImplementedError("walk through each word and glue the pair where it stands")
