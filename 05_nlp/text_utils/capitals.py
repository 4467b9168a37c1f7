"""Words in capitals: acronyms, which are spelled or read, and shouting, which is neither.

"The US and NASA" has two acronyms; "LET US GO" has none. A run of capitalized words is taken for
shouting when one of them is an ordinary word, and a text without any small letter (transcripts of
LibriSpeech) when it has two words at least. Acronyms that are spelled become single capitals with
spaces ("F B I"), those that are read stay ("NASA"), shouting becomes small letters.
"""

from __future__ import annotations

import re
from functools import lru_cache

from text_utils.abbreviations import WORD_ACRONYMS
from text_utils.characters import fold
from text_utils.lexicon import Phones, lookup
from text_utils.wordsets import words

_TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_WORTHWHILE = re.compile(r"[A-Z][A-Z]|[a-z][A-Z]")
_SEPARATE = re.compile(r"[^ \n-]")  # between two words of one run stand only spaces and hyphens
_SMALL_WORDS = words(
    "THE AND OF TO IN IS A I ON AT BY NOT NO YES YOU HE SHE WE MY HIS HER BE DO GO UP ALL FOR OUT "
    "OFF ARE WAS BUT CAN NOW HOW WHY ME SO IF OR AS HIM HAS HAD GET LET SIR OH MAN MEN OLD NEW"
)
_SPELLED = words(
    "IT US WHO AI EU UN SEC ER PC OS IP UV IQ TA MP PS RN LAN CAD LED GOP RV ID PR HR TV CD DJ "
    "EST PST"
)
_LIKE_A_WORD = re.compile(r"[^AEIOU]{0,2}[AEIOUY]+[^AEIOUY]{1,2}(?:[AEIOUY]+[^AEIOUY]{0,2})+")
_KEEP_WHOLE = re.compile(r"(?:Mc|Mac|O'|De|Di|Du|La|Le|Van|Von|Fitz|St)[A-Z][a-z]+(?:'s)?")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")


def letter_name(letter: str) -> Phones:
    """How a letter a-z is called; "a" is EY1, not the article."""
    return lookup(f"{letter.lower()}.")[0]


def expand_capitals(text: str, loud: bool = False) -> str:
    """``text`` with acronyms spelled or kept and shouting in small letters.

    ``loud`` says that the whole text, as it was written, has no small letter.
    """
    if _WORTHWHILE.search(text) is None and not loud:
        return text
    tokens = list(_TOKEN.finditer(text))
    loud = loud and sum(len(found.group()) > 1 and found.group().isupper() for found in tokens) > 1
    pieces: list[str] = []
    end = 0
    for run in _runs(text, tokens):
        shouted = run[0].group().isupper() and (loud or _is_shouting([f.group() for f in run]))
        for found in run:
            pieces.append(text[end : found.start()])
            pieces.append(_quiet(found) if shouted else _one(found.group()))
            end = found.end()
    return "".join(pieces) + text[end:]


def _runs(text: str, tokens: list[re.Match[str]]) -> list[list[re.Match[str]]]:
    """Neighbouring tokens without small letters together, every other token alone."""
    runs: list[list[re.Match[str]]] = []
    for found in tokens:
        if runs and runs[-1][-1].group().isupper() and found.group().isupper():
            between = text[runs[-1][-1].end() : found.start()]
            if not _SEPARATE.search(between):
                runs[-1].append(found)
                continue
        runs.append([found])
    return runs


def _is_shouting(words: list[str]) -> bool:
    long = [word for word in words if len(word) > 1]
    return len(long) > 1 and any(_is_ordinary(word) for word in long)


def _is_ordinary(word: str) -> bool:
    """Whether a word in capitals is surely not an acronym."""
    if word in _SMALL_WORDS:
        return True
    if len(word) < 4 or word in WORD_ACRONYMS:
        return False
    return bool(lookup(word.lower())) and not _called_by_letters(word)


@lru_cache(maxsize=4096)
def _called_by_letters(word: str, first_only: bool = False) -> bool:
    """Whether the dictionary gives ``word`` ("fbi") as its letters' names."""
    if not (word.isascii() and word.isalpha()):
        return False
    spelled = [phone.rstrip("012") for letter in word.lower() for phone in letter_name(letter)]
    found = lookup(word.lower())[: 1 if first_only else None]
    return any([phone.rstrip("012") for phone in phones] == spelled for phones in found)


def _quiet(found: re.Match[str]) -> str:
    """One shouted word in small letters; with a capital at the start of a sentence."""
    word, text, start = found.group(), found.string, found.start()
    if word == "I" or word.startswith("I'"):
        return word[0] + word[1:].lower()
    if len(word) == 1 and (word != "A" or _beside_letter(found)):
        return word
    unknown = not lookup(word.lower()) and not re.search("[AEIOUY]", word)
    if word not in WORD_ACRONYMS and (unknown or _called_by_letters(word, first_only=True)):
        return _letters(word)
    before = text[max(0, start - 4) : start].rstrip(" \n\"'(")
    opening = start == 0 or before.endswith((".", "!", "?")) or (start < 4 and not before)
    return word.capitalize() if opening else word.lower()


def _beside_letter(found: re.Match[str]) -> bool:
    text, start, end = found.string, found.start(), found.end()
    before, after = text[max(0, start - 3) : start], text[end : end + 3]
    single_before = re.search(r"(?:^|[^A-Za-z'])[B-HJ-Z] $", before)
    return bool(single_before or re.match(r" [B-HJ-Z](?:[^A-Za-z']|$)", after))


def _one(word: str) -> str:
    """A word that is not shouted: spell it, cut it at inner capitals, or leave it."""
    if _WORTHWHILE.search(word) is None:
        return word
    stem, apostrophe, suffix = word.partition("'")
    if stem.isupper():
        return _acronym(stem) + apostrophe + suffix.lower()
    if re.fullmatch("[A-Z]{2,}s", stem) and not suffix:
        return _acronym(stem[:-1], "'s")
    if _KEEP_WHOLE.fullmatch(word):
        return word
    if stem.isascii() and _called_by_letters(stem):
        return _letters(stem) + apostrophe + suffix
    if lookup(fold(word)):
        return word
    return " ".join(_acronym(p) if len(p) > 1 and p.isupper() else p for p in _CAMEL.split(word))


def _acronym(word: str, suffix: str = "") -> str:
    """``"FBI" -> "F B I"``, ``"NASA" -> "NASA"``; emphasis ("NOT") stays as it is."""
    if not word.isascii() or len(word) == 1:
        return word + suffix
    if word in WORD_ACRONYMS:
        return word + suffix.strip("'")
    spelled = word in _SPELLED or _called_by_letters(word)
    if not spelled and (lookup(word.lower()) or (_LIKE_A_WORD.fullmatch(word) and len(word) > 3)):
        return word + suffix.strip("'")
    return _letters(word) + suffix


def _letters(word: str) -> str:
    return " ".join(word.upper())
