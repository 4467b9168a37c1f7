"""Checks 00.e1: versions are compared as numbers, with every operator."""

from types import ModuleType

from course.expect import expect, expect_equal

CASES = [
    ("3.11.7", ">=3.11,<3.14", True),
    ("3.9", ">=3.11", False),
    ("3.14.0", ">=3.11,<3.14", False),
    ("3.10", ">3.9", True),
    ("2.13.0", "==2.13.0", True),
    ("2.0", "==2.0.0", True),
    ("2.0.0", "<=2.0", True),
    ("2.0.1", "<=2.0", False),
    ("1.26.4", ">=2.0,<3", False),
    ("2.4.6", ">= 2.0, < 3", True),
    ("10.0", "<9.5", False),
]


def check(exercise: ModuleType) -> None:
    """Every case, and that the answer is a bool."""
    for version, wanted, right in CASES:
        got = exercise.fits(version, wanted)
        expect(
            isinstance(got, bool),
            f"fits({version!r}, {wanted!r}) returned {got!r}; return True or False.",
        )
        expect_equal(
            got,
            right,
            what=f"fits({version!r}, {wanted!r})",
            hint="Turn each version into a list of whole numbers of equal length, then compare: "
            "[3, 9] < [3, 11], although '3.9' > '3.11'. All conditions have to hold.",
        )
