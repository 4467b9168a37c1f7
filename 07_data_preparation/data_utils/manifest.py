"""Manifests: one CSV row an utterance, paths relative to the CSV, so that a folder can be moved."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from env_utils import InputError, atomic_write_text

from data_utils.corpus_files import read_text
from data_utils.utterance import Utterance

COLUMNS = (
    "utterance",
    "corpus",
    "speaker",
    "gender",
    "split",
    "seconds",
    "source_rate",
    "licence",
    "path",
    "text",
)
MAX_FIELD = 1_000_000  # characters; a longer field means an unclosed quotation mark


def read_rows(
    csv_path: str | Path, required: Iterable[str], delimiter: str = ","
) -> list[dict[str, str]]:
    """The rows of a UTF-8 CSV with a header, as dictionaries; missing cells are empty.

    Raises ``InputError`` that names the file and what is wrong: not there, not UTF-8, a missing
    column, a row with too many cells.
    """
    csv_path = Path(csv_path)
    if not csv_path.is_file():
        raise InputError(f"{csv_path}: there is no such file.")
    text = read_text(csv_path)
    csv.field_size_limit(MAX_FIELD)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = reader.fieldnames or []
    for column in required:
        if column not in header:
            raise InputError(
                f"{csv_path}: column '{column}' is missing (found: {', '.join(header) or 'none'}). "
                f"Add it to the first line; needed are {', '.join(required)}."
            )
    rows: list[dict[str, str]] = []
    try:
        for row in reader:
            if None in row:
                raise InputError(
                    f"{csv_path}, line {reader.line_num}: more cells than columns. Put texts that "
                    "contain the separator in quotation marks."
                )
            rows.append({key: (value or "").strip() for key, value in row.items()})
    except csv.Error as error:
        raise InputError(f"{csv_path}, line {reader.line_num}: {error}.") from None
    return rows


def read_manifest(csv_path: str | Path) -> list[Utterance]:
    """The utterances of a manifest, in its order. The audio files are not looked at.

    Raises ``InputError`` naming file and column or line: no such file, a missing column, a number
    that is none, a row without id or path, an utterance that occurs twice in a corpus.
    """
    csv_path = Path(csv_path)
    folder = csv_path.resolve().parent
    utterances: list[Utterance] = []
    seen: set[tuple[str, str, str]] = set()
    for line, row in enumerate(read_rows(csv_path, COLUMNS), start=2):
        utterance = _from_row(row, folder, f"{csv_path}, row {line}")
        key = (utterance.corpus, utterance.speaker, utterance.id)
        if key in seen:
            raise InputError(
                f"{csv_path}, row {line}: utterance '{utterance.id}' occurs twice. Rename one."
            )
        seen.add(key)
        utterances.append(utterance)
    return utterances


def _from_row(row: Mapping[str, str], folder: Path, place: str) -> Utterance:
    for column in ("utterance", "path"):
        if not row[column]:
            raise InputError(f"{place}: column '{column}' is empty. Fill it in or drop the row.")
    return Utterance(
        id=row["utterance"],
        path=folder / row["path"],
        text=row["text"],
        speaker=row["speaker"] or "unknown",
        seconds=_number(row["seconds"], f"{place}, column 'seconds'"),
        corpus=row["corpus"] or "own",
        split=row["split"],
        source_rate=int(_number(row["source_rate"], f"{place}, column 'source_rate'")),
        gender=row["gender"],
        licence=row["licence"],
    )


def _number(text: str, place: str) -> float:
    try:
        value = float(text or 0)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < 1e9:
        raise InputError(f"{place}: '{text}' is not a number that makes sense here. Correct it.")
    return value


def write_manifest(csv_path: str | Path, utterances: Iterable[Utterance]) -> None:
    """Write ``utterances`` to ``csv_path`` atomically, with paths relative to its folder."""
    csv_path = Path(csv_path)
    folder = csv_path.resolve().parent
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for u in utterances:
        path = Path(os.path.relpath(u.path, folder)).as_posix()
        facts = (u.id, u.corpus, u.speaker, u.gender, u.split, f"{u.seconds:.3f}", u.source_rate)
        writer.writerow((*facts, u.licence, path, " ".join(u.text.split())))
    atomic_write_text(csv_path, stream.getvalue())
