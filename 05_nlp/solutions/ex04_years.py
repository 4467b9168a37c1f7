"""05.e4  Years as they are spoken: a solution."""

from __future__ import annotations

from text_utils.numbers import cardinal


def pair(value: int) -> str:
    """The words of a number below 100: 86 -> "eighty-six"."""
    return cardinal(value)


def year_in_words(year: int) -> str:
    first, second = divmod(year, 100)
    if first == 20 and second < 10:
        return "two thousand" + (f" {pair(second)}" if second else "")
    if second == 0:
        return f"{pair(first)} hundred"
    if second < 10:
        return f"{pair(first)} oh {pair(second)}"
    return f"{pair(first)} {pair(second)}"
