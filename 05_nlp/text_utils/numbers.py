"""Numbers in words: cardinals, ordinals, decimals, years, digit by digit.

Written here rather than taken from ``num2words`` because a text needs forms that it does not give
(years as they are read aloud, decades, plain "one hundred five"), and because it is called for
every digit of a book.
"""

from __future__ import annotations

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
_TENS = (*("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"),)
_SCALES = (
    *("", "thousand", "million", "billion", "trillion", "quadrillion", "quintillion"),
    *("sextillion", "septillion", "octillion", "nonillion", "decillion"),  # 10**33
)
_IRREGULAR_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip


def _below_hundred(value: int) -> str:
    if value < 20:
        return _ONES[value]
    tens, ones = divmod(value, 10)
    return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")


def _below_thousand(value: int) -> str:
    hundreds, rest = divmod(value, 100)
    if not hundreds:
        return _below_hundred(rest)
    return f"{_ONES[hundreds]} hundred" + (f" {_below_hundred(rest)}" if rest else "")


def cardinal(value: int) -> str:
    """``1234 -> "one thousand two hundred thirty-four"``, for 0 <= ``value`` < 10**36."""
    groups: list[str] = []
    scale = 0
    while value:
        value, rest = divmod(value, 1000)
        if rest:
            groups.append(f"{_below_thousand(rest)} {_SCALES[scale]}".strip())
        scale += 1
    return " ".join(reversed(groups)) or "zero"


def ordinal(value: int) -> str:
    """``21 -> "twenty-first"``, for 0 <= ``value`` < 10**36."""
    words = cardinal(value)
    cut = max(words.rfind(" "), words.rfind("-")) + 1
    head, last = words[:cut], words[cut:]
    if last in _IRREGULAR_ORDINALS:
        return head + _IRREGULAR_ORDINALS[last]
    return head + (last[:-1] + "ieth" if last.endswith("y") else last + "th")


def digits(text: str) -> str:
    """``"007" -> "zero zero seven"``; everything that is not a digit is skipped."""
    return " ".join(_ONES[int(char)] for char in text if char in "0123456789")


def spell(text: str) -> str:
    """Digits one by one, in groups of three with a comma after each: for codes and long numbers."""
    groups = [text[i : i + 3] for i in range(0, len(text), 3)]
    if len(groups) > 1 and len(groups[-1]) == 1:
        groups[-2:] = [groups[-2] + groups[-1]]
    return ", ".join(digits(group) for group in groups)


def number(text: str) -> str:
    """Any unsigned number as it is written: ``"1,234.50"``, ``".5"``, ``"007"``, ``"4155550123"``.

    A leading zero or seven digits and more without separators are read digit by digit, unless the
    number is a round one (``"5000000"``).
    """
    whole, point, fraction = text.partition(".")
    plain = whole.replace(",", "")
    if (
        (plain.startswith("0") and len(plain) > 1)
        or len(plain) > 36
        or (len(plain) >= 7 and "," not in whole and not plain.endswith("000"))
    ):
        words = spell(plain)
    else:
        words = cardinal(int(plain)) if plain else ""
    return f"{words} point {digits(fraction)}".strip() if point and fraction else words


def year(value: int) -> str:
    """``1984 -> "nineteen eighty-four"``, ``1905 -> "nineteen oh five"``, ``2007 -> "two thousand
    seven"``."""
    century, rest = divmod(value, 100)
    if not 1000 <= value <= 9999 or (century % 10 == 0 and rest < 10):
        return cardinal(value)
    if rest == 0:
        return f"{_below_hundred(century)} hundred"
    tail = f"oh {_ONES[rest]}" if rest < 10 else _below_hundred(rest)
    return f"{_below_hundred(century)} {tail}"


def plural(words: str) -> str:
    """``"ninety" -> "nineties"``, ``"hundred" -> "hundreds"``, ``"six" -> "sixes"``."""
    if words.endswith("y"):
        return words[:-1] + "ies"
    return words + ("es" if words.endswith("x") else "s")
