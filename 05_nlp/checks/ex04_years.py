"""Checks 05.e4: years in pairs of digits, and their three exceptions."""

from __future__ import annotations

from types import ModuleType

from course.expect import expect_equal
from text_utils.numbers import cardinal

RULES = {
    1986: ("nineteen eighty-six", "Two pairs of digits: 19 and 86."),
    1905: ("nineteen oh five", "A second pair below ten gets 'oh'."),
    1900: ("nineteen hundred", "A second pair of zero is 'hundred'."),
    1100: ("eleven hundred", "A second pair of zero is 'hundred'."),
    1713: ("seventeen thirteen", "Two pairs of digits: 17 and 13."),
    2000: ("two thousand", "2000 to 2009 are read as numbers."),
    2007: ("two thousand seven", "2000 to 2009 are read as numbers."),
    2010: ("twenty ten", "From 2010 on it is pairs again."),
    2024: ("twenty twenty-four", "From 2010 on it is pairs again."),
}


def check(exercise: ModuleType) -> None:
    for year, (wanted, rule) in RULES.items():
        expect_equal(exercise.year_in_words(year), wanted, what=f"the year {year}", hint=rule)
    for year in range(1100, 2100):
        first, second = divmod(year, 100)
        if second >= 10:
            wanted = f"{cardinal(first)} {cardinal(second)}"
            expect_equal(exercise.year_in_words(year), wanted, what=f"the year {year}")
