"""Counting a text."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

_WORD = re.compile(r"\w+(?:['’\-]\w+)*")
_SENTENCE_END = re.compile(r"[.!?…]+[\"”'’)\]]*(?=\s|$)")
WORDS_PER_MINUTE = 155.0  # of read English


@dataclass(frozen=True)
class TextStatistics:
    """Counts, the most common words, and about how long reading aloud takes."""

    characters: int
    words: int
    sentences: int
    paragraphs: int
    distinct_words: int
    common: tuple[tuple[str, int], ...]

    @property
    def minutes(self) -> float:
        """Minutes of audio at 155 words a minute."""
        return self.words / WORDS_PER_MINUTE


def count_words(text: str) -> Counter[str]:
    """How often each word occurs, in small letters; ``don't`` and ``well-known`` are one word."""
    return Counter(word.lower().replace("’", "'") for word in _WORD.findall(text))


def text_statistics(text: str, common: int = 10) -> TextStatistics:
    """Count ``text``. A last sentence without a full stop counts too."""
    counts = count_words(text)
    sentences = len(_SENTENCE_END.findall(text))
    tail = _SENTENCE_END.split(text)[-1]
    return TextStatistics(
        characters=len(text),
        words=sum(counts.values()),
        sentences=sentences + bool(_WORD.search(tail)),
        paragraphs=sum(bool(block.strip()) for block in re.split(r"\n\s*\n", text)),
        distinct_words=len(counts),
        common=tuple(counts.most_common(common)),
    )
