"""The book that the course practises on: a short story written for this repository."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from env_utils import InputError

SAMPLE_BOOK = "the_clock_that_answered.txt"


def sample_book_path() -> Path:
    """The sample book, a UTF-8 text file of five chapters.

    In a checkout it lies beside this package, in an installed package inside it. ``InputError`` if
    it is in neither place.
    """
    here = Path(__file__).resolve().parent
    for folder in (here.parent / "sample_book", here / "sample_book"):
        if (folder / SAMPLE_BOOK).is_file():
            return folder / SAMPLE_BOOK
    raise InputError(
        f"{SAMPLE_BOOK}: the sample book is not beside book_utils. Restore the folder "
        "01_python_programming/sample_book, or give a book of your own."
    )


@dataclass(frozen=True)
class KnownSpeech:
    """A speech of the sample book and who says it: what programs that guess are judged by.

    ``speaker`` is ``None`` for words in quotation marks that nobody says (words that are talked
    about). What Miss Garrick writes on her slate is hers, whoever reads it out.
    """

    chapter: int
    speaker: str | None
    text: str


def sample_book_speakers() -> list[KnownSpeech]:
    """Every speech of the sample book in order, with its speaker as its author meant it."""
    path = sample_book_path().with_name("who_speaks.csv")
    rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))
    return [KnownSpeech(int(row["chapter"]), row["speaker"] or None, row["speech"]) for row in rows]
