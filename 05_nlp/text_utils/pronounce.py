"""From text to words with their phones and pauses."""

from __future__ import annotations

import re

from text_utils.g2p import guess
from text_utils.lexicon import Phones, lookup
from text_utils.normalize import normalize_text
from text_utils.symbols import Word

_TOKEN = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)*'?|'[A-Za-z]+|[.,;:?!\-]+")
_STRENGTH = " ,-:;.!?"  # of two marks in a row the stronger one counts


def pronounce(text: str) -> list[Word]:
    """Words with phones and pauses; ``[]`` if nothing in ``text`` can be spoken."""
    words: list[Word] = []
    for token in _TOKEN.findall(normalize_text(text)):
        if not token[0].isalpha() and token[0] != "'":
            if words:
                pause = max(token, key=_STRENGTH.index)
                words[-1] = Word(words[-1].text, words[-1].phones, pause)
            continue
        phones = _phones_of(token)
        if phones:
            words.append(Word(token, phones))
    if words and words[-1].pause not in ".?!":
        words[-1] = Word(words[-1].text, words[-1].phones, ".")
    return words


def phonemize(text: str) -> list[str]:
    """The phones of ``text`` one after another, without pauses."""
    return [phone for word in pronounce(text) for phone in word.phones]


def _phones_of(token: str) -> Phones:
    word = token.lower()
    found = lookup(word) or lookup(word.rstrip("'"))
    if found:
        return found[0]
    if word.endswith("'s"):
        stem = _phones_of(word[:-2])
        return (*stem, *_suffix_s(stem)) if stem else ()
    return guess(word.replace("'", ""))


def _suffix_s(stem: Phones) -> Phones:
    if stem[-1] in ("S", "Z", "SH", "ZH", "CH", "JH"):
        return ("IH0", "Z")
    return ("S",) if stem[-1] in ("P", "T", "K", "F", "TH") else ("Z",)
