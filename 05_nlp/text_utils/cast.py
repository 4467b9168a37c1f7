"""Who is who: the different names of one person, and whether the text calls them he or she.

"Tobias Pym", "Mr. Pym" and "Tobias" are one man. Names are brought together when one fits into the
other (same last name, first name, or initial) and their titles do not contradict each other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_HE = ("mr", "sir", "lord", "uncle", "king", "prince", "father", "brother")
_SHE = ("mrs", "ms", "miss", "lady", "aunt", "queen", "princess", "mother", "sister", "madame")
_EITHER = ("dr", "prof", "professor", "doctor", "capt", "captain", "col", "rev", "inspector")
TITLES = {
    **dict.fromkeys(_HE, "he"),
    **dict.fromkeys(_SHE, "she"),
    **dict.fromkeys(_EITHER, ""),
}
"""Titles in small letters, without a period, and the pronoun that each promises."""

_REACH = 80  # characters after a name in which a pronoun probably means its bearer
_SAME_SENTENCE = re.compile(r"[^.!?“”\"\n]*")
_PRONOUN = re.compile(r"\b(he|she|his|her|him|hers|himself|herself)\b", re.IGNORECASE)
_HERS = frozenset(("she", "her", "hers", "herself"))


@dataclass(frozen=True)
class Character:
    """A person of the book: the usual ``name``, all ``forms``, ``mentions``, "he", "she" or ""."""

    name: str
    forms: tuple[str, ...]  # the most frequent first
    mentions: int
    pronoun: str = ""


def split_title(name: str) -> tuple[str, str]:
    """``"Mr. Pym" -> ("mr", "Pym")``, ``"Nell" -> ("", "Nell")``; a lone title is a name."""
    first, _, rest = name.strip().partition(" ")
    title = first.rstrip(".").lower()
    return (title, rest.strip()) if title in TITLES and rest.strip() else ("", name.strip())


def same_person(one: str, other: str) -> bool:
    """Whether two names can belong to one person.

    True if the bare names are equal, if one is the other's last name, if one without a title is
    the other's first name, or if first names or initials and last names fit; but never if one
    title says "he" and the other "she".
    """
    (title, bare), (other_title, other_bare) = split_title(one), split_title(other)
    if _contradict(one, other):
        return False
    short, long = sorted((bare.split(), other_bare.split()), key=len)
    if len(short) == 1 and len(long) > 1:
        titled = title if bare.split() == short else other_title
        return short[0] == long[-1] or (short[0] == long[0] and not titled)
    return short[-1] == long[-1] and _first_names_fit(short[0], long[0])


def _contradict(one: str, other: str) -> bool:
    """Whether one title says "he" and the other "she"."""
    promised = {TITLES.get(split_title(name)[0], "") for name in (one, other)} - {""}
    return len(promised) > 1


def _joins(name: str, group: list[str]) -> bool:
    """Whether a name fits one form of a group and contradicts none."""
    fits = any(same_person(name, form) for form in group)
    return fits and not any(_contradict(name, form) for form in group)


def _first_names_fit(one: str, other: str) -> bool:
    if one.endswith(".") or other.endswith("."):
        return one[0] == other[0]
    return one == other


def find_cast(names: Mapping[str, int] | Iterable[str], text: str = "") -> list[Character]:
    """The persons behind ``names`` (each with its count), the most mentioned first.

    A name that fits several persons goes to the one mentioned most. ``text`` tells the pronouns of
    those whose titles do not: what follows their names in the same sentence decides.
    """
    counts = Counter(names)
    order = sorted(counts, key=lambda name: (-len(split_title(name)[1].split()), -counts[name]))
    groups: list[list[str]] = []
    for name in order:
        fitting = [group for group in groups if _joins(name, group)]
        if fitting:
            max(fitting, key=lambda group: sum(counts[form] for form in group)).append(name)
        else:
            groups.append([name])
    cast = [_character(group, counts, text) for group in groups]
    return sorted(cast, key=lambda person: -person.mentions)


def _character(group: list[str], counts: Counter[str], text: str) -> Character:
    forms = tuple(sorted(group, key=lambda form: (-counts[form], form)))
    promised = [TITLES[title] for title, _ in map(split_title, forms) if title]
    pronoun = next(filter(None, promised), "") or _pronoun_nearby(forms, text)
    return Character(forms[0], forms, sum(counts[form] for form in forms), pronoun)


def _pronoun_nearby(forms: Iterable[str], text: str) -> str:
    """The pronoun that follows these names in a sentence more often; "" if none does."""
    votes: Counter[str] = Counter()
    names = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    for found in re.finditer(rf"\b(?:{names})\b", text) if names else ():
        rest = _SAME_SENTENCE.match(text[found.end() : found.end() + _REACH])
        near = _PRONOUN.search(rest.group()) if rest else None
        if near:
            votes["she" if near[1].lower() in _HERS else "he"] += 1
    return max(votes, key=votes.__getitem__) if votes else ""
