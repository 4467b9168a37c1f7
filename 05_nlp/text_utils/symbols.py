"""The alphabet that text becomes before it reaches a model: ARPAbet phones and pauses.

    id   0         padding  "_"
    id   1         start    "^"
    ids  2 ..  9   PAUSES   what is written after a word
    ids 10 .. 33   24 consonants
    ids 34 .. 78   15 vowels x stress 0 (none), 1 (primary), 2 (secondary)

A pause token stands after *every* word, also where nothing is written, because a reader may pause
there anyway; it may last 0 frames. So a text of words ``w`` has ``1 + sum(len(w.phones) + 1)`` ids.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from env_utils import CheckpointError

PADDING = "_"
START = "^"
PAUSES = (" ", ",", ";", ":", "-", ".", "?", "!")
"""What may follow a word: " " is nothing written, "-" a dash or an ellipsis."""

CONSONANTS = (
    *("B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N"),
    *("NG", "P", "R", "S", "SH", "T", "TH", "V", "W", "Y", "Z", "ZH"),
)
VOWELS = (
    *("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"),
)
STRESSES = ("0", "1", "2")
PHONES = (*CONSONANTS, *(vowel + stress for vowel in VOWELS for stress in STRESSES))
BASE_PHONES = (*CONSONANTS, *VOWELS)
"""The 39 phones without stress, in the order that :meth:`Symbols.base` counts them."""

FIRST_PAUSE = 2
FIRST_PHONE = FIRST_PAUSE + len(PAUSES)
FIRST_VOWEL = FIRST_PHONE + len(CONSONANTS)


@dataclass(frozen=True)
class Word:
    """One spoken word.

    ``text`` is the written word, ``phones`` its ARPAbet phones with a stress digit on every vowel
    (``("HH", "AH0", "L", "OW1")``), ``pause`` the member of :data:`PAUSES` that follows it.
    """

    text: str
    phones: tuple[str, ...]
    pause: str = " "


class Symbols:
    """The bijection between symbols and the ids 0 .. 78 (see the module's docstring)."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = (PADDING, START, *PAUSES, *PHONES)
        self._ids = {name: index for index, name in enumerate(self.names)}

    def __len__(self) -> int:
        return len(self.names)

    def id(self, name: str) -> int:
        """The id of one symbol; ``KeyError`` if there is no such symbol."""
        return self._ids[name]

    def encode(self, words: Iterable[Word]) -> list[int]:
        """Ids of the start symbol, then for every word its phones and its pause."""
        ids = [self._ids[START]]
        for word in words:
            ids.extend(self._ids[phone] for phone in word.phones)
            ids.append(self._ids[word.pause])
        return ids

    def decode(self, ids: Iterable[int]) -> list[str]:
        """The names of ``ids``."""
        return [self.names[index] for index in ids]

    def is_pause(self, index: int) -> bool:
        """Whether ``index`` is one of the eight pause tokens."""
        return FIRST_PAUSE <= index < FIRST_PHONE

    def is_phone(self, index: int) -> bool:
        """Whether ``index`` is a phone: neither a pause token nor padding or start."""
        return index >= FIRST_PHONE

    def is_vowel(self, index: int) -> bool:
        """Whether ``index`` is a vowel, at whatever stress."""
        return index >= FIRST_VOWEL

    def base(self, index: int) -> int:
        """The phone without its stress: 0 .. 38 in :data:`BASE_PHONES`; ``ValueError`` if none."""
        if not FIRST_PHONE <= index < len(self):
            raise ValueError(f"symbol {index} is not a phone")
        if index < FIRST_VOWEL:
            return index - FIRST_PHONE
        return len(CONSONANTS) + (index - FIRST_VOWEL) // len(STRESSES)

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that differ whenever the alphabet differs."""
        return hashlib.sha256(json.dumps(self.names).encode()).hexdigest()[:12]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for the JSON of a checkpoint."""
        return {"names": list(self.names), "fingerprint": self.fingerprint}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Symbols:
        """The alphabet of a checkpoint; ``CheckpointError`` if it is not this one."""
        symbols = cls()
        names = values.get("names")
        if names != list(symbols.names):
            count = len(names) if isinstance(names, list) else "no"
            raise CheckpointError(
                f"symbols: the checkpoint was made with another alphabet ({count} symbols, "
                f"fingerprint {values.get('fingerprint')}; here {len(symbols)}, "
                f"{symbols.fingerprint}). Use the version that wrote it, or train again."
            )
        return symbols
