"""Lines that begin a chapter: what they look like, and the number they give."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CARDINALS = (
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_ORDINALS = (
    *(
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "sixth",
        "seventh",
        "eighth",
        "ninth",
        "tenth",
    ),
    *("eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth"),
    *("eighteenth", "nineteenth", "twentieth"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_VALUES = {
    **{word: value for value, word in enumerate(_CARDINALS, start=1)},
    **{word: value for value, word in enumerate(_ORDINALS, start=1)},
    **{word: value * 10 for value, word in enumerate(_TENS, start=2)},
}
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
_BELOW_HUNDRED = "(?:x[cl]|l?x{0,3})(?:ix|iv|v?i{0,3})"
_ROMAN_NUMERAL = rf"(?=[ivxl]){_BELOW_HUNDRED}|c{{1,3}}{_BELOW_HUNDRED}"
_WORD = "|".join(sorted(_VALUES, key=len, reverse=True))
_NUMBER = (
    rf"(?:the +)?(?P<number>[0-9]{{1,3}}|(?:{_WORD})(?:[ -](?:{_WORD}))?|last|{_ROMAN_NUMERAL})"
)
_NUMBERED = re.compile(
    rf"(?P<label>chapter|part|book|volume|act|canto|letter|stave) +{_NUMBER}\b"
    r"(?:(?P<mark>[ ]*[.:)—–-]+[ ]*|[ ]+)(?P<title>.*))?",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?P<label>prologue|epilogue|preface|foreword|introduction|afterword|interlude|conclusion|"
    r"acknowledge?ments|dedication|appendix(?: [a-z0-9])?)(?:[ ]*[.:—–-]+[ ]*(?P<title>.*))?",
    re.IGNORECASE,
)
_BARE = re.compile(rf"(?:{_NUMBER})[.)]?", re.IGNORECASE)
_MARKDOWN = re.compile(r"(?P<hashes>#{1,6})[ \t]+(?P<title>.*?)[ \t]*#*[ \t]*")
_UNDERLINE = re.compile(r"=+|-{3,}")
_LONGEST = 90  # characters of a heading
_SMALL = frozenset(
    (
        *("a", "an", "the", "of", "and", "or", "in", "on", "at", "to", "for", "by", "with", "from"),
        *("nor", "but", "as", "into"),
    )
)


@dataclass(frozen=True)
class Heading:
    """A heading: kind ("chapter", "part", "named", "bare", "markdown"), title, number, level."""

    kind: str
    title: str
    number: int | None
    level: int = 1


def value_of(text: str) -> int | None:
    """The number that figures, words ("twenty-one", "first") or roman numerals give."""
    text = text.lower().strip()
    if text.isdecimal():
        return int(text)
    parts = re.split("[ -]", text)
    if all(part in _VALUES for part in parts):
        return sum(_VALUES[part] for part in parts)
    if text and set(text) <= _ROMAN.keys():
        values = [_ROMAN[char] for char in text]
        after = [*values[1:], 0]
        return sum(v if v >= a else -v for v, a in zip(values, after, strict=True))
    return None


def parse_heading(line: str) -> Heading | None:
    """The heading that ``line`` is when it stands alone, or ``None``."""
    line = " ".join(line.split())
    if not line or len(line) > _LONGEST:
        return None
    found = _MARKDOWN.fullmatch(line)
    if found and found["title"]:
        inner = parse_heading(found["title"])
        number = inner.number if inner and inner.kind in ("chapter", "bare") else None
        return Heading("markdown", found["title"].strip(" *_"), number, len(found["hashes"]))
    bare = line.strip("*_ ")
    found = _NUMBERED.fullmatch(bare)
    if found and _is_title(found["title"], marked=bool((found["mark"] or "").strip())):
        large = found["label"].lower() in ("part", "book", "volume", "act")
        return Heading("part" if large else "chapter", bare, value_of(found["number"]))
    found = _NAMED.fullmatch(bare)
    if found and bare[0].isupper() and _is_title(found["title"], marked=True):
        return Heading("named", bare, None)
    found = _BARE.fullmatch(bare)
    if found and (bare[0].isdigit() or bare[0].isupper()):
        return Heading("bare", bare, value_of(found["number"]))
    return None


def is_underline(line: str) -> bool:
    """Whether ``line`` underlines a heading in Markdown's second style."""
    return _UNDERLINE.fullmatch(line.strip()) is not None


def _is_title(title: str | None, marked: bool) -> bool:
    """Whether what follows "Chapter 5" is a title and not the rest of a sentence."""
    if not title:
        return True
    if marked:
        return not title[0].islower()
    return looks_titled(title)


def looks_titled(line: str) -> bool:
    """Whether every longer word of ``line`` begins with a capital and it is no sentence."""
    words = re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", line)
    if not words or (line.rstrip().endswith((".", ",", ";", ":")) and not line.isupper()):
        return False
    return words[0][0].isupper() and all(w[0].isupper() or w.lower() in _SMALL for w in words)
