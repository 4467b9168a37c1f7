"""The process that reads one uploaded book: started for one file, limited, and gone afterwards.

    python -I -m voice_replication.serving.book_child FILE CPU_SECONDS

An EPUB is an archive full of markup from a stranger. Reading it takes nothing but this process,
which prints what is in it as one JSON object and is believed nothing else.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

from book_utils import read_book
from env_utils import InputError

from voice_replication.narration import script

MEMORY_BYTES = 2**31


def confine(cpu_seconds: int) -> None:
    """Limit this process, where the system can: its memory and time; it writes no files."""
    with contextlib.suppress(ImportError):  # Windows
        import resource

        limits = {"CORE": 0, "CPU": cpu_seconds, "FSIZE": 0, "AS": MEMORY_BYTES}
        for name, limit in limits.items():
            with contextlib.suppress(ValueError, OSError):  # macOS refuses some
                resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (limit, limit))


def outline(path: Path) -> dict[str, Any]:
    """Title, and the title and characters of every chapter; ``InputError`` if unreadable."""
    book = read_book(path)
    text = book.text
    script.check_text(text, script.MAX_BOOK_CHARACTERS)
    odd = script.unreadable(text)
    if not any(c.isalnum() and c not in odd for c in set(text)):
        raise InputError(script.nothing_to_speak(text))
    chapters = [{"title": c.title, "characters": len(c.title) + len(c.text)} for c in book.chapters]
    return {"title": book.title, "chapters": chapters}


def main(path: str, cpu_seconds: str) -> None:
    """Read and print."""
    confine(int(cpu_seconds))
    try:
        answer = outline(Path(path))
    except InputError as error:
        answer = {"refused": str(error)}
    except MemoryError:
        answer = {"refused": "it takes too much memory to read."}
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
