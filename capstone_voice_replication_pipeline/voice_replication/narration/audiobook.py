"""A whole book, read aloud: resumable sentence by sentence, one file a chapter or one M4B.

    book ─ chapters ─ lines ─► DIR/.sentences (spoken once, kept) ─► DIR/01_Title.flac ... manifest

Killed at any moment, the next run loses at most the sentence that was being spoken. Changing a
sentence of the book speaks that sentence again, and writes its chapter again, and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from audio_utils import DEFAULT_SPEC
from book_utils import (
    FRONT_MATTER,
    Chapter,
    extract_dialogue,
    is_scene_break,
    read_text,
    split_chapters,
    split_paragraphs,
    strip_gutenberg,
)
from env_utils import InputError, atomic_write_json, read_json
from tqdm import tqdm

from voice_replication.narration import script, timestamps
from voice_replication.narration.book_files import (
    BookLine,
    TimedChapter,
    chapter_stem,
    manifest_entry,
    place_lines,
    write_chapters,
)
from voice_replication.narration.formats import SYNTHETIC, check_suffix
from voice_replication.narration.line_cache import (
    CachedLine,
    LineCache,
    line_key,
    remove_leftovers,
    voice_fingerprint,
)
from voice_replication.narration.settings import Settings
from voice_replication.narration.text_to_speech import Speaker
from voice_replication.voices import Voice

MAX_CHARACTERS = 20_000_000  # about fifteen days of speech
MANIFEST = "manifest.json"
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


@dataclass
class BookResult:
    """What a run did. ``files`` are those of the book, in order; ``written`` of them are new."""

    files: list[Path] = field(default_factory=list)
    written: int = 0
    chapters: int = 0
    audio_seconds: float = 0.0
    lines: int = 0
    spoken_lines: int = 0
    spoken_seconds: float = 0.0
    wall_seconds: float = 0.0
    unreadable: str = ""

    @property
    def real_time_factor(self) -> float:
        """Seconds of speech made in one second; 0 if nothing had to be spoken."""
        return self.spoken_seconds / self.wall_seconds if self.spoken_lines else 0.0


@dataclass(frozen=True)
class _PlannedLine:
    line: script.Line
    voice: Voice
    paragraph: int
    key: str


@dataclass(frozen=True)
class _PlannedChapter:
    number: int
    title: str
    lines: list[_PlannedLine]


def narrate(source: Path, folder: Path, speaker: Speaker, options: BookOptions) -> BookResult:
    """Read the text file ``source`` aloud into ``folder``; what is there already is kept.

    Raises ``InputError`` (no readable text, unwritable folder), ``MissingDependencyError`` (M4B
    without FFmpeg) and ``CheckpointError``.
    """
    started = time.perf_counter()
    book = options.title or source.stem.replace("_", " ")
    check_suffix(folder / f"book.{options.format}")
    text = read_text(source)
    script.check_text(text, MAX_CHARACTERS)
    chapters = list(_plan(text, book, speaker, options))
    if not chapters:
        raise InputError(f"{source}: {script.nothing_to_speak(text)}")
    run = _Run(folder, book, speaker, options)
    result = run.all(chapters)
    result.unreadable = script.unreadable(text)
    result.wall_seconds = time.perf_counter() - started
    return result


def _plan(
    text: str, book: str, speaker: Speaker, options: BookOptions
) -> Iterator[_PlannedChapter]:
    fingerprints = {voice.name: voice_fingerprint(voice) for voice in options.voices}

    def planned(line: script.Line, voice: Voice, paragraph: int) -> _PlannedLine:
        key = line_key(line, fingerprints[voice.name], options.settings, speaker.fingerprints)
        return _PlannedLine(line, voice, paragraph, key)

    chapters = split_chapters(strip_gutenberg(text))
    first = 0 if chapters and chapters[0].title == FRONT_MATTER else 1
    for number, chapter in enumerate(chapters, first):
        lines = [planned(line, options.voice, 0) for line in script.lines(_heading(chapter))]
        for place, paragraph in enumerate(split_paragraphs(chapter.text), 1):
            if is_scene_break(paragraph) and lines:
                lines[-1] = replace(lines[-1], line=replace(lines[-1].line, follows="scene"))
            for line, voice in _paragraph(paragraph, options):
                lines.append(planned(line, voice, place))
        if lines:
            yield _PlannedChapter(number, chapter.title or book, lines)


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


class _Run:
    """One narration: its folder, cache, manifest and progress."""

    def __init__(self, folder: Path, book: str, speaker: Speaker, options: BookOptions) -> None:
        self.folder, self.book, self.speaker, self.options = folder, book, speaker, options
        self.cache = LineCache(folder / ".sentences")
        remove_leftovers(folder)
        self.state_file = self.cache.folder / "files.json"
        self.state = _read_state(self.state_file)  # file name -> hash of what is in it
        self.entries: list[dict[str, Any]] = []
        self.result = BookResult()

    def all(self, chapters: Sequence[_PlannedChapter]) -> BookResult:
        """Speak what is missing and write what changed."""
        timed: list[TimedChapter] = []
        characters = sum(len(entry.line.text) for c in chapters for entry in c.lines)
        with tqdm(
            total=characters, desc="speaking", unit="char", unit_scale=True, disable=None
        ) as progress:
            for chapter in chapters:
                lines = []
                for entry in chapter.lines:
                    spoken = self._speak(entry)
                    lines.append(BookLine(entry.line, entry.voice.name, entry.paragraph, spoken))
                    progress.update(len(entry.line.text))
                timed.append(
                    place_lines(chapter.number, chapter.title, lines, self.options.settings)
                )
                if self.options.format != "m4b":
                    stem = chapter_stem(chapter.number, chapter.title, len(chapters))
                    self._write(f"{stem}.{self.options.format}", timed[-1:])
        if self.options.format == "m4b":
            self._write("book.m4b", timed)
        self._remove_stale_files()
        self.result.chapters = len(timed)
        self.result.audio_seconds = sum(chapter.seconds for chapter in timed)
        return self.result

    def _speak(self, entry: _PlannedLine) -> CachedLine:
        self.result.lines += 1
        cached = self.cache.get(entry.key)
        if cached is not None:
            return cached
        prepared = self.speaker.prepare(entry.line, entry.voice, self.options.settings)
        audio = self.speaker.vocoder.decode(prepared.mel, prepared.f0_hz)
        audio = prepared.finish(audio)
        self.result.spoken_lines += 1
        self.result.spoken_seconds += len(audio) / DEFAULT_SPEC.sample_rate
        return self.cache.put(entry.key, audio, prepared.words)

    def _write(self, name: str, chapters: Sequence[TimedChapter]) -> None:
        """Write ``chapters`` to the file ``name``, unless it has this content already."""
        path = self.folder / name
        voices = " and ".join(voice.name for voice in self.options.voices)
        entries, words, offset = [], [], 0.0
        for chapter in chapters:
            entries.append(manifest_entry(chapter, name, offset))
            words += [word.shifted(offset) for word in chapter.words]
            offset += chapter.seconds
        content = _hash([entries, voices, self.book])
        if self.state.get(name) != content or not path.is_file():
            write_chapters(path, chapters, voices, self.book)
            self.state[name] = content
            atomic_write_json(self.state_file, self.state)
            self.result.written += 1
        if self.options.timestamps:
            timestamps.write_timestamps(path.with_suffix(f".{self.options.timestamps}"), words)
        self.result.files.append(path)
        self.entries += entries
        atomic_write_json(self.folder / MANIFEST, self._manifest())

    def _manifest(self) -> dict[str, Any]:
        return {
            "title": self.book,
            "notice": SYNTHETIC,
            "voice": self.options.voice.name,
            "dialogue_voice": self.options.dialogue.name if self.options.dialogue else None,
            "settings": asdict(self.options.settings),
            "models": dict(self.speaker.fingerprints),
            "chapters": self.entries,
        }

    def _remove_stale_files(self) -> None:
        """Remove files of earlier runs, of this format, whose chapters the book no longer has."""
        suffix = f".{self.options.format}"
        old = {name for name in self.state if name.endswith(suffix)}
        for name in old - {path.name for path in self.result.files}:
            stale = self.folder / Path(name).name
            for path in (stale, *map(stale.with_suffix, timestamps.SUFFIXES)):
                path.unlink(missing_ok=True)
            del self.state[name]
        atomic_write_json(self.state_file, self.state)


def _read_state(path: Path) -> dict[str, str]:
    try:
        return {str(name): str(content) for name, content in read_json(path).items()}
    except (InputError, AttributeError):
        return {}  # nothing to go on from; every file is written anew


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
