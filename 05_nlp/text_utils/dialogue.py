"""Who speaks: a text cut into narration and direct speech, with speakers where they can be told.

``book_utils.extract_dialogue`` finds the speech and the names beside it. Here the gaps are filled:
in an exchange between two people who have both been named, they take turns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from book_utils import DialogueLine, extract_dialogue

_MOST_NARRATION = 200  # characters between two speeches that still belong to one exchange


@dataclass(frozen=True)
class Span:
    """A piece ``source[start:end]`` of a text; ``speaker`` is ``None`` where nobody is known."""

    text: str
    kind: Literal["narration", "dialogue"]
    speaker: str | None
    start: int
    end: int


def tag_dialogue(text: str) -> list[Span]:
    """Narration and dialogue in order; the texts of the spans put together are ``text`` again.

    A speech without a name gets the other one of the last two speakers if it stands in a new
    paragraph of the same exchange (at most 200 characters of narration since the last speech).
    """
    lines = extract_dialogue(text)
    speakers = _take_turns(text, lines)
    spans: list[Span] = []
    end = 0
    for line, speaker in zip(lines, speakers, strict=True):
        if line.start > end:
            spans.append(Span(text[end : line.start], "narration", None, end, line.start))
        spans.append(Span(text[line.start : line.end], "dialogue", speaker, line.start, line.end))
        end = line.end
    if end < len(text):
        spans.append(Span(text[end:], "narration", None, end, len(text)))
    return spans


def _take_turns(text: str, lines: list[DialogueLine]) -> list[str | None]:
    """The speaker of each line, with turns taken where no name is given."""
    speakers: list[str | None] = []
    last_two: list[str] = []  # the latest last
    end = 0
    for line in lines:
        between = text[end : line.start]
        if len(between) > _MOST_NARRATION:
            last_two = []
        same_paragraph = bool(speakers) and re.search(r"\n[ \t]*\n", between) is None
        speaker = line.speaker
        if speaker is None and same_paragraph:
            speaker = speakers[-1]
        elif speaker is None and len(last_two) == 2:
            speaker = last_two[0]
        if speaker is not None:
            last_two = [*(name for name in last_two if name != speaker), speaker][-2:]
        else:
            last_two = []
        speakers.append(speaker)
        end = line.end
    return speakers
