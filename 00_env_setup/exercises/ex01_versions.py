"""00.e1  Does this version fit?

Task: fill in `fits`. `version` is what is installed ("3.11.7"), `wanted` what is asked for: one or
more conditions, separated by commas, each an operator (>=, <=, ==, < or >) and a version. All of
them have to hold. Versions are compared part by part, as numbers; a missing part counts as zero.

    fits("3.11.7", ">=3.11,<3.14")  ->  True
    fits("3.9", ">=3.11")           ->  False     (as texts, "3.9" comes after "3.11")
    fits("2.0", "==2.0.0")          ->  True
"""

from __future__ import annotations


def fits(version: str, wanted: str) -> bool:
    """Whether `version` satisfies every condition in `wanted`."""
    raise NotImplementedError("compare the parts of both versions as numbers")
