"""The text of a page of an EPUB: paragraphs, headings and scene breaks, and where its anchors are.

Left out is what is not meant to be read: scripts, page numbers, the marks of footnotes, the second
spelling in ruby text, and Project Gutenberg's licence.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Literal

_HEADINGS = frozenset(f"h{level}" for level in range(1, 7))
# fmt: off
_BLOCKS = _HEADINGS | {
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "html", "li", "main",
    "ol", "p", "pre", "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
}
_UNREAD = frozenset((
    "head", "math", "nav", "noscript", "object", "rp", "rt", "script", "style", "svg", "template",
))
_VOID = frozenset((
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
))
# fmt: on
_UNREAD_TYPES = frozenset(("pagebreak", "noteref", "toc", "page-list", "landmarks"))
_UNREAD_CLASSES = frozenset(("pagenum", "pageno", "pg-boilerplate"))
_DECLARED = re.compile(rb"""<\?xml[^>]{0,80}?encoding=["']([A-Za-z0-9._-]{1,40})["']""")
SCENE_BREAK = "* * *"


@dataclass(frozen=True)
class Block:
    """A paragraph, a heading or a scene break, on one line."""

    kind: Literal["paragraph", "heading", "break"]
    text: str


@dataclass
class Page:
    """The blocks of a page; ``anchors``: id -> index of the block that it stands in or before."""

    blocks: list[Block] = field(default_factory=list)
    anchors: dict[str, int] = field(default_factory=dict)


def read_page(data: bytes) -> Page:
    """The page whose bytes are ``data``. ``ValueError`` if its text cannot be decoded."""
    parser = _PageParser()
    parser.feed(_decode(data))
    parser.close()
    parser.end_block()
    return parser.page


def _decode(data: bytes) -> str:
    """By byte-order mark, else as declared, else UTF-8 (what XML says)."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    declared = _DECLARED.match(data.removeprefix(codecs.BOM_UTF8))
    name = declared[1].decode("ascii") if declared else "utf-8"
    try:
        encoding = codecs.lookup(name)
    except LookupError as error:
        raise ValueError(f"unknown encoding '{name}'") from error
    text, _ = encoding.decode(data, "strict")
    if not isinstance(text, str):  # such as hex, which is no encoding of text
        raise ValueError(f"'{name}' is no encoding of text")
    return text.removeprefix("\ufeff")


class _PageParser(HTMLParser):
    """Forgiving, as readers of books are: real EPUBs are not always well-formed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._text: list[str] = []
        self._kind: Literal["paragraph", "heading"] = "paragraph"
        self._unread: list[str] = []  # open elements from the first that is not read

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a block, skip what is unread, note anchors."""
        if self._unread:
            if tag == self._unread[0]:
                self._unread.append(tag)
            return
        values = {name: value or "" for name, value in attrs}
        if tag in _BLOCKS or tag == "hr":
            self.end_block()
        for anchor in (values.get("id"), values.get("name") if tag == "a" else None):
            if anchor:
                self.page.anchors.setdefault(anchor, len(self.page.blocks))
        if tag not in _VOID and _is_unread(tag, values):
            self._unread = [tag]
        elif tag in _HEADINGS:
            self._kind = "heading"
        elif tag == "hr":
            self.page.blocks.append(Block("break", SCENE_BREAK))
        elif tag == "br":
            self._text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """End a block, or what is unread."""
        if self._unread:
            if tag == self._unread[0]:
                self._unread.pop()
        elif tag in _BLOCKS:
            self.end_block()

    def handle_data(self, data: str) -> None:
        """Text, unless it is unread."""
        if not self._unread:
            self._text.append(data)

    def end_block(self) -> None:
        """Close the block that is open, if there is anything in it."""
        text = " ".join("".join(self._text).split())
        if text:
            self.page.blocks.append(Block(self._kind, text))
        self._text, self._kind = [], "paragraph"


def _is_unread(tag: str, values: dict[str, str]) -> bool:
    return (
        tag in _UNREAD
        or not _UNREAD_TYPES.isdisjoint(values.get("epub:type", "").split())
        or not _UNREAD_CLASSES.isdisjoint(values.get("class", "").split())
        or values.get("role") == "doc-pagebreak"
    )
