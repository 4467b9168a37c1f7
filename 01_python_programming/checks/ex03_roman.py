"""Checks 01.e3: all values from 1 to 3999, and texts that are no numerals."""

from types import ModuleType

from course.expect import expect_equal, expect_raises

ONES = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")


def written(value: int) -> str:
    """The numeral of a value, digit by digit: the signs of the ones, moved up."""
    numeral = ""
    for place, signs in enumerate(("IVX", "XLC", "CDM", "M??")):
        digit = ONES[value // 10**place % 10]
        numeral = digit.translate(str.maketrans("IVX", signs)) + numeral
    return numeral


def check(exercise: ModuleType) -> None:
    """Well-known ones first, then every value, then what has to be refused."""
    for numeral, value in {"I": 1, "IV": 4, "XIV": 14, "XL": 40, "MCMLXXXVI": 1986}.items():
        expect_equal(
            exercise.roman_to_int(numeral),
            value,
            what=f"roman_to_int({numeral!r})",
            hint="A sign before a larger one is subtracted.",
        )
    expect_equal(exercise.roman_to_int("xlii"), 42, what="roman_to_int('xlii')")
    for value in range(1, 4000):
        numeral = written(value)
        expect_equal(exercise.roman_to_int(numeral), value, what=f"roman_to_int({numeral!r})")
    for wrong in ("", "IIII", "VV", "IC", "VX", "IXX", "ABC", "X I", "12", "MMMM", "IVI"):
        expect_raises(
            ValueError,
            lambda wrong=wrong: exercise.roman_to_int(wrong),  # type: ignore[misc]
            what=f"roman_to_int({wrong!r})",
            hint="A way to be sure: write the value as a numeral again, and compare.",
        )
