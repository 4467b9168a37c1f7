"""From written to spoken text: what a person would say for digits, dates, signs and abbreviations.

The result consists of words in Latin letters, apostrophes, hyphens inside words, and the marks
``. , ; : ? ! - ( ) "`` with their usual spaces; paragraphs stay apart by an empty line. It never
contains a digit, and normalizing it again changes nothing.
"""

from __future__ import annotations

import re

from text_utils.abbreviations import expand_abbreviations, expand_before_numbers
from text_utils.capitals import expand_capitals
from text_utils.characters import to_plain
from text_utils.dates import expand_dates
from text_utils.quantities import expand_quantities, expand_telephone_numbers
from text_utils.roman import expand_roman
from text_utils.web import expand_addresses

_PASSES = 6  # two are the rule: one that works and one that finds nothing left
_EMOTICON = re.compile(r"(?:(?<=\s)|^)[:;=8][-o^']?[()DPp/\\|\[\]](?=\s|$|[.,!?])", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\[\]\n]{0,200})\]\([^()\s]{0,500}\)")
_FOOTNOTE = re.compile(r"(?<=[\w.,;:?!\"'])\[[0-9]{1,3}\]")
_SLASH_WORDS = {
    "w/o": "without",
    "w/": "with",
    "c/o": "care of",
    "b/c": "because",
    "n/a": "not applicable",
}
_SLASHED = re.compile(r"(?<![\w/])(?:w/o|w/|c/o|b/c|n/a)(?![\w/])", re.IGNORECASE)
_LETTERS_AND = re.compile(r"\b([A-Z]{1,3})&([A-Z]{1,3})\b")  # "AT&T"
_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), spoken)
    for pattern, spoken in (
        (r"\b([A-Z])#(?!\w)", r"\1 sharp"),
        (r"\bC\+\+", "C plus plus"),
        (r"\b([A-F])\+(?=\W|$)", r"\1 plus"),
        (r"#(?=\s?[0-9])", "number "),
        (r"(?<=\w)&(?=\w)", " and "),
        (r"&", " and "),
        (r"(?<=[0-9)])\s?\*\s?(?=[0-9(])", " times "),
        (r"(?<=[\w)]) / (?=[0-9(])", " divided by "),
        (r"(?<![=<>!])=(?!=)", " equals "),
        (r"(?<=[\w)])\s+\+\s*(?=[\w(])|(?<=\w)\+(?=\w)", " plus "),
        (r"\+(?=[0-9.])", " plus "),
        (r"(?<=[0-9])\+", " plus "),
        (r"(?<=[\w)]) < (?=[\w(.$-])", " is less than "),
        (r"(?<=[\w)]) > (?=[\w(.$-])", " is greater than "),
        (r"(?<![\w<])<\s?(?=[0-9$£€.])", " less than "),
        (r"(?<![\w>=-])>\s?(?=[0-9$£€.])", " more than "),
        (r"~(?=[0-9$£€.])", " about "),
    )
)
_LEFT_OVER: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), spoken)
    for pattern, spoken in (
        ("%", " percent "),
        ("°", " degrees "),
        (r"\$", " dollars "),
        ("£", " pounds "),
        ("€", " euros "),
        ("¥", " yen "),
        ("₹", " rupees "),
        ("¢", " cents "),
        ("@", " at "),
        (r"\|", ", "),
        (r"[^\w.,;:?!()\"' \n-]|_", " "),
    )
)
_TIDY: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), tidy)
    for pattern, tidy in (
        (r"[ \t]*\n[ \t]*", "\n"),
        (r"\n{2,}", "\n\n"),
        (r"(?<!\n)\n(?!\n)", " "),
        (r"(?<=[a-z])- (?=(?:and|or|to)\b)", " "),
        (r"-{2,}", " - "),
        (r"(?<![\w'])-(?=\w)|(?<=[\w'])-(?![\w'])|(?<=[^\w\s'])-|-(?=[^\w\s'])", " - "),
        (r" {2,}", " "),
        (r"\( +", "("),
        (r" +(?=[.,;:?!)])", ""),
        (r"\(\W{0,20}\)", ""),
        (r"\.{4,}|\.\.(?!\.)(?<!\.\.\.)", "..."),
        (r"([,;:])(?:[,;:] ?)+", r"\1"),
        (r"[!?]*\?[!?]*", "?"),
        (r"!{2,}", "!"),
        (r"(?: -){2,}(?= )", " -"),
        (r" {2,}", " "),
        (r"(?m)^ +| +$", ""),
    )
)


def normalize_text(text: str) -> str:
    """``text`` as it is spoken (see the module); "" if nothing in it can be spoken.

    >>> normalize_text("Dr. Smith paid $12.50 on Jan. 5, 2020.")
    'Doctor Smith paid twelve dollars and fifty cents on January fifth, twenty twenty.'
    """
    for _ in range(_PASSES):  # what one rule makes may be another one's business ("Dr. Dr.")
        spoken = _normalize_once(text)
        if spoken == text:
            break
        text = spoken
    return text


def _normalize_once(text: str) -> str:
    if ":" in text or "[" in text:
        text = _LINK.sub(r"\1", _EMOTICON.sub(" ", text))
    text = to_plain(_FOOTNOTE.sub("", text))
    loud = not any(char.islower() for char in text)
    text = expand_addresses(text)
    text = _SLASHED.sub(lambda found: _SLASH_WORDS[found.group().lower()], text)
    text = expand_before_numbers(expand_roman(text))
    text = expand_dates(expand_telephone_numbers(text))
    text = expand_abbreviations(text)
    text = _LETTERS_AND.sub(lambda f: f"{' '.join(f[1])} and {' '.join(f[2])}", text)
    text = _apply(_RULES, text)
    text = expand_quantities(text)
    text = _apply(_LEFT_OVER, text)
    text = expand_capitals(text, loud)
    text = _apply(_TIDY, text).strip()
    return text if any(char.isalpha() for char in text) else ""


def _apply(rules: tuple[tuple[re.Pattern[str], str], ...], text: str) -> str:
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return text
