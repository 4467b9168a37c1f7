"""05.e4  Years as they are spoken

Write `year_in_words(year)` for 1100 <= year <= 2099, as years are read aloud in American English:

    1986   nineteen eighty-six        two pairs of digits
    1905   nineteen oh five           the second pair below ten
    1900   nineteen hundred           the second pair zero
    2000   two thousand               the first decade of the 2000s is a number
    2007   two thousand seven
    2010   twenty ten                 then pairs again

The function `pair(value)` gives the words of a number below 100.
"""

from __future__ import annotations

from text_utils.numbers import cardinal


def pair(value: int) -> str:
    """The words of a number below 100: 86 -> "eighty-six"."""
    return cardinal(value)


def year_in_words(year: int) -> str:
    raise NotImplementedError("divmod(year, 100) gives the two pairs")
