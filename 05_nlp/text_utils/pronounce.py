"""From text to words with their phones and pauses.

Every word of the normalized text is looked up in the CMU dictionary; words with two readings are
decided by their neighbours (``heteronyms.py``); unknown words are put together from known parts
(``morphology.py``) or guessed by the trained model (``g2p.py``). Then words are joined as in
connected speech: "the" and "to" before vowels, and small words without stress, so that a model
hears from the phones alone which words a speaker passes over.
"""

from __future__ import annotations

import re
from functools import lru_cache

from text_utils.capitals import letter_name
from text_utils.characters import fold
from text_utils.g2p import guess
from text_utils.heteronyms import Context, choose, needs_context
from text_utils.lexicon import Phones, lookup
from text_utils.morphology import derive
from text_utils.normalize import normalize_text
from text_utils.supplement import ACCENTED, PREFERRED
from text_utils.symbols import PAUSES, Word
from text_utils.wordsets import words

_TOKEN = re.compile(r"'?[^\W\d_]+(?:'[^\W\d_]+)*'?|\n\n|\.{2,}|[.,;:?!()]|(?<!\S)-(?!\S)")
_MARKS = {"...": "-", "(": ",", ")": ",", "\n\n": "."}
_STRENGTH = " ,-:;.!?"  # of several marks after one word the strongest counts
_ENDS = (".", "?", "!")
_LONGEST = 40  # letters that are guessed at once
_WINDOW = 12  # words
_CLITICS = frozenset(("'em", "'tis", "'twas", "'til", "'bout", "'round"))

_UNSTRESSED = words(
    "a an the of to and or nor but for at by from in on with as than that if is am are was were be "
    "been has have had do does can could will would shall should must may his her him them us our "
    "my your its their he she it we you they me i into it's he's she's i'm you're we're they're "
    "i've we've you've they've i'll you'll he'll she'll it'll we'll they'll i'd he'd she'd we'd "
    "they'd so"
)
_WEAK = {"was": ("W", "AH0", "Z"), "to": ("T", "AH0"), "a": ("AH0",), "the": ("DH", "AH0")}


def pronounce(text: str) -> list[Word]:
    """The words of ``text`` (normalized here) with their phones and the pause after each.

    The last word's pause is one of ``. ? !``; the list is empty if nothing can be spoken.
    """
    tokens, pauses = _tokenize(normalize_text(text))
    spoken = [_phones_of(tokens, pauses, index) for index in range(len(tokens))]
    found = [Word(*parts) for parts in zip(tokens, spoken, pauses, strict=True)]
    return _join([word for word in found if word.phones])


def phonemize(text: str) -> list[str]:
    """The phones of ``text`` one after another, without pauses."""
    return [phone for word in pronounce(text) for phone in word.phones]


def _tokenize(text: str) -> tuple[list[str], list[str]]:
    """Words of a normalized text, and the strongest mark after each (a member of ``PAUSES``)."""
    tokens: list[str] = []
    pauses: list[str] = []
    for token in _TOKEN.findall(text):
        mark = _MARKS.get("..." if token.startswith("..") else token, token)
        if mark not in PAUSES:
            tokens.append(_unquoted(token))
            pauses.append(" ")
        elif tokens:
            pauses[-1] = max(pauses[-1], mark, key=_STRENGTH.index)
    if pauses and pauses[-1] not in _ENDS:
        pauses[-1] = "."
    return tokens, pauses


def _unquoted(token: str) -> str:
    """Without apostrophes that are quotation marks: "'hello'" but "'tis" and "goin'"."""
    if token.startswith("'") and token.lower() not in _CLITICS:
        token = token[1:]
    return token[:-1] if token.endswith("'") and not token.endswith("in'") else token


def _phones_of(tokens: list[str], pauses: list[str], index: int) -> Phones:
    token = tokens[index]
    if token.lower() in ACCENTED:
        return tuple(ACCENTED[token.lower()].split())
    word = fold(token)
    if len(word) == 1:
        article = word == "a" and not _is_letter_a(tokens, pauses, index)
        return _WEAK["a"] if article else letter_name(word)
    if needs_context(word):
        return choose(word, lookup(word), _context(tokens, pauses, index))
    return _phones_of_word(word)


@lru_cache(maxsize=50_000)
def _phones_of_word(word: str) -> Phones:
    """From the dictionary, from parts, letter by letter without vowels, or as the model guesses."""
    if word in PREFERRED:
        return tuple(PREFERRED[word].split())
    found = lookup(word)
    if found:
        return found[0]
    derived = derive(word)
    if derived:
        return derived
    letters = "".join(char for char in word if "a" <= char <= "z")
    if not set(letters) & set("aeiouy"):
        return tuple(phone for letter in letters for phone in letter_name(letter))
    pieces = [letters[i : i + _LONGEST] for i in range(0, len(letters), _LONGEST)]
    return tuple(phone for piece in pieces for phone in guess(piece))


def _is_letter_a(tokens: list[str], pauses: list[str], index: int) -> bool:
    """Whether "A" is the letter ("vitamin A", "U S A") and not the article."""
    if tokens[index] != "A":
        return False
    before = tokens[index - 1] if index and pauses[index - 1] == " " else ""
    after = tokens[index + 1] if index + 1 < len(tokens) and pauses[index] == " " else ""
    if any(len(other) == 1 and other.isupper() for other in (before, after)):
        return True
    return before.islower()


def _context(tokens: list[str], pauses: list[str], index: int) -> Context:
    """The neighbours of a word, as far as no mark stands between."""
    before = _neighbours(tokens[max(0, index - 2) : index], pauses[max(0, index - 2) : index])
    after = [tokens[index + 1].lower()] if index + 1 < len(tokens) and pauses[index] == " " else []
    opening = index == 0 or pauses[index - 1] in _ENDS
    return Context(
        before=before[-1] if before else "",
        before2=before[-2] if len(before) > 1 else "",
        after=after[0] if after else "",
        capital=tokens[index][0].isupper() and not opening,
        sentence=[token.lower() for token in _sentence(tokens, pauses, index)],
    )


def _neighbours(tokens: list[str], pauses: list[str]) -> list[str]:
    """The last of ``tokens`` after which no mark stands, in lower case."""
    near: list[str] = []
    for token, pause in zip(reversed(tokens), reversed(pauses), strict=True):
        if pause != " ":
            break
        near.insert(0, token.lower())
    return near


def _sentence(tokens: list[str], pauses: list[str], index: int) -> list[str]:
    """Up to ``_WINDOW`` words on either side of a word, within its sentence."""
    start, end = index, index + 1
    while start > max(0, index - _WINDOW) and pauses[start - 1] not in _ENDS:
        start -= 1
    while end < min(len(tokens), index + _WINDOW) and pauses[end - 1] not in _ENDS:
        end += 1
    return tokens[start:end]


def _join(plain: list[Word]) -> list[Word]:
    """Connected speech: weak forms of small words that are not followed by a mark."""
    joined: list[Word] = []
    followers: list[Word | None] = [*plain[1:], None]
    for word, following in zip(plain, followers, strict=False):
        key = word.text.lower()
        if following is None or word.pause != " " or key not in _UNSTRESSED or word.text == "A":
            joined.append(word)
            continue
        phones = _WEAK.get(key, tuple(phone.replace("1", "0") for phone in word.phones))
        if key in ("the", "to") and following.phones[0][-1].isdigit():
            phones = (phones[0], "IY0" if key == "the" else "UW0")
        joined.append(Word(word.text, phones, word.pause))
    return joined
