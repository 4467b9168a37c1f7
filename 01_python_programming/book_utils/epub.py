"""EPUB: its pages in reading order, divided into chapters as its table of contents says.

META-INF/container.xml ─► package (.opf) ─► spine: pages in order   ─► blocks of text
                                      └───► nav or .ncx: contents   ─► where chapters begin
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from book_utils.chapters import FRONT_MATTER, Chapter
from book_utils.epub_archive import EpubArchive, resolve
from book_utils.epub_markup import Block, read_page
from book_utils.headings import parse_heading

CONTAINER = "META-INF/container.xml"
PAGE_TYPES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")
NCX_TYPE = "application/x-dtbncx+xml"
DEEPEST = 20  # levels of a table of contents
Target = tuple[str, str]  # file, fragment


@dataclass
class Entry:
    """A line of the table of contents, and the lines below it."""

    title: str
    target: Target | None
    children: list[Entry] = field(default_factory=list)


@dataclass(frozen=True)
class Package:
    """What the package document says: title, pages in reading order, table of contents."""

    title: str
    pages: Sequence[str]
    contents: Sequence[Entry]


def read_epub(path: Path) -> tuple[str, list[Chapter]]:
    """``(title or "", chapters)`` of an EPUB 2 or 3.

    Raises ``InputError`` for a file that is no EPUB, is damaged, copy-protected or unpacks to more
    than 64 MiB of text.
    """
    with EpubArchive(path) as archive:
        if CONTAINER not in archive.names:
            archive.fail("this is a ZIP archive but not an EPUB. Export the text as a .txt file")
        archive.require_no_protection()
        package = _read_package(archive)
        blocks: list[Block] = []
        places: dict[Target, int] = {}
        starts: list[int] = []
        for name in package.pages:
            try:
                page = read_page(archive.read(name))
            except ValueError as error:
                archive.fail(f"the text of '{name}' cannot be decoded ({error})", error)
            starts.append(len(blocks))
            places[name, ""] = len(blocks)
            for anchor, index in page.anchors.items():
                places[name, anchor] = len(blocks) + index
            blocks += page.blocks
        if not any(block.kind != "break" for block in blocks):
            archive.fail("there is no text in this book, only pictures perhaps")
    cuts = _cuts(package.contents, places, blocks) or _headed(starts, blocks)
    return package.title, _chapters(blocks, cuts)


def _read_package(archive: EpubArchive) -> Package:
    root = archive.xml(CONTAINER).find(".//rootfile")
    if root is None or not root.get("full-path"):
        archive.fail("its container does not say where the book is")
    name = str(root.get("full-path"))
    package = archive.xml(name)
    items = {
        item.get("id"): (resolve(name, item.get("href", ""))[0], item)
        for item in package.findall("./manifest/item")
    }
    pages = []
    for reference in package.findall("./spine/itemref"):
        file, item = items.get(reference.get("idref"), ("", None))
        if item is None:
            archive.fail(f"its list of pages names '{reference.get('idref')}', which is not there")
        if item.get("media-type") in PAGE_TYPES and reference.get("linear") != "no":
            pages.append(file)
    if not pages:
        archive.fail("its list of pages is empty")
    title = " ".join((package.findtext("./metadata/title") or "").split())
    return Package(title, list(dict.fromkeys(pages)), _contents(archive, list(items.values())))


def _contents(archive: EpubArchive, items: Sequence[tuple[str, Element]]) -> list[Entry]:
    """The table of contents of EPUB 3 (a page), else that of EPUB 2 (NCX), else nothing."""
    for file, item in items:
        if "nav" in item.get("properties", "").split() and file in archive.names:
            for nav in archive.xml(file).iter("nav"):
                first = nav.find(".//ol")
                if first is not None and nav.get("type", "toc") == "toc":
                    return list(_nav_entries(first, file, DEEPEST))
    for file, item in items:
        if item.get("media-type") == NCX_TYPE and file in archive.names:
            found = archive.xml(file).find("navMap")
            return [] if found is None else list(_ncx_entries(found, file, DEEPEST))
    return []


def _nav_entries(level: Element, file: str, deepest: int) -> Iterator[Entry]:
    for line in level.findall("li") if deepest else ():
        link = next((e for e in line if e.tag in ("a", "span")), None)
        below = line.find("ol")
        children = [] if below is None else list(_nav_entries(below, file, deepest - 1))
        title = "" if link is None else " ".join("".join(link.itertext()).split())
        href = None if link is None else link.get("href")
        yield Entry(title, resolve(file, href) if href else None, children)


def _ncx_entries(level: Element, file: str, deepest: int) -> Iterator[Entry]:
    for point in level.findall("navPoint") if deepest else ():
        content = point.find("content")
        source = "" if content is None else content.get("src", "")
        title = " ".join((point.findtext("navLabel/text") or "").split())
        children = list(_ncx_entries(point, file, deepest - 1))
        yield Entry(title, resolve(file, source) if source else None, children)


def _cuts(
    contents: Sequence[Entry], places: dict[Target, int], blocks: Sequence[Block]
) -> list[tuple[int, str]]:
    """``(index of its first block, title)`` of every chapter in the table of contents, in order.

    An entry with text of its own before its first child is a chapter, and its children are sections
    of it. One without is a part: its children are the chapters, and the first takes its title.
    """
    cuts: list[tuple[int, str]] = []
    for entry in contents:
        start = _place(entry, places)
        inside = _cuts(entry.children, places, blocks)
        own = blocks[start : inside[0][0]] if start is not None and inside else ()
        if inside and not any(block.kind == "paragraph" for block in own):
            first, title = inside[0]
            title = f"{entry.title}, {title}" if entry.title else title
            cuts += [(first if start is None else min(start, first), title), *inside[1:]]
        elif start is not None and entry.title:
            cuts.append((start, entry.title))
    unique = {start: title for start, title in reversed(cuts)}  # of equals the first
    return sorted(unique.items())


def _place(entry: Entry, places: dict[Target, int]) -> int | None:
    if entry.target is None:
        return None
    return places.get(entry.target, places.get((entry.target[0], "")))


def _headed(starts: Sequence[int], blocks: Sequence[Block]) -> list[tuple[int, str]]:
    """Without a table of contents: every page that begins with a heading is a chapter."""
    return [
        (start, blocks[start].text)
        for start in starts
        if start < len(blocks) and blocks[start].kind == "heading"
    ]


def _chapters(blocks: Sequence[Block], cuts: Sequence[tuple[int, str]]) -> list[Chapter]:
    """The chapters that begin at ``cuts``; what comes before the first is front matter."""
    if not cuts:
        return [Chapter("", _text(blocks), None)]
    chapters = []
    front = _text(blocks[: cuts[0][0]])
    if front:
        chapters.append(Chapter(FRONT_MATTER, front, None))
    ends = [start for start, _ in cuts[1:]] + [len(blocks)]
    for (start, title), end in zip(cuts, ends, strict=True):
        text = _text(_without_title(blocks[start:end], title))
        if text:
            heading = parse_heading(title)
            chapters.append(Chapter(title, text, heading.number if heading else None))
    return chapters


def _without_title(blocks: Sequence[Block], title: str) -> Sequence[Block]:
    """``blocks`` without the headings at their start that only say what ``title`` says."""
    said = f" {_plain(title)} "
    for place, block in enumerate(blocks):
        if block.kind != "heading" or f" {_plain(block.text)} " not in said:
            return blocks[place:]
    return ()


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def _text(blocks: Sequence[Block]) -> str:
    return "\n\n".join(block.text for block in blocks).strip("* \n") if _words(blocks) else ""


def _words(blocks: Sequence[Block]) -> bool:
    return any(block.kind != "break" for block in blocks)
