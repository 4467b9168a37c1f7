"""The layout of own recordings: a table, or a text beside each file, or no transcripts at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from env_utils import InputError

from data_utils.corpus_files import (
    audio_files,
    gender_letter,
    is_audio,
    read_lines,
    read_transcript,
    safe_name,
)
from data_utils.manifest import read_rows
from data_utils.utterance import Utterance

TABLES = ("metadata.csv", "transcripts.csv", "transcript.csv")
_SEPARATORS = (",", "\t", ";", "|")


def read_own(folder: Path) -> list[Utterance]:
    """Own recordings: a table, or one ``.txt`` beside each file, or no transcripts at all.

    The table (``metadata.csv`` or ``transcripts.csv``) has a header with ``file`` and ``text`` and
    perhaps ``speaker``, ``gender``, ``split``, ``licence``; separators are commas, tabs, semicolons
    or bars. Without a ``speaker`` it is the name of the subfolder, or of ``folder`` itself. Files
    that a table does not mention are left out; a file that it mentions twice is used with the last
    row, as after a retake.
    """
    table = own_table(folder)
    if table is not None:
        return read_table(folder, table)
    return [own_file(path, folder) for path in audio_files(folder)]


def own_table(folder: Path) -> Path | None:
    """The transcript table of own recordings, if there is one."""
    return next((folder / name for name in TABLES if (folder / name).is_file()), None)


def own_file(path: Path, folder: Path) -> Utterance:
    """One recording below ``folder``, with the text of the ``.txt`` file beside it."""
    return _utterance(folder, path, read_transcript(path.with_suffix(".txt")), {})


def read_table(folder: Path, table: Path) -> list[Utterance]:
    """The recordings that ``table`` names, relative to ``folder``, in its order."""
    chosen: dict[Path, Utterance] = {}
    for number, row in enumerate(table_rows(table), start=2):
        if not row["file"]:
            raise InputError(f"{table}, row {number}: column 'file' is empty. Fill it in.")
        path = _find(folder / row["file"])
        chosen[path] = _utterance(folder, path, " ".join(row["text"].split()), row)
    return list(chosen.values())


def table_rows(table: Path) -> list[dict[str, str]]:
    """The rows of a transcript table, whichever of the separators it uses."""
    header = next(read_lines(table, optional=True), "")
    separator = max(_SEPARATORS, key=header.count) if header else ","
    return read_rows(table, ("file", "text"), separator)


def _find(path: Path) -> Path:
    """The file that a table means, which may have been written without its suffix."""
    if path.is_file() or is_audio(path):
        return path
    candidates = sorted(path.parent.glob(f"{path.name}.*"))
    return next((p for p in candidates if is_audio(p)), path)


def _utterance(folder: Path, path: Path, text: str, row: Mapping[str, str]) -> Utterance:
    inside = path.relative_to(folder) if path.is_relative_to(folder) else Path(path.name)
    parts = inside.with_suffix("").parts
    above = parts[0] if len(parts) > 1 else folder.resolve().name
    return Utterance(
        id=safe_name("_".join(parts)),
        path=path.absolute(),
        text=text,
        speaker=row.get("speaker") or safe_name(above),
        split=row.get("split", ""),
        gender=gender_letter(row.get("gender", "")),
        licence=row.get("licence", ""),
    )
