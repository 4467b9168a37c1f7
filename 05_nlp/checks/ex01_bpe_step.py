"""Checks 05.e1: pairs are counted with the words' frequencies and merged from left to right."""

from __future__ import annotations

from types import ModuleType

import numpy as np
from course.expect import expect, expect_equal
from text_utils import train_bpe
from text_utils.bpe import BASE, pieces


def check(exercise: ModuleType) -> None:
    words = {("l", "o", "w"): 5, ("l", "o", "w", "e", "r"): 2, ("a",): 9}
    counts = exercise.count_pairs(words)
    expect(counts is not None, "count_pairs returned nothing. Does it end in `return`?")
    wanted = {("l", "o"): 7, ("o", "w"): 7, ("w", "e"): 2, ("e", "r"): 2}
    expect_equal(
        dict(counts),
        wanted,
        what="count_pairs",
        hint="A pair in a word that occurs 5 times counts 5 times; a word of one part has no pair.",
    )
    expect_equal(
        exercise.count_pairs({("a", "a", "a"): 1})[("a", "a")],
        2,
        what="the number of pairs ('a', 'a') in 'a a a'",
        hint="Both neighbours count: positions 0-1 and 1-2.",
    )
    before = dict(words)
    expect_equal(
        exercise.merge_pair(words, ("l", "o")),
        {("lo", "w"): 5, ("lo", "w", "e", "r"): 2, ("a",): 9},
        what="merge_pair(words, ('l', 'o'))",
    )
    expect_equal(words, before, what="the dictionary that was passed in (it must not change)")
    expect_equal(
        exercise.merge_pair({("a", "a", "a", "a", "a"): 1, ("b", "a"): 3}, ("a", "a")),
        {("aa", "aa", "a"): 1, ("b", "a"): 3},
        what="merge_pair on 'a a a a a' and ('a', 'a')",
        hint="From left to right; what was glued is skipped: a a | a a | a.",
    )
    expect_equal(
        exercise.merge_pair({("l", "o", "w"): 1}, ("o", "l")),
        {("l", "o", "w"): 1},
        what="merge_pair with ('o', 'l') on 'l o w' (a pair has an order)",
    )
    _compare_with_the_library(exercise)


def _compare_with_the_library(exercise: ModuleType) -> None:
    """Thirty steps on random words are the thirty merges that text_utils learns."""
    rng = np.random.default_rng(5)
    text = "".join(rng.choice(list("abcd "), 600))
    words: dict[tuple[str, ...], int] = {}
    for piece in pieces(text):
        words[tuple(piece)] = words.get(tuple(piece), 0) + 1
    order = {token.decode("latin-1"): place for place, token in enumerate(BASE)}
    for step, (left, right) in enumerate(train_bpe(text, len(BASE) + 30).merges, start=1):
        counts = exercise.count_pairs(words)
        best = min(counts, key=lambda pair: (-counts[pair], order[pair[0]], order[pair[1]]))
        expect_equal(
            best, (left.decode(), right.decode()), what=f"the most frequent pair in step {step}"
        )
        order.setdefault("".join(best), len(order))
        words = exercise.merge_pair(words, best)
