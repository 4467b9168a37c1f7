"""Paragraphs of a text, whichever way it marks them."""

from __future__ import annotations

import re
from statistics import median

_BLANK = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_INDENT = re.compile(r"\n(?=[ \t]{2,}\S|\t\S)")
_WRAPPED = 120  # characters; files whose lines are longer have one line a paragraph
_SCENE_BREAK = re.compile(r"[\s*#~=_•·⁂—–-]+")


def split_paragraphs(text: str) -> list[str]:
    """Paragraphs of ``text``, each on one line without outer spaces; never an empty one.

    Paragraphs are separated by empty lines; in a text without any, by indented first lines; in
    one without those either, by line breaks if the lines are too long to be hard-wrapped. A line
    such as ``* * *`` between two scenes is a paragraph of its own (:func:`is_scene_break`).
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if _BLANK.search(text):
        blocks = _BLANK.split(text)
    elif _INDENT.search(text):
        blocks = _INDENT.split(text)
    else:
        lines = [line for line in text.split("\n") if line.strip()]
        long = bool(lines) and median(len(line) for line in lines) > _WRAPPED
        blocks = lines if long else [text]
    joined = (" ".join(block.split()) for block in blocks)
    return [paragraph for paragraph in joined if paragraph]


def is_scene_break(paragraph: str) -> bool:
    """Whether ``paragraph`` only separates scenes (``* * *``, ``---``, ``#``)."""
    return bool(paragraph.strip()) and _SCENE_BREAK.fullmatch(paragraph) is not None
