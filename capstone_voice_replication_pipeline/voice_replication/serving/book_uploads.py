"""What is in an uploaded book, and how long reading it aloud will take."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from voice_replication.serving.problems import Problem

CHILD = "voice_replication.serving.book_child"
CPU_SECONDS = 20
WALL_SECONDS = 60.0
CHARACTERS_PER_SECOND = 14.2  # the sample book, in the sample voices ada and basil


@dataclass(frozen=True)
class OutlineChapter:
    """A chapter: ``characters`` that are read aloud, its title included."""

    number: int
    title: str
    characters: int

    @property
    def seconds(self) -> float:
        """About how long it lasts at normal speed."""
        return self.characters / CHARACTERS_PER_SECOND


@dataclass(frozen=True)
class Outline:
    """A book's title and chapters, numbered from 1."""

    title: str
    chapters: Sequence[OutlineChapter]

    @property
    def characters(self) -> int:
        """Of all chapters."""
        return sum(chapter.characters for chapter in self.chapters)


def read_outline(path: Path, label: str, field: str, otherwise: str) -> Outline:
    """The outline of the book in the file ``path``, which the client calls ``label``.

    A book without a title of its own is titled ``otherwise``.

    Raises ``Problem``: ``unusable_input`` (with the reason) or ``too_large`` (too much work).
    """
    command = [sys.executable, "-I", "-m", CHILD, str(path), str(CPU_SECONDS)]
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            timeout=WALL_SECONDS,
            check=False,
        )
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        raise Problem(
            "too_large", f"{label}: this book takes too long to read, or is damaged.", field=field
        ) from None
    if "refused" in answer:
        reason = str(answer["refused"]).replace(f"{path}: ", "")
        raise Problem("unusable_input", f"{label}: {reason}", field=field)
    title = otherwise if answer["title"] == path.stem else str(answer["title"])
    chapters = [
        OutlineChapter(number, str(chapter["title"]) or title, int(chapter["characters"]))
        for number, chapter in enumerate(answer["chapters"], 1)
    ]
    return Outline(title, chapters)
