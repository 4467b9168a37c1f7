"""A whole book from a file of any kind that is read here: its title and its chapters."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from book_utils.chapters import Chapter, split_chapters, strip_gutenberg
from book_utils.epub import read_epub
from book_utils.reading import read_text

BOOK_SUFFIXES = (".txt", ".md", ".epub")
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True)
class Book:
    """A book: ``title`` and its chapters in order; none are empty."""

    title: str
    chapters: tuple[Chapter, ...]

    @property
    def text(self) -> str:
        """Everything in it that is read aloud, titles included."""
        return "\n\n".join(part for c in self.chapters for part in (c.title, c.text) if part)


def read_book(path: str | Path) -> Book:
    """The book in an EPUB, text or Markdown file, whatever its suffix.

    A text is titled after its file, and so is an EPUB without a title. ``InputError`` for a file
    that cannot be read, is empty or is of another kind (see :func:`book_utils.read_text`).
    """
    path = Path(path)
    title = path.stem.replace("_", " ")
    if _first_bytes(path) == _ZIP:
        own_title, chapters = read_epub(path)
        return Book(own_title or title, tuple(chapters))
    return Book(title, tuple(split_chapters(strip_gutenberg(read_text(path)))))


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(len(_ZIP))
    except OSError:
        return b""  # read_text says what is wrong with it
