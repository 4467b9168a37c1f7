"""The book that the course practises on: a short story written for this repository."""

from __future__ import annotations

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
