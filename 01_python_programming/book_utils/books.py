"""A whole book from a file of any kind that is read here: its title and its chapters."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from book_utils.chapters import Chapter, split_chapters, strip_gutenberg
from book_utils.reading import read_text

BOOK_SUFFIXES = (".txt", ".md")


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
    """The book in a text or Markdown file.

    It is titled after its file. Raises ``InputError`` as :func:`book_utils.read_text` does.
    """
    path = Path(path)
    chapters = split_chapters(strip_gutenberg(read_text(path)))
    return Book(path.stem.replace("_", " "), tuple(chapters))
