"""Direct speech: what is said, and by whom as far as the text says so beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_VERBS = (
    "said|says|asked|asks|replied|answered|cried|shouted|whispered|murmured|muttered|exclaimed|added|"
    "called|continued|began|remarked|observed|returned|repeated|screamed|yelled|sighed|laughed|"
    "growled|snapped|demanded|inquired|enquired|declared|announced|explained|admitted|agreed|"
    "protested|insisted|suggested|interrupted|responded|groaned|sobbed|gasped|roared|hissed|warned|"
    "pleaded|begged|told|thought|wondered|ordered|went on"
)
_TITLE = (
    r"(?:(?:Mr|Mrs|Ms|Dr|St|Prof|Capt|Col|Sir|Lady|Lord|Miss|Aunt|Uncle|Captain|Professor)\.? )"
)
_NAME = rf"(?P<name>{_TITLE}?[A-Z][\w'’-]+(?: [A-Z][\w'’-]+){{0,2}}|the [a-z]+(?: [a-z]+)?)"
_VERB_NAME = re.compile(rf",?\s*(?:{_VERBS})\s+{_NAME}")
_NAME_VERB = re.compile(rf",?\s*{_NAME}\s+(?:[a-z]+ly\s+)?(?:{_VERBS})\b")
_BEFORE = re.compile(rf"{_NAME}\s+(?:[a-z]+ly\s+)?(?:{_VERBS})\b[^.!?\"“”]{{0,60}}[,:]?\s*$")
_NOT_NAMES = frozenset(
    (
        *(
            "he",
            "she",
            "it",
            "they",
            "we",
            "i",
            "you",
            "who",
            "a",
            "an",
            "and",
            "but",
            "then",
            "so",
        ),
        *("when", "what", "that", "this", "there", "one", "no", "yes"),
    )
)
_PARAGRAPH = re.compile(r"[^\n]+(?:\n[ \t]*[^\s][^\n]*)*")
_MARKS = '"“”«» \n\t'
_SINGLE_MARKS = "‘’ \n\t"
_LONGEST_TAG = 120  # characters beside the speech that are looked at


@dataclass(frozen=True)
class DialogueLine:
    """A stretch of direct speech: ``text`` without its quotation marks, ``speaker`` if named.

    ``source[start:end]`` is the speech with its quotation marks in the text that it comes from.
    """

    text: str
    speaker: str | None
    start: int
    end: int


def extract_dialogue(text: str) -> list[DialogueLine]:
    """Direct speech in ``text``, in order.

    Straight and curly double quotation marks are understood, and curly single ones in a text
    that has no double ones (British style). A speech whose end is not marked ends with its
    paragraph. The speaker is taken from a tag next to it ("said Tom", "Mrs. Hall asked,"), and is
    ``None`` if there is none or only a pronoun; speeches in one paragraph have one speaker.
    """
    single = not re.search('["“”«»]', text) and "‘" in text
    lines: list[DialogueLine] = []
    for found in _PARAGRAPH.finditer(text):
        paragraph, offset = found.group(), found.start()
        spans = list(_quoted(paragraph, single))
        named = next(filter(None, (_speaker(paragraph, *span) for span in spans)), None)
        for start, end in spans:
            spoken = paragraph[start:end].strip(_SINGLE_MARKS if single else _MARKS)
            if spoken:
                lines.append(DialogueLine(spoken, named, offset + start, offset + end))
    return lines


def _quoted(paragraph: str, single: bool) -> Iterator[tuple[int, int]]:
    """Start and end of every quotation in a paragraph, marks included."""
    marks = r"‘|’(?!\w)" if single else '["“”«»]'
    start: int | None = None
    for found in re.finditer(marks, paragraph):
        mark, place = found.group(), found.start()
        opens = mark in "“‘«" or (mark == '"' and start is None)
        if opens and start is None:
            start = place
        elif not opens and start is not None:
            yield start, place + 1
            start = None
    if start is not None:
        yield start, len(paragraph.rstrip())


def _speaker(paragraph: str, start: int, end: int) -> str | None:
    """The name in a tag right after or right before the quotation, or ``None``."""
    after = paragraph[end : end + _LONGEST_TAG]
    before = paragraph[max(0, start - _LONGEST_TAG) : start]
    for found in (_VERB_NAME.match(after), _NAME_VERB.match(after), _BEFORE.search(before)):
        if found and found["name"].split()[0].lower() not in _NOT_NAMES:
            return found["name"]
    return None
