"""How long a text is, and what it is like to read aloud."""

from __future__ import annotations

import re
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
    the share 0 .. 1 of words in direct speech, ``minutes`` the time to read it aloud.
    """

    characters: int
    words: int
    distinct_words: int
    sentences: int
    paragraphs: int
    words_per_sentence: float
    dialogue_share: float
    minutes: float


def text_statistics(text: str) -> TextStatistics:
    """Counts of ``text``; all zero for an empty one."""
    words = _WORD.findall(text)
    paragraphs = [p for p in split_paragraphs(text) if not is_scene_break(p)]
    ends = sum(max(1, len(_SENTENCE_END.findall(paragraph))) for paragraph in paragraphs)
    spoken = sum(len(_WORD.findall(line.text)) for line in extract_dialogue(text))
    return TextStatistics(
        characters=len(text),
        words=len(words),
        distinct_words=len({word.lower() for word in words}),
        sentences=ends,
        paragraphs=len(paragraphs),
        words_per_sentence=len(words) / ends if ends else 0.0,
        dialogue_share=spoken / len(words) if words else 0.0,
        minutes=len(words) / WORDS_PER_MINUTE,
    )
