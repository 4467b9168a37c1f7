"""Sentences of a text: where a reader takes a breath.

One pass over the text looks at every mark that may end a sentence and decides by its neighbours,
so time is linear in the length (a megabyte takes about a second). Every character that is not a
space or newline is in exactly one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from text_utils.abbreviations import (
    BEFORE_NUMBERS,
    OTHERS,
    STARTERS,
    STREETS,
    TITLES,
    closes_sentence,
)

_PARAGRAPH = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_CANDIDATE = re.compile(r"[.!?…。！？]+[\"'”’»)\]*_]*(?=\s|$)|(?<=[。！？])(?=\S)")
_LAST_TOKEN = re.compile(r"[^\s(\[\"'“‘—–]+$")
_NEXT = re.compile(r"\s*[\"'“‘«(\[*_—–-]*(\w+)")
_LIST_NUMBER = re.compile(r"(?:^|\n)\s*(?:[0-9]{1,3}|[A-Za-z]|[ivxIVX]{1,4})[.)]$")
_ITEM = re.compile(r"\n[ \t]*(?=(?:[-*•+]|[0-9]{1,3}[.)])[ \t]+\S)")
_HEADING = re.compile(
    r"^(?:chapter|part|book|act|scene|prologue|epilogue|preface|introduction)\b", re.I
)
_HEADING_LENGTH = 60
_CLAUSE = re.compile(
    r"[;:—–]+[\"'”’)]*\s|,[\"'”’)]*\s|\s(?=(?:and|but|or|because|which|who|that)\s)"
)
_NEVER_END = frozenset(TITLES) - {"Gen", "Rep", "Fr", "Ste"}
_MAY_END = frozenset(OTHERS) | frozenset(STREETS) | {"am", "pm", "a.m", "p.m", "A.M", "P.M"}


def split_sentences(text: str, limit: int = 300) -> list[str]:
    """Sentences of ``text`` in order, with their punctuation and quotes, without outer spaces.

    A sentence of more than ``limit`` characters is cut after a clause, failing that between words,
    failing that anywhere. An empty line ends a sentence whatever stands before it; a single line
    break does so only before a list item and after a heading. Never returns an empty string.
    ``ValueError`` if ``limit`` is below 20.
    """
    if limit < 20:
        raise ValueError(f"limit is {limit} characters; at least 20 are needed")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    sentences: list[str] = []
    for paragraph in _PARAGRAPH.split(text):
        for block in _ITEM.split(paragraph):
            for sentence in _split_block(block.strip()):
                sentences.extend(_cut(" ".join(sentence.split()), limit))
    return sentences


def _split_block(block: str) -> Iterator[str]:
    """Sentences of a paragraph or a list item."""
    start = _after_heading(block)
    if start:
        yield block[:start]
    for found in _CANDIDATE.finditer(block, start):
        if found.start() >= start and _is_end(block, start, found):
            yield block[start : found.end()]
            start = found.end()
    if block[start:].strip():
        yield block[start:]


def _after_heading(block: str) -> int:
    """Where the text goes on after a heading in the first line; 0 if that is not a heading."""
    line, newline, rest = block.partition("\n")
    if (
        not newline
        or len(line) > _HEADING_LENGTH
        or line.rstrip().endswith((".", "!", "?", ",", ";", ":"))
    ):
        return 0
    words = re.findall(r"[^\W\d_]+", line)
    capitals = sum(word[0].isupper() for word in words if len(word) > 3)
    titled = bool(words) and words[0][0].isupper() and capitals == sum(len(w) > 3 for w in words)
    heading = (
        _HEADING.match(line)
        or line.startswith("#")
        or line.isupper()
        or (titled and len(words) < 8)
    )
    return len(line) + 1 if heading and not rest.lstrip()[:1].islower() else 0


def _is_end(block: str, start: int, found: re.Match[str]) -> bool:
    """Whether the mark ``found`` ends the sentence that began at ``start``."""
    mark, end = found.group(), found.end()
    after = block[end : end + 80]
    if not after.strip() or mark[:1] in ("", "。", "！", "？"):
        return True
    following = _NEXT.match(after)
    word = following.group(1) if following else ""
    if word[:1].islower():  # '"What?" he said', "etc. and so on", "waiting ... for"
        return False
    if mark[0] != "." or mark.startswith(".."):
        return True
    return _period_ends(block[max(start, found.start() - 40) : found.start()], word, after, mark)


def _period_ends(before: str, word: str, after: str, mark: str) -> bool:
    """Whether a single period after ``before`` and before a capital or digit ends a sentence."""
    token_found = _LAST_TOKEN.search(before)
    token = token_found.group() if token_found else ""
    if _LIST_NUMBER.search("\n" + before + ".") and len(before.strip()) <= 4 and mark == ".":
        return False  # "1. First of all": the number belongs to the sentence
    if token in _NEVER_END and (token not in STREETS or word not in STARTERS):
        return False
    if token in BEFORE_NUMBERS and word[:1].isdigit():
        return False
    if len(token) == 1 and token.isupper():  # an initial, unless "... plan B. He"
        return token == "I" or word in STARTERS - {"A", "I"}
    if token in _MAY_END or re.fullmatch(r"(?:[A-Za-z]\.)+[A-Za-z]", token):
        return closes_sentence(after)
    return True


def _cut(sentence: str, limit: int) -> Iterator[str]:
    """Pieces of at most ``limit`` characters, as equal as clauses allow."""
    while len(sentence) > limit:
        window = sentence[: limit + 1]
        places = [found.end() for found in _CLAUSE.finditer(window) if found.end() > limit // 3]
        space = window.rfind(" ", 1)
        place = places[-1] if places else space if space > 0 else limit
        place = min(place, limit)
        piece, sentence = sentence[:place].strip(), sentence[place:].strip()
        if piece:
            yield piece
    if sentence:
        yield sentence
