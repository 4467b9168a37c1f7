"""How long a text is, and what it is like to read aloud."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from book_utils.dialogue import extract_dialogue
from book_utils.paragraphs import is_scene_break, split_paragraphs

WORDS_PER_MINUTE = 150  # an audiobook's usual pace
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)]*(?=\s|$)")


@dataclass(frozen=True)
class TextStatistics:
    """Counts of a text.

    ``sentences`` is counted by closing marks (an abbreviation counts as one), ``dialogue_share`` is
    the share 0 .. 1 of words in direct speech, ``minutes`` the time to read it aloud, ``common``
    the most frequent words and how often they occur.
    """

    characters: int
    words: int
    distinct_words: int
    sentences: int
    paragraphs: int
    words_per_sentence: float
    dialogue_share: float
    minutes: float
    common: tuple[tuple[str, int], ...]


def count_words(text: str) -> Counter[str]:
    """How often each word occurs, in small letters; "don't" and "well-known" are one word each."""
    return Counter(word.lower().replace("’", "'") for word in _WORD.findall(text))


def text_statistics(text: str, common: int = 10) -> TextStatistics:
    """Counts of ``text``, with its ``common`` most frequent words; all zero for an empty one."""
    counts = count_words(text)
    words = counts.total()
    paragraphs = [p for p in split_paragraphs(text) if not is_scene_break(p)]
    ends = sum(max(1, len(_SENTENCE_END.findall(paragraph))) for paragraph in paragraphs)
    spoken = sum(len(_WORD.findall(line.text)) for line in extract_dialogue(text))
    return TextStatistics(
        characters=len(text),
        words=words,
        distinct_words=len(counts),
        sentences=ends,
        paragraphs=len(paragraphs),
        words_per_sentence=words / ends if ends else 0.0,
        dialogue_share=spoken / words if words else 0.0,
        minutes=words / WORDS_PER_MINUTE,
        common=tuple(counts.most_common(common)),
    )
