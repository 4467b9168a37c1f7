"""What of a book is spoken, by whom and in which order, before anything is spoken.

chapters ─ heading, paragraphs, dialogue ─► lines, each with its voice and its key in the cache
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from book_utils import FRONT_MATTER, Chapter, extract_dialogue, is_scene_break, split_paragraphs

from voice_replication.narration import script
from voice_replication.narration.line_cache import line_key, voice_fingerprint
from voice_replication.narration.settings import Settings
from voice_replication.narration.text_to_speech import Speaker
from voice_replication.voices import Voice

_NUMBER = re.compile(r"(?:[IVXLC]+|\d+)\.?")  # a heading that is read as "Chapter ..."


@dataclass(frozen=True)
class BookOptions:
    """How a book is read. ``dialogue`` speaks what stands in quotation marks, if given."""

    voice: Voice
    dialogue: Voice | None = None
    settings: Settings = field(default_factory=Settings)
    format: str = "wav"
    title: str = ""  # default: the file's name
    timestamps: str = ""  # "json" or "srt": also written beside every chapter

    @property
    def voices(self) -> Sequence[Voice]:
        """The voices that speak."""
        return [self.voice, self.dialogue] if self.dialogue else [self.voice]


@dataclass(frozen=True)
class PlannedLine:
    """A line, who speaks it, its paragraph (from 0) and its key."""

    line: script.Line
    voice: Voice
    paragraph: int
    key: str


@dataclass(frozen=True)
class PlannedChapter:
    """A chapter with everything that is spoken in it, its heading first."""

    number: int
    title: str
    lines: list[PlannedLine]


def plan_book(
    chapters: Sequence[Chapter], title: str, speaker: Speaker, options: BookOptions
) -> Iterator[PlannedChapter]:
    """The ``chapters`` that have something to speak; ``title`` names one that has no title."""
    fingerprints = {voice.name: voice_fingerprint(voice) for voice in options.voices}

    def planned(line: script.Line, voice: Voice, paragraph: int) -> PlannedLine:
        key = line_key(line, fingerprints[voice.name], options.settings, speaker.fingerprints)
        return PlannedLine(line, voice, paragraph, key)

    first = 0 if chapters and chapters[0].title == FRONT_MATTER else 1
    for number, chapter in enumerate(chapters, first):
        lines = [planned(line, options.voice, 0) for line in script.lines(_heading(chapter))]
        for place, paragraph in enumerate(split_paragraphs(chapter.text), 1):
            if is_scene_break(paragraph) and lines:
                lines[-1] = replace(lines[-1], line=replace(lines[-1].line, follows="scene"))
            for line, voice in _paragraph(paragraph, options):
                lines.append(planned(line, voice, place))
        if lines:
            yield PlannedChapter(number, chapter.title or title, lines)


def _heading(chapter: Chapter) -> str:
    """What is read aloud before a chapter: its title, if that is printed in the book."""
    if chapter.title == FRONT_MATTER:
        return ""
    return f"Chapter {chapter.title}" if _NUMBER.fullmatch(chapter.title) else chapter.title


def _paragraph(paragraph: str, options: BookOptions) -> Iterator[tuple[script.Line, Voice]]:
    """The lines of a paragraph, each with the voice that speaks it."""
    spans: list[tuple[int, int, Voice]] = []
    position = 0
    for said in extract_dialogue(paragraph) if options.dialogue else []:
        spans.append((position, said.start, options.voice))
        spans.append((said.start, said.end, options.dialogue or options.voice))
        position = said.end
    spans.append((position, len(paragraph), options.voice))
    spoken = [(paragraph[start:end], voice) for start, end, voice in spans]
    spoken = [(text, voice) for text, voice in spoken if any(map(str.isalnum, text))]
    for place, (text, voice) in enumerate(spoken, 1):
        for line in script.paragraph_lines(text, last=place == len(spoken)):
            yield line, voice
