"""From any Unicode text to the characters that English text is spoken from.

Kept: Latin letters (accented ones too, because a reader of the normalized text wants to see
"café"), digits, white space and ASCII marks. Typographic quotes, dashes and spaces become their
plain forms; Greek and Cyrillic letters are transliterated, so that a name in them is still spoken;
emoji and letters of all other scripts are dropped.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

_PLAIN = {
    **dict.fromkeys("‘’‚‛′ʼ`´＇", "'"),
    **dict.fromkeys("“”„‟«»″〝〞", '"'),
    **dict.fromkeys("‐‑⁃", "-"),
    **dict.fromkeys("—―⸺⸻", " - "),
    **dict.fromkeys("…⋯", "..."),
    **dict.fromkeys("。｡", ". "),
    **dict.fromkeys("、，", ", "),
    **dict.fromkeys("【「『", " ("),
    **dict.fromkeys("】」』", ") "),
    **dict.fromkeys("•‣◦▪●·", " "),
    "¡": " ", "¿": " ", "⁄": "/", "∕": "/", "†": " ", "‡": " ", "¶": " ", "™": " ", "®": " ",
    "©": " copyright ", "№": " number ", "§": " section ", "℃": "°C", "℉": "°F",
    "×": " times ", "÷": " divided by ", "±": " plus or minus ", "≈": " about ",
    "≤": " at most ", "≥": " at least ", "≠": " is not ", "∞": " infinity ", "√": " root of ",
    "→": " to ", "⇒": " to ", "²": "^2", "³": "^3",
    "ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "ö", "Ø": "Ö", "ð": "th",
    "Ð": "Th", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i",
    "ħ": "h",
}  # fmt: skip

_CYRILLIC = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґўђјљњћџ",
        [
            "a",
            "b",
            "v",
            "g",
            "d",
            "e",
            "zh",
            "z",
            "i",
            "y",
            "k",
            "l",
            "m",
            "n",
            "o",
            "p",
            "r",
            "s",
            "t",
            "u",
            "f",
            "kh",
            "ts",
            "ch",
            "sh",
            "shch",
            "-",
            "y",
            "-",
            "e",
            "yu",
            "ya",
            "yo",
            "i",
            "yi",
            "ye",
            "g",
            "u",
            "dj",
            "y",
            "ly",
            "ny",
            "ch",
            "dzh",
        ],
        strict=True,
    )
)
_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρσςτυφχψω",
        [
            "a",
            "v",
            "g",
            "d",
            "e",
            "z",
            "i",
            "th",
            "i",
            "k",
            "l",
            "m",
            "n",
            "x",
            "o",
            "p",
            "r",
            "s",
            "s",
            "t",
            "y",
            "f",
            "ch",
            "ps",
            "o",
        ],
        strict=True,
    )
)
_ASCII = str.maketrans("`[]{}", "'()()")
_MINUS = re.compile("−(?=[0-9.])")
_EN_DASH_RANGE = re.compile(r"(?<=[0-9])(?:\s?–\s?|−)(?=[0-9$£€])")
_LONE_GREEK = re.compile(r"(?<!\w)[α-ωΑ-Ω](?!\w)")
_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,200}>")
_ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}|#[0-9]{1,6});")
_SPACED_DIGITS = re.compile("(?<=[0-9])[\u00a0\u2009\u202f](?=[0-9]{3}(?![0-9]))")
_UNUSUAL = re.compile(r"[^\n -~£€¥₹¢°]")  # currencies and degrees are spoken later
_MICRO = re.compile("(?<=[0-9 ])[\u00b5\u03bc](?=[mgslLAVF]\\b)")
_OHM = re.compile("(?<=[0-9]) ?[\u03a9\u2126]")


def is_latin(char: str) -> bool:
    """Whether ``char`` is a letter a-z, with or without accents."""
    if char.isascii():
        return char.isalpha()
    return char.isalpha() and "a" <= unicodedata.normalize("NFKD", char)[0].lower() <= "z"


@lru_cache(maxsize=4096)
def fold(word: str) -> str:
    """``word`` in lower case and without accents: ``"Café" -> "cafe"``."""
    if not word.isascii():
        word = "".join(
            c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c)
        )
    return word.lower()


def to_plain(text: str) -> str:
    """``text`` in Latin letters, digits, white space and ASCII marks (see the module)."""
    if "&" in text:
        text = _ENTITY.sub(lambda found: html.unescape(found.group()), text)
    if "<" in text:
        text = _TAG.sub(" ", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _UNUSUAL.search(text) is None:
        return text.translate(_ASCII)
    text = _OHM.sub(" ohms", _MICRO.sub("u", _SPACED_DIGITS.sub("", text)))
    text = _EN_DASH_RANGE.sub("-", text)
    text = _MINUS.sub("-", text).replace("−", " minus ").replace("–", " - ")
    text = unicodedata.normalize("NFC", text)
    text = _LONE_GREEK.sub(lambda found: _greek_name(found.group()), text)
    return _UNUSUAL.sub(lambda found: _replacement(found.group()), text).translate(_ASCII)


def _greek_name(letter: str) -> str:
    return unicodedata.name(letter).split()[3].lower().replace("final", "sigma")


@lru_cache(maxsize=8192)
def _replacement(char: str) -> str:
    """What stands for one character that is not printable ASCII."""
    if char in _PLAIN:
        return _PLAIN[char]
    if char.isspace() or unicodedata.category(char) in ("Zs", "Cc"):
        return "\n\n" if char in "\u2028\u2029\v\f" else " "
    lower = fold(char)
    for table in (_CYRILLIC, _GREEK):
        if lower in table:
            letters = table[lower].strip("-")
            return letters if char == char.lower() else letters.capitalize()
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    simple = unicodedata.normalize("NFKC", char)
    if simple != char:  # superscripts, ligatures, full-width forms, fractions, roman numerals
        number = " " if "⁄" in simple else ""
        return number + "".join(c if " " <= c <= "~" else _replacement(c) for c in simple)
    if is_latin(char):
        return char
    return "" if unicodedata.category(char) in ("Mn", "Cf", "Me") else " "
