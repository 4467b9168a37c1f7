"""Byte-pair encoding: a vocabulary of pieces of words, learned from text by counting.

Start with the 256 bytes as tokens. Again and again take the pair of neighbouring tokens that occurs
most often and make it one new token; the list of these merges, in order, is the tokenizer (Gage
1994; for words Sennrich, Haddow and Birch 2016; on bytes, as here, Radford et al. 2019). Because
every text is bytes, no text has an unknown token, and decoding gives back what was encoded.

Ties are broken as the ``tokenizers`` library does it, by the smaller ids, so both learn the same.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from env_utils import InputError

Pair = tuple[bytes, bytes]

PIECE = r" ?[^\W\d_]+| ?\d+| ?[^\w\s]+|_+|\s+"
"""Where a text is cut before anything is merged: a word takes the space before it along. Every
character belongs to exactly one piece, and no token reaches over the end of a piece."""

_PRINTABLE = (*range(33, 127), *range(161, 173), *range(174, 256))
BASE = tuple(bytes([b]) for b in (*_PRINTABLE, *sorted(set(range(256)) - set(_PRINTABLE))))
"""The 256 tokens that every vocabulary begins with, in the order of GPT-2: printable ones first."""


def pieces(text: str) -> list[str]:
    """``text`` cut by :data:`PIECE`; put together the pieces are the text again."""
    return re.findall(PIECE, text)


@dataclass(frozen=True)
class BytePairTokenizer:
    """A tokenizer: ``merges`` in the order in which they were learned."""

    merges: tuple[Pair, ...]

    @cached_property
    def tokens(self) -> tuple[bytes, ...]:
        """All tokens; a token's index is its id."""
        return tuple(dict.fromkeys((*BASE, *(left + right for left, right in self.merges))))

    @cached_property
    def _ids(self) -> dict[bytes, int]:
        return {token: index for index, token in enumerate(self.tokens)}

    @cached_property
    def _ranks(self) -> dict[Pair, int]:
        return {pair: rank for rank, pair in enumerate(self.merges)}

    def __len__(self) -> int:
        return len(self.tokens)

    def split(self, piece: bytes) -> list[bytes]:
        """The tokens of one piece: of all pairs in it, the one learned first is merged first."""
        parts = [piece[i : i + 1] for i in range(len(piece))]
        while len(parts) > 1:
            known = [pair for pair in pairwise(parts) if pair in self._ranks]
            if not known:
                break
            parts = merge(parts, min(known, key=self._ranks.__getitem__))
        return parts

    def encode(self, text: str) -> list[int]:
        """Ids of the tokens of ``text``."""
        return [self._ids[t] for piece in pieces(text) for t in self.split(piece.encode("utf-8"))]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ``ids``; bytes that are no whole character show as U+FFFD."""
        return b"".join(self.tokens[index] for index in ids).decode("utf-8", errors="replace")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a JSON file (each byte written as the character with its number)."""
        return {"merges": [[part.decode("latin-1") for part in pair] for pair in self.merges]}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> BytePairTokenizer:
        """The tokenizer of :meth:`to_dict`; ``InputError`` if these are no merges."""
        try:
            merges = [(a.encode("latin-1"), b.encode("latin-1")) for a, b in values["merges"]]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError("The tokenizer file holds no list of pairs 'merges'.") from error
        return cls(tuple(merges))


def merge(parts: Sequence[bytes], pair: Pair) -> list[bytes]:
    """``parts`` with every occurrence of ``pair``, from left to right, as one part."""
    merged: list[bytes] = []
    index = 0
    while index < len(parts):
        if index + 1 < len(parts) and (parts[index], parts[index + 1]) == pair:
            merged.append(parts[index] + parts[index + 1])
            index += 2
        else:
            merged.append(parts[index])
            index += 1
    return merged


def train_bpe(text: str, vocabulary_size: int) -> BytePairTokenizer:
    """Learn merges from ``text`` until there are ``vocabulary_size`` tokens or no pair is left.

    Counts are kept up to date instead of being taken anew after each merge: only the pieces that
    hold the merged pair are looked at. ``InputError`` for a size below the 256 bytes.
    """
    if vocabulary_size < len(BASE):
        raise InputError(f"A vocabulary of {vocabulary_size} is too small: bytes alone are 256.")
    counted = Counter(pieces(text))
    frequency = list(counted.values())
    split = [[b[i : i + 1] for i in range(len(b))] for b in (p.encode("utf-8") for p in counted)]
    counts: Counter[Pair] = Counter()
    places: defaultdict[Pair, set[int]] = defaultdict(set)  # pieces that (may) hold a pair
    for place in range(len(split)):
        _count(split[place], frequency[place], place, counts, places)
    ids = {token: index for index, token in enumerate(BASE)}
    merges: list[Pair] = []
    while len(ids) < vocabulary_size and counts:
        best = min(counts, key=lambda pair: (-counts[pair], ids[pair[0]], ids[pair[1]]))
        merges.append(best)
        ids.setdefault(best[0] + best[1], len(ids))
        for place in places.pop(best):
            _count(split[place], -frequency[place], place, counts, places)
            split[place] = merge(split[place], best)
            _count(split[place], frequency[place], place, counts, places)
        places.pop(best, None)
    return BytePairTokenizer(tuple(merges))


def _count(
    parts: list[bytes],
    amount: int,
    place: int,
    counts: Counter[Pair],
    places: defaultdict[Pair, set[int]],
) -> None:
    """Add ``amount`` to the count of each pair of neighbours; pairs that reach zero are dropped."""
    for pair in pairwise(parts):
        counts[pair] += amount
        places[pair].add(place)
        if counts[pair] == 0:
            del counts[pair]
