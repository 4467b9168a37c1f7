"""From spoken lines to the files of a book: chapters, one M4B with chapter marks, the manifest."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC

from voice_replication.narration.formats import SYNTHETIC, ChapterMark, Tags, open_audio
from voice_replication.narration.line_audio import Pacing
from voice_replication.narration.line_cache import CachedLine
from voice_replication.narration.script import Line
from voice_replication.narration.settings import Settings
from voice_replication.narration.timestamps import WordTime

Audio = npt.NDArray[np.float32]
RATE = DEFAULT_SPEC.sample_rate


@dataclass(frozen=True)
class BookLine:
    """A line of a chapter as it was spoken: by which voice, in which paragraph (from 0)."""

    line: Line
    voice: str
    paragraph: int
    spoken: CachedLine


@dataclass(frozen=True)
class TimedChapter:
    """A chapter whose lines all exist: ``starts`` are the samples at which they begin."""

    number: int
    title: str
    lines: tuple[BookLine, ...]
    starts: tuple[int, ...]
    samples: int  # including the silence at the end

    @property
    def seconds(self) -> float:
        """Length of the chapter."""
        return self.samples / RATE

    @property
    def words(self) -> list[WordTime]:
        """All words, in seconds of the chapter."""
        return [
            word.shifted(start / RATE)
            for entry, start in zip(self.lines, self.starts, strict=True)
            for word in entry.spoken.words
        ]

    def audio(self) -> Iterator[Audio]:
        """The chapter piece by piece: silences and lines, read from the cache."""
        position = 0
        for entry, start in zip(self.lines, self.starts, strict=True):
            yield np.zeros(start - position, np.float32)
            yield entry.spoken.audio()
            position = start + entry.spoken.samples
        yield np.zeros(self.samples - position, np.float32)


def place_lines(
    number: int, title: str, lines: Sequence[BookLine], settings: Settings
) -> TimedChapter:
    """Work out when every line of a chapter begins."""
    pacing = Pacing(settings)
    starts: list[int] = []
    position = 0
    for entry in lines:
        position += pacing.silence(entry.spoken.words)
        starts.append(position)
        position += entry.spoken.samples
        pacing.spoken(entry.spoken.words, entry.spoken.samples, entry.line.follows)
    ending = round(settings.pauses.chapter / settings.speed * RATE)
    return TimedChapter(number, title, tuple(lines), tuple(starts), position + ending)


def write_chapters(path: Path, chapters: Sequence[TimedChapter], voice: str, book: str) -> None:
    """Write one chapter, or all of them with chapter marks, as one file."""
    marks, position = [], 0.0
    for chapter in chapters:
        marks.append(ChapterMark(chapter.title, position, position + chapter.seconds))
        position += chapter.seconds
    first = chapters[0]
    if path.suffix == ".m4b":
        tags = Tags(title=book, voice=voice, album=book)
    else:
        tags = Tags(title=first.title, voice=voice, album=book, track=first.number)
    with open_audio(path, RATE, tags, marks) as write:
        for chapter in chapters:
            for audio in chapter.audio():
                write(audio)


def chapter_stem(number: int, title: str, count: int) -> str:
    """``07_The_Storm``: sorts by number and is a safe file name everywhere."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    words = re.findall(r"[A-Za-z0-9]+", plain)
    return f"{number:0{max(2, len(str(count)))}d}_" + ("_".join(words)[:60].strip("_") or "chapter")


def manifest_entry(chapter: TimedChapter, file: str, offset: float) -> dict[str, Any]:
    """What ``manifest.json`` says about a chapter that begins at ``offset`` seconds of ``file``:
    its paragraphs and lines with their times, in seconds of the file."""
    paragraphs: dict[int, list[dict[str, Any]]] = {}
    for entry, start in zip(chapter.lines, chapter.starts, strict=True):
        words = entry.spoken.words
        paragraphs.setdefault(entry.paragraph, []).append(
            {
                "text": entry.line.text,
                "voice": entry.voice,
                "start": round(offset + start / RATE + words[0].start, 4),
                "end": round(offset + start / RATE + words[-1].end, 4),
                "sentence": entry.spoken.key,
            }
        )
    return {
        "number": chapter.number,
        "title": chapter.title,
        "file": file,
        "start": round(offset, 4),
        "seconds": round(chapter.seconds, 4),
        "notice": SYNTHETIC,
        "paragraphs": [
            {"start": lines[0]["start"], "end": lines[-1]["end"], "lines": lines}
            for lines in paragraphs.values()
        ],
    }
