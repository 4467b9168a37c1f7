"""00.e1  Does this version fit?  One answer."""

from __future__ import annotations

import operator
import re
from itertools import zip_longest

OPERATORS = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}


def fits(version: str, wanted: str) -> bool:
    """Whether `version` satisfies every condition in `wanted`."""
    for condition in wanted.split(","):
        found = re.fullmatch(r"\s*(>=|<=|==|<|>)\s*([\d.]+)\s*", condition)
        if found is None:
            raise ValueError(f"{condition!r} is not a condition")
        # zip_longest gives both versions the same number of parts: 2.0 becomes (2, 0, 0)
        pairs = zip_longest(_parts(version), _parts(found[2]), fillvalue=0)
        left, right = zip(*pairs, strict=True)
        if not OPERATORS[found[1]](left, right):
            return False
    return True


def _parts(version: str) -> list[int]:
    """ "3.11.7" -> [3, 11, 7]"""
    return [int(part) for part in version.split(".")]
