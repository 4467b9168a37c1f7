"""What a data folder remembers about how it was made, so that a second run does only the rest.

``OUT/.preprocess.jsonl``: a line for the source, then one for every finished recording, written
when it is finished. A line that a crash cut short is passed over; that recording is done again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from data_utils import Utterance
from env_utils import InputError, atomic_write_text, folder_lock

from voice_replication.data_processing.prepare_file import Row
from voice_replication.data_processing.preprocess_config import PreprocessConfig

JOURNAL = ".preprocess.jsonl"
LOCK = ".preprocess.lock"
VERSION = 1  # of what preparing does to a recording; part of every fingerprint


@dataclass(frozen=True)
class Entry:
    """A finished recording: its fingerprint and its rows in the report."""

    utterance: str
    stamp: str
    rows: tuple[Row, ...]

    def line(self) -> str:
        """As one line of the journal."""
        rows = [row.to_dict() for row in self.rows]
        value = {"utterance": self.utterance, "stamp": self.stamp, "rows": rows}
        return json.dumps(value, ensure_ascii=False) + "\n"

    def is_current(self, stamp: str, out: Path) -> bool:
        """Whether source and settings are the same and every stored file is still there, whole."""
        if self.stamp != stamp:
            return False
        for row in self.rows:
            path = out / row.path
            if row.kept and not (path.is_file() and path.stat().st_size == row.stored_bytes):
                return False
        return True


@dataclass
class Journal:
    """The entries of a data folder by utterance, and every file it ever stored."""

    path: Path
    source: str = ""
    entries: dict[str, Entry] = field(default_factory=dict)
    stored: set[str] = field(default_factory=set)  # relative to the data folder

    @classmethod
    def read(cls, out: Path) -> Journal:
        """The journal of ``out``; empty when there is none yet."""
        journal = cls(out / JOURNAL)
        if not journal.path.is_file():
            return journal
        for line in journal.path.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError, KeyError, TypeError):
                value: Any = json.loads(line)
                if "source" in value:
                    journal.source = str(value["source"])
                else:
                    rows = tuple(Row(**row) for row in value["rows"])
                    journal._take(Entry(value["utterance"], value["stamp"], rows))
        return journal

    def _take(self, entry: Entry) -> None:
        self.entries[entry.utterance] = entry
        self.stored.update(row.path for row in entry.rows if row.kept)

    def begin(self, source: Path) -> None:
        """Bind the folder to ``source``. ``InputError`` when it was made from another one."""
        name = str(source.resolve())
        if self.source and self.source != name:
            raise InputError(
                f"{self.path.parent}: this data folder was made from {self.source}. Choose another "
                "OUT for this source, or delete the folder."
            )
        manifest = self.path.parent / "manifest.csv"
        if not self.path.is_file() and manifest.is_file():
            raise InputError(
                f"{manifest}: this was not written by preprocessing and would be overwritten. "
                "Choose another OUT."
            )
        if not self.source:
            self.source = name
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps({"source": name}) + "\n")

    def add(self, stream: TextIO, entry: Entry) -> None:
        """Note a finished recording; on the disk when this returns, as far as the system goes."""
        self._take(entry)
        stream.write(entry.line())
        stream.flush()

    def compact(self) -> None:
        """Rewrite the journal without lines that later ones replace."""
        lines = [json.dumps({"source": self.source}) + "\n"]
        lines += [entry.line() for entry in self.entries.values()]
        atomic_write_text(self.path, "".join(lines))


def fingerprint(utterance: Utterance, config: PreprocessConfig) -> str:
    """Changes when the source file, what matters of what is known about it, or settings change."""
    try:
        stat = utterance.path.stat()
        file = [str(utterance.path), stat.st_size, stat.st_mtime_ns]
    except OSError:
        file = [str(utterance.path), -1, -1]
    known = [utterance.corpus, utterance.speaker, utterance.source_rate, bool(utterance.text)]
    text = json.dumps([VERSION, file, known, config.model_dump()])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def remove_leftovers(out: Path) -> None:
    """Delete the temporary files of a run that was killed."""
    for folder in (out, *(path for path in (out / "audio").rglob("*") if path.is_dir())):
        for part in folder.glob(".*.part.*"):
            part.unlink(missing_ok=True)


def remove_stored(out: Path, names: Iterable[str]) -> None:
    """Delete stored audio whose source is gone or is now refused."""
    for name in names:
        (out / name).unlink(missing_ok=True)


def locked(out: Path) -> AbstractContextManager[None]:
    """Keep a second process from writing to the same data folder."""
    return folder_lock(out, LOCK)


def rows_in_order(utterances: Iterable[Utterance], entries: Mapping[str, Entry]) -> list[Row]:
    """The report rows in the order of the corpus, whatever order they were done in."""
    return [row for u in utterances for row in entries[u.id].rows]
