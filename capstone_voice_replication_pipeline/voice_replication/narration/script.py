"""From a text to what is spoken in one go: paragraphs, sentences, clauses of bearable length.

    text ─ paragraphs ─ sentences ─ words with phones ─► Line(words, what follows it)

The models have heard utterances of up to some seventeen seconds, so a sentence beyond
``MAX_SYMBOLS`` is cut where a reader would breathe: at its strongest punctuation near the limit, or
between words if there is none.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from book_utils import split_paragraphs
from env_utils import InputError
from text_utils import Word, normalize_text, pronounce, split_sentences
from text_utils.phrasing import phrase

Break = Literal["clause", "sentence", "paragraph", "scene"]

MAX_SYMBOLS = 200  # phones and pauses: about 15 s of speech
MAX_CHARACTERS = 50_000  # of one text that is spoken at once: almost an hour
MAX_BOOK_CHARACTERS = 20_000_000  # about fifteen days of speech
PART_LETTERS = 25
_OVERLONG = re.compile(r"[^\W\d_](?:[^\W\d_]|['’]){50,}")  # the longest English words have 45
_FINISHED = re.compile(r"[.!?…。！？][\"'”’»)\]*_]*\s*$")
_STRENGTH = {" ": 0, ",": 1, "-": 2, ":": 2, ";": 3, ".": 4, "?": 4, "!": 4}
_READ = ("Lu", "Ll", "Lt", "Lo", "Nl", "So")  # letters, and symbols such as emoji
_MARKS = {",": ",", ";": ";", ":": ":", "-": "-", "–": "-", "—": "-"}


@dataclass(frozen=True)
class Line:
    """What the models speak in one go, and which kind of break follows it."""

    text: str
    words: tuple[Word, ...]
    follows: Break


def check_text(text: str, limit: int = MAX_CHARACTERS) -> None:
    """``InputError`` if ``text`` is empty, binary or longer than ``limit`` characters."""
    if not text.strip():
        raise InputError("the text is empty; there is nothing to speak.")
    counts = Counter(text)
    control = (c for c in counts if unicodedata.category(c) == "Cc" and not c.isspace())
    odd = counts["\ufffd"] + sum(counts[c] for c in control)
    if "\0" in text or odd > len(text) / 20:
        raise InputError("the text looks like binary data; give plain text in UTF-8.")
    if len(text) > limit:
        raise InputError(
            f"the text has {len(text):,} characters; at most {limit:,} are spoken at once. Use "
            "`voiceclone narrate` for books: it can be interrupted and writes chapters."
        )


def unreadable(text: str) -> str:
    """The distinct letters and symbols of ``text`` that no reading exists for, in order."""
    odd = (c for c in dict.fromkeys(text) if not c.isascii() and unicodedata.category(c) in _READ)
    return "".join(c for c in odd if not any(map(str.isalnum, normalize_text(c))))


def lines(text: str) -> Iterator[Line]:
    """The lines of ``text`` one by one, so that speaking can begin before all of it was read."""
    for paragraph in split_paragraphs(text):
        yield from paragraph_lines(paragraph)


def paragraph_lines(paragraph: str, last: bool = True) -> Iterator[Line]:
    """The lines of a paragraph, or of a part of one: then ``last`` says whether it ends there."""
    pending: Line | None = None
    for sentence in split_sentences(paragraph):
        for line in _sentence(sentence):
            if pending is not None:
                yield pending
            pending = line
    if pending is not None:
        yield _finished(pending) if last else pending


def _finished(line: Line) -> Line:
    """``line`` as the end of a paragraph, which is finished whatever it ends in."""
    *rest, last = line.words
    words = (*rest, last if last.pause in ".?!" else replace(last, pause="."))
    return Line(_text(words), words, "paragraph")


def require_lines(text: str) -> list[Line]:
    """:func:`lines` as a list; ``InputError`` naming the characters if nothing can be read."""
    result = list(lines(text))
    if not result:
        raise InputError(nothing_to_speak(text))
    return result


def nothing_to_speak(text: str) -> str:
    """The sentence that explains why ``text`` gives no speech."""
    odd = unreadable(text)
    if not odd:
        return f"the text {_shortened(text)!r} has nothing in it that can be spoken."
    return (
        f"the text has nothing in it that can be read as English; not readable: {_shortened(odd)} "
        f"({_script(odd[0])})."
    )


def _sentence(text: str) -> list[Line]:
    words = pronounce(_OVERLONG.sub(_bearable, text))
    if not words:
        return []
    *pieces, last = _pieces(words)
    result = [Line(_text(piece), piece, "clause") for piece in pieces]
    if _FINISHED.search(text):
        return [*result, Line(_text(last), last, "sentence")]
    # a part of a longer sentence that was cut at a clause must not sound finished
    mark = _MARKS.get(text.rstrip()[-1], ",")
    unfinished = (*last[:-1], replace(last[-1], pause=mark))
    return [*result, Line(_text(unfinished), unfinished, "clause")]


def _pieces(words: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    """Cut ``words`` so that each piece has at most ``MAX_SYMBOLS`` symbols."""
    rest = list(words)
    while _symbols(rest) > MAX_SYMBOLS:
        fits = next(n for n in range(1, len(rest) + 1) if _symbols(rest[: n + 1]) > MAX_SYMBOLS)
        # the strongest mark in the second half of what fits, or else a breath; of equals the last
        said = phrase(rest[: 2 * fits])
        cut = max(
            range(max(1, fits // 2), fits + 1),
            key=lambda n: (_STRENGTH[rest[n - 1].pause], _STRENGTH[said[n - 1].pause], n),
        )
        piece, rest = rest[:cut], rest[cut:]
        if piece[-1].pause == " ":
            piece[-1] = replace(piece[-1], pause=",")
        yield tuple(piece)
    yield tuple(rest)


def _symbols(words: Sequence[Word]) -> int:
    return sum(len(word.phones) + 1 for word in words)


def _bearable(word: re.Match[str]) -> str:
    """A "word" of hundreds of letters, in parts that can be pronounced."""
    letters = word.group()
    return " ".join(letters[i : i + PART_LETTERS] for i in range(0, len(letters), PART_LETTERS))


def _text(words: Sequence[Word]) -> str:
    return " ".join(word.text + word.pause.strip() for word in words)


def _shortened(text: str, limit: int = 20) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[:limit] + "…"


def _script(character: str) -> str:
    """For example CYRILLIC or CJK UNIFIED: the first words of the character's name."""
    words = unicodedata.name(character, "no name").split(" ")
    kinds = ("LETTER", "SMALL", "CAPITAL", "IDEOGRAPH-", "SYLLABLE")
    stop = next((i for i, w in enumerate(words) if w.startswith(kinds)), len(words))
    return " ".join(words[: max(1, stop)]).title()
