"""Sets of words, written as running text so that they stay readable."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The set of the words in ``text``, which are separated by spaces or line breaks."""
    return frozenset(text.split())
