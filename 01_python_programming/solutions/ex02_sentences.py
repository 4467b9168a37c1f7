"""01.e2  Where does a sentence end?  One answer.

It is a heuristic, and every such rule has a price: "We met at 9 a.m. Nobody came." is one sentence
to it. `text_utils.split_sentences` of module 05 weighs more evidence.
"""

from __future__ import annotations

import re

ABBREVIATIONS = {"Mr.", "Mrs.", "Dr.", "St.", "Capt.", "No.", "a.m.", "p.m."}
CLOSING = re.compile(r"[.!?…]+[”’\"')]*(?=\s|$)")


def split_sentences(text: str) -> list[str]:
    """The sentences of a paragraph, in order."""
    sentences = []
    start = 0
    for found in CLOSING.finditer(text):
        word = text[: found.end()].split()[-1].lstrip("“‘\"'(")
        following = text[found.end() :].lstrip()[:1]
        if word in ABBREVIATIONS or following.islower():
            continue
        sentences.append(text[start : found.end()].strip())
        start = found.end()
    rest = text[start:].strip()
    return [*sentences, rest] if rest else sentences
