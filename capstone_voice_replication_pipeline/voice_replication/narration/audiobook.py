"""A whole book, read aloud: resumable sentence by sentence, one file a chapter or one M4B.

    book ─ chapters ─ lines ─► DIR/.sentences (spoken once, kept) ─► DIR/01_Title.flac ... manifest

Killed at any moment, the next run loses at most the sentence that was being spoken. Changing a
sentence of the book speaks that sentence again, and writes its chapter again, and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from audio_utils import DEFAULT_SPEC
from book_utils import read_book
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
from voice_replication.narration.book_plan import (
    BookOptions,
    PlannedChapter,
    PlannedLine,
    plan_book,
)
from voice_replication.narration.formats import SYNTHETIC, check_suffix
from voice_replication.narration.line_cache import CachedLine, LineCache, remove_leftovers
from voice_replication.narration.text_to_speech import Speaker
from voice_replication.progress import FinishedFile, OnProgress, Pace, unwatched

__all__ = ["BookOptions", "BookResult", "narrate"]

MANIFEST = "manifest.json"


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


def narrate(
    source: Path,
    folder: Path,
    speaker: Speaker,
    options: BookOptions,
    on_progress: OnProgress = unwatched,
) -> BookResult:
    """Read the book ``source`` aloud into ``folder``; what is there already is kept.

    ``on_progress`` is called after every line and every file. Raises ``InputError`` (no readable
    text, unwritable folder), ``MissingDependencyError`` (M4B without FFmpeg) and
    ``CheckpointError``.
    """
    started = time.perf_counter()
    check_suffix(folder / f"book.{options.format}")
    book = read_book(source)
    text = book.text
    script.check_text(text, script.MAX_BOOK_CHARACTERS)
    title = options.title or book.title
    chapters = list(plan_book(book.chapters, title, speaker, options))
    if not chapters:
        raise InputError(f"{source}: {script.nothing_to_speak(text)}")
    run = _Run(folder, title, speaker, options, on_progress)
    result = run.all(chapters)
    result.unreadable = script.unreadable(text)
    result.wall_seconds = time.perf_counter() - started
    return result


class _Run:
    """One narration: its folder, cache, manifest and progress."""

    def __init__(
        self,
        folder: Path,
        book: str,
        speaker: Speaker,
        options: BookOptions,
        on_progress: OnProgress,
    ) -> None:
        self.folder, self.book, self.speaker, self.options = folder, book, speaker, options
        self.on_progress = on_progress
        self.finished: tuple[FinishedFile, ...] = ()
        self.cache = LineCache(folder / ".sentences")
        remove_leftovers(folder)
        self.state_file = self.cache.folder / "files.json"
        self.state = _read_state(self.state_file)  # file name -> hash of what is in it
        self.entries: list[dict[str, Any]] = []
        self.result = BookResult()

    def all(self, chapters: Sequence[PlannedChapter]) -> BookResult:
        """Speak what is missing and write what changed."""
        timed: list[TimedChapter] = []
        characters = sum(len(entry.line.text) for c in chapters for entry in c.lines)
        pace = Pace(characters)
        with tqdm(
            total=characters, desc="speaking", unit="char", unit_scale=True, disable=None
        ) as bar:
            for chapter in chapters:
                lines = []
                for entry in chapter.lines:
                    before = self.result.spoken_lines
                    spoken = self._speak(entry)
                    lines.append(BookLine(entry.line, entry.voice.name, entry.paragraph, spoken))
                    bar.update(len(entry.line.text))
                    pace.advance(len(entry.line.text), self.result.spoken_lines > before)
                    self.on_progress(pace.progress(self.finished))
                timed.append(
                    place_lines(chapter.number, chapter.title, lines, self.options.settings)
                )
                if self.options.format != "m4b":
                    stem = chapter_stem(chapter.number, chapter.title, len(chapters))
                    self._write(f"{stem}.{self.options.format}", timed[-1:])
                    self.on_progress(pace.progress(self.finished))
        if self.options.format == "m4b":
            self._write("book.m4b", timed)
            self.on_progress(pace.progress(self.finished))
        self._remove_stale_files()
        self.result.chapters = len(timed)
        self.result.audio_seconds = sum(chapter.seconds for chapter in timed)
        return self.result

    def _speak(self, entry: PlannedLine) -> CachedLine:
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
        title = chapters[0].title if len(chapters) == 1 else self.book
        self.finished += (FinishedFile(name, title, offset),)
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
