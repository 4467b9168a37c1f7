"""01.e3  Chapter XIV.  One answer.

Whether a numeral is written normally is decided by the way back: write the value as a numeral and
compare. That needs no list of forbidden patterns, and it can not forget one.
"""

from __future__ import annotations

SIGNS = {"M": 1000, "CM": 900, "D": 500, "CD": 400, "C": 100, "XC": 90, "L": 50, "XL": 40, "X": 10}
SIGNS |= {"IX": 9, "V": 5, "IV": 4, "I": 1}


def roman_to_int(numeral: str) -> int:
    """The value of a Roman numeral from 1 to 3999; ValueError for anything else."""
    letters = numeral.upper()
    value, rest = 0, letters
    for sign, worth in SIGNS.items():
        while rest.startswith(sign):
            value += worth
            rest = rest[len(sign) :]
    if not letters or rest or value > 3999 or _written(value) != letters:
        raise ValueError(f"{numeral!r} is not a Roman numeral")
    return value


def _written(value: int) -> str:
    numeral = ""
    for sign, worth in SIGNS.items():
        numeral += sign * (value // worth)
        value %= worth
    return numeral
