"""01.e3  Chapter XIV

Task: fill in `roman_to_int`. I is 1, V 5, X 10, L 50, C 100, D 500, M 1000. Signs are added from
left to right; a smaller one before a larger one is subtracted: IV is 4, XC is 90. Capital and small
letters are the same. What is not a numeral as it is normally written (IIII, IC, VX, ABC, nothing at
all) is a ValueError: "MIX" is a numeral, and so is "I", so a splitter of chapters has to be strict.

    roman_to_int("XIV")   ->  14
    roman_to_int("iv")    ->  4
    roman_to_int("IIII")  ->  ValueError
"""

from __future__ import annotations


def roman_to_int(numeral: str) -> int:
    """The value of a Roman numeral from 1 to 3999; ValueError for anything else."""
    raise NotImplementedError("add the signs; subtract one that stands before a larger one")
