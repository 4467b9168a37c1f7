"""Finding the chapters of a book by their headings."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORDS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty thirty forty fifty first second third fourth fifth "
    "sixth seventh eighth ninth tenth last"
).replace(" ", "|")
_NUMBER = rf"(?:\d{{1,3}}|[ivxlc]+|(?:the )?(?:{_WORDS})(?:[- ](?:{_WORDS}))?)"
_CHAPTER = re.compile(
    rf"(?:chapter|part|book|letter|scene|act)\s+{_NUMBER}\b[.:)]?(?P<title>.*)", re.IGNORECASE
)
_NAMED = re.compile(
    r"(?:prologue|epilogue|preface|introduction|foreword|afterword|interlude)\b[.:]?.{0,60}",
    re.IGNORECASE,
)
_BARE = re.compile(r"(?:[IVXLC]+|\d{1,3})\.?")  # a number alone on its line
_MARKDOWN = re.compile(r"#{1,3}\s+(?P<title>\S.*?)\s*#*")
LONGEST_HEADING = 80  # characters
LONGEST_FRONT_MATTER = 2000  # characters before the first heading that are not the story


@dataclass(frozen=True)
class Chapter:
    """A chapter: its heading ("" when the book has none), its text, and its number from 1."""

    title: str
    text: str
    number: int


def split_chapters(text: str) -> list[Chapter]:
    """The chapters of ``text``, in order; a book without headings is one chapter without a title.

    Headings are lines between blank lines such as ``Chapter 3``, ``CHAPTER III. The Storm``,
    ``Chapter the First``, ``Prologue``, ``IV`` or Markdown's ``## The Storm``. A title on the line
    below ``Chapter 3`` belongs to it. Short matter before the first heading (title page, contents)
    is left out; a long one is kept as a chapter. Headings with nothing below them, as in a table of
    contents, are no chapters.
    """
    lines = text.split("\n")
    heads = [place for place in range(len(lines)) if _is_heading(lines, place)]
    pieces: list[tuple[str, str]] = []
    front = "\n".join(lines[: heads[0]] if heads else lines).strip()
    if not heads or len(front) > LONGEST_FRONT_MATTER:
        pieces.append(("", front))
    ends = [*heads[1:], len(lines)]
    for place, end in zip(heads, ends, strict=False):
        title, start = _title(lines, place, end)
        body = "\n".join(lines[start:end]).strip()
        if body:
            pieces.append((title, body))
    if not pieces:
        pieces = [("", text.strip())]
    return [Chapter(title, body, number) for number, (title, body) in enumerate(pieces, 1)]


def _is_heading(lines: list[str], place: int) -> bool:
    line = lines[place].strip()
    if not line or len(line) > LONGEST_HEADING:
        return False
    if _MARKDOWN.fullmatch(line):
        return True
    alone = place == 0 or not lines[place - 1].strip()
    if not alone:
        return False
    if _BARE.fullmatch(line) or _NAMED.fullmatch(line):
        below = place + 1 == len(lines) or not lines[place + 1].strip()
        return below and not line.endswith((",", ";"))
    match = _CHAPTER.fullmatch(line)
    if match is None:
        return False
    # "Part one of the plan was simple, he said." is prose: a sentence goes on in small letters
    title = match["title"].strip(" .:-–—")
    return not title[:1].islower()


def _title(lines: list[str], place: int, end: int) -> tuple[str, int]:
    """The heading's text, with a title that stands just below it, and where the body starts."""
    line = lines[place].strip()
    markdown = _MARKDOWN.fullmatch(line)
    if markdown:
        return markdown["title"], place + 1
    match = _CHAPTER.fullmatch(line)
    nothing_named = match is not None and not match["title"].strip(" .:-–—")
    below = place + 1
    while below < end and not lines[below].strip():
        below += 1
    candidate = lines[below].strip() if below < end else ""
    stands_alone = below + 1 < end and not lines[below + 1].strip()
    looks_like_title = 0 < len(candidate) <= 60 and candidate[-1] not in ".,;:!?\"”'’"
    if nothing_named and stands_alone and looks_like_title:
        return f"{line.rstrip('.:')}. {candidate}", below + 1
    return line, place + 1


def split_paragraphs(text: str) -> list[str]:
    """Paragraphs (separated by blank lines), each as one line with single spaces, none empty."""
    blocks = re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n"))
    joined = (" ".join(block.split()) for block in blocks)
    return [block for block in joined if block and not re.fullmatch(r"[*#~_=\-\s]+", block)]
