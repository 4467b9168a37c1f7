"""Who speaks in a book: what is inside quotation marks, and the tag beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_VERBS = (
    "said|asked|replied|answered|cried|whispered|shouted|called|muttered|murmured|added|"
    "exclaimed|continued|began|agreed|insisted|laughed|sighed|repeated|told|says|asks"
)
_NAME = (
    r"(?:(?:Mr|Mrs|Ms|Dr|Miss|Sir|Lady|Captain|Aunt|Uncle)\.? )?[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)?"
)
_WHO = rf"(?:{_NAME}|he|she|they|I|we|the [a-z]+(?: [a-z]+)?)"
_VERB_FIRST = re.compile(rf"\s*(?:{_VERBS})\s+(?P<who>{_WHO})")
_NAME_FIRST = re.compile(rf"\s*(?P<who>{_WHO})\s+(?:\w+ly\s+)?(?:{_VERBS})\b")
_BEFORE = re.compile(rf"(?P<who>{_WHO})\s+(?:\w+ly\s+)?(?:{_VERBS})[^.!?]{{0,30}}[,:]\s*$")
# Straight or curly double quotes, or curly single ones; an apostrophe inside a word is none.
_QUOTE = re.compile(
    r"“[^”“]+(?:”|$)|\"[^\"]+(?:\"|$)|(?<![\w’])‘.+?’(?!\w)|«[^»]+(?:»|$)", re.DOTALL
)


@dataclass(frozen=True)
class Part:
    """A stretch of a paragraph: its text as written, and whether somebody says it."""

    text: str
    is_dialogue: bool


@dataclass(frozen=True)
class Line:
    """Something said: the words without quotation marks, and who says it ("" if not told)."""

    text: str
    speaker: str


def split_dialogue(paragraph: str) -> list[Part]:
    """The paragraph as narration and dialogue in turns; nothing is lost but outer spaces.

    A quotation that is not closed runs to the end of the paragraph, as when speech goes on in the
    next one.
    """
    parts: list[Part] = []
    position = 0
    for match in _QUOTE.finditer(paragraph):
        parts.append(Part(paragraph[position : match.start()].strip(), False))
        parts.append(Part(match.group().strip(), True))
        position = match.end()
    parts.append(Part(paragraph[position:].strip(), False))
    return [part for part in parts if any(c.isalnum() for c in part.text)]


def extract_dialogue(text: str) -> list[Line]:
    """Everything that is said in ``text``, with the name in the speaker tag beside it."""
    found: list[Line] = []
    for paragraph in re.split(r"\n\s*\n", text):
        speaker = ""
        for match in _QUOTE.finditer(paragraph):
            after = paragraph[match.end() : match.end() + 80]
            before = paragraph[max(0, match.start() - 80) : match.start()]
            tag = _VERB_FIRST.match(after) or _NAME_FIRST.match(after) or _BEFORE.search(before)
            speaker = tag["who"] if tag else speaker  # the same person goes on in a paragraph
            words = " ".join(match.group().strip('“”"‘’«» \n').split())
            found.append(Line(words, speaker))
    return found
