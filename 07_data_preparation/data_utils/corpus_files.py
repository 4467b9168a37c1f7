"""What every corpus reader needs: sound files below a folder, lines of a text, safe names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from env_utils import InputError

# fmt: off
AUDIO_SUFFIXES = frozenset({
    ".wav", ".flac", ".ogg", ".opus", ".oga", ".mp3", ".m4a", ".m4b", ".mp4", ".aac", ".wma",
    ".aif", ".aiff", ".aifc", ".au", ".caf", ".w64", ".rf64", ".webm", ".mkv", ".mov", ".amr",
})
# fmt: on


def is_audio(path: Path) -> bool:
    """Whether the suffix is that of a sound (or film) file."""
    return path.suffix.lower() in AUDIO_SUFFIXES


def audio_files(folder: Path) -> list[Path]:
    """All sound files below ``folder``, sorted; hidden files and folders are left out."""
    return sorted(
        path
        for path in folder.rglob("*")
        if is_audio(path)
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )


def read_text(path: Path) -> str:
    """A UTF-8 text file (with or without a mark at its start). ``InputError`` when it is not."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: not UTF-8 text (byte {error.start}). Save it again as UTF-8."
        ) from None


def read_transcript(path: Path) -> str:
    """A transcript as one line; empty when there is no such file."""
    return " ".join(read_text(path).split()) if path.is_file() else ""


def read_lines(path: Path, optional: bool = False) -> Iterator[str]:
    """The non-empty lines of a text file, stripped; none if it is optional and not there."""
    if not path.is_file():
        if optional:
            return
        raise InputError(f"{path}: there is no such file, but this corpus layout needs it.")
    yield from (line.strip() for line in read_text(path).splitlines() if line.strip())


def safe_name(text: str) -> str:
    """``text`` as a file name on every system: letters, digits, ``.``, ``-`` and ``_``."""
    return re.sub(r"[^\w.-]+", "-", text).strip(".-") or "unnamed"


def gender_letter(text: str) -> str:
    """ "F", "M" or "" from however a corpus writes it."""
    letter = text.strip()[:1].upper()
    return letter if letter in ("F", "M") else ""
