"""Cutting text into pieces that an engine can say: sentences, and no piece too long.

This is the simple way: a sentence ends at ``.``, ``!``, ``?`` or ``…`` before a space. It knows a
few abbreviations and no more; floor 05 (``text_utils``) does it properly.
"""

from __future__ import annotations

import re

from env_utils import InputError

_END = re.compile(r"(?<=[.!?…])([\"'”’)]*)\s+")
_ABBREVIATION = re.compile(r"(?:^|[\s(“\"'])(?:Mr|Mrs|Ms|Dr|St|Prof|No|vs|etc|[A-Z])\.$")


def split_pieces(text: str, longest: int = 0) -> list[str]:
    """The sentences of one paragraph; ``longest`` > 0 also cuts those with more characters.

    A long sentence is cut at the last comma, semicolon, colon or dash that fits, else at a space,
    else anywhere. No letter is lost: joined with spaces the pieces are the text. Raises
    ``InputError`` when ``longest`` is negative.
    """
    if longest < 0:
        raise InputError(f"the longest piece cannot have {longest} characters.")
    sentences: list[str] = []
    start = 0
    text = " ".join(text.split())
    for match in _END.finditer(text):
        head = text[start : match.start() + len(match[1])]
        if not _ABBREVIATION.search(head):
            sentences.append(head)
            start = match.end()
    sentences.append(text[start:])
    cut = [piece for s in sentences for piece in (_cut(s, longest) if longest else [s])]
    return [piece for piece in cut if piece]


def _cut(sentence: str, longest: int) -> list[str]:
    pieces = []
    while len(sentence) > longest:
        window = sentence[: longest + 1]
        places = [match.end() for match in re.finditer(r"[,;:—–](?=\s)", window[:-1] + " ")]
        spaces = [place for place, letter in enumerate(window) if letter == " "]
        place = next((p for p in (places[-1:] + spaces[-1:]) if 0 < p <= longest), longest)
        pieces.append(sentence[:place].strip())
        sentence = sentence[place:].strip()
    return [*pieces, sentence]
