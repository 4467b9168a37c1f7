"""Chapters of a book in plain text or Markdown."""

from __future__ import annotations

import re
from dataclasses import dataclass

from book_utils.headings import Heading, is_underline, looks_titled, parse_heading

FRONT_MATTER = "Front matter"
_LONGEST_SUBTITLE = 70  # characters
_GUTENBERG = re.compile(
    r"^\s*\*{3} ?(START|END) OF (?:THE|THIS) PROJECT GUTENBERG[^\n]*$", re.MULTILINE
)


@dataclass(frozen=True)
class Chapter:
    """A chapter: ``title`` as printed ("Chapter 4: The Storm"), ``text`` without it, ``number``.

    ``number`` is ``None`` for a chapter without one (a prologue). The text before the first heading
    has the title "Front matter"; a text without headings is one chapter with the title "".
    """

    title: str
    text: str
    number: int | None


@dataclass(frozen=True)
class _Found:
    """A heading and the lines that it takes up: ``first`` .. ``last`` - 1."""

    heading: Heading
    first: int
    last: int


def split_chapters(text: str) -> list[Chapter]:
    """The chapters of ``text`` in order.

    A heading is a line of its own after an empty line: "Chapter 5", "CHAPTER V. THE STORM",
    "Chapter the Fifth" with the title on the next line, "Prologue", a Markdown heading, or a lone
    number if such lines count up from one. The entries of a table of contents are no chapters.
    "Part Two" in front of a chapter goes into its title. No word of ``text`` is lost: what is not
    in a title is in a text.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found = _without_contents(_choose(_find_headings(lines)), lines)
    if not found:
        return [Chapter("", text.strip(), None)] if text.strip() else []
    chapters: list[Chapter] = []
    front = "\n".join(lines[: found[0].first]).strip()
    if front:
        chapters.append(Chapter(FRONT_MATTER, front, None))
    part = ""
    for index, item in enumerate(found):
        end = found[index + 1].first if index + 1 < len(found) else len(lines)
        body = "\n".join(lines[item.last : end]).strip("\n")
        title = f"{part}, {item.heading.title}" if part else item.heading.title
        if not body.strip() and index + 1 < len(found):
            part = title  # "Part Two", with the first chapter right below
            continue
        chapters.append(Chapter(title, body.strip(), item.heading.number))
        part = ""
    return chapters


def strip_gutenberg(text: str) -> str:
    """``text`` without Project Gutenberg's licence before and after the book itself."""
    start, end = 0, len(text)
    for found in _GUTENBERG.finditer(text):
        if found[1] == "START":
            start = found.end()
        else:
            end = min(end, found.start()) if found.start() > start else end
    return text[start:end].strip("\n") if start or end < len(text) else text


def _find_headings(lines: list[str]) -> list[_Found]:
    """All lines that may be headings, each with a title below it, if there is one."""
    found: list[_Found] = []
    for index, line in enumerate(lines):
        if found and index < found[-1].last:
            continue
        alone = index == 0 or not lines[index - 1].strip() or (found and found[-1].last == index)
        underlined = index + 1 < len(lines) and is_underline(lines[index + 1])
        if underlined and alone and line.strip():
            level = 1 if lines[index + 1].strip()[0] == "=" else 2
            inner = parse_heading(line)
            number = inner.number if inner else None
            found.append(_Found(Heading("markdown", line.strip(), number, level), index, index + 2))
            continue
        heading = parse_heading(line) if alone else None
        if heading and (heading.kind == "markdown" or _ends_block(lines, index)):
            found.append(_with_subtitle(lines, index, heading))
    return found


def _ends_block(lines: list[str], index: int) -> bool:
    """Whether the line is followed by an empty one, or by something that is no running text."""
    following = lines[index + 1].strip() if index + 1 < len(lines) else ""
    return (
        not following
        or looks_titled(following)
        or parse_heading(following) is not None
        or (len(lines[index]) < 40 and lines[index].strip()[0].isupper() and following[0].isupper())
    )


def _with_subtitle(lines: list[str], index: int, heading: Heading) -> _Found:
    """Take a short title on one of the next two lines into a heading that is only a number."""
    only_number = heading.kind in ("chapter", "part") and len(heading.title.split()) <= 3
    for place in (index + 1, index + 2):
        line = lines[place].strip() if place < len(lines) else ""
        if not line:
            continue
        after = lines[place + 1].strip() if place + 1 < len(lines) else ""
        if (
            only_number
            and len(line) <= _LONGEST_SUBTITLE
            and not after
            and looks_titled(line)
            and parse_heading(line) is None
            and place + 1 < len(lines)
        ):
            title = f"{heading.title.rstrip('.: ')}: {line}"
            return _Found(Heading(heading.kind, title, heading.number), index, place + 1)
        break
    return _Found(heading, index, index + 1)


def _choose(found: list[_Found]) -> list[_Found]:
    """The headings that divide this book: one level of Markdown and above, or printed ones."""
    levels = [item.heading.level for item in found if item.heading.kind == "markdown"]
    if levels:
        repeated = [level for level in sorted(set(levels)) if levels.count(level) > 1]
        deepest = repeated[0] if repeated else min(levels)
        return [i for i in found if i.heading.kind == "markdown" and i.heading.level <= deepest]
    printed = [item for item in found if item.heading.kind != "bare"]
    bare = [item for item in found if item.heading.kind == "bare"]
    counted = _counting(bare)
    if len(counted) > 1 and not any(item.heading.kind == "chapter" for item in printed):
        return sorted([*printed, *counted], key=lambda item: item.first)
    return printed


def _counting(found: list[_Found]) -> list[_Found]:
    """Lone numbers that count 1, 2, 3 ... (again from 1 in each part)."""
    counted: list[_Found] = []
    for item in found:
        expected = counted[-1].heading.number if counted else 0
        if item.heading.number in (1, (expected or 0) + 1):
            counted.append(item)
    return counted


def _without_contents(found: list[_Found], lines: list[str]) -> list[_Found]:
    """Drop entries of a table of contents: headings without text whose name comes again."""
    kept: list[_Found] = []
    later: set[str] = set()
    end = len(lines)
    for item in reversed(found):
        empty = not any(line.strip() for line in lines[item.last : end])
        if not (empty and _name(item.heading) in later):
            kept.append(item)
        later.add(_name(item.heading))
        end = item.first
    return kept[::-1]


def _name(heading: Heading) -> str:
    if heading.number is not None and heading.kind in ("chapter", "bare"):
        return f"{heading.kind} {heading.number}"
    return re.sub(r"[\W_]+", " ", heading.title).strip().lower()
