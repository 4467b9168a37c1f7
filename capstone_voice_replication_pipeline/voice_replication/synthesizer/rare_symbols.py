"""Symbols that the recordings hold too few of, and what the network is told instead.

Most transcripts have no mark but the full stop at their end; those of two corpora have commas, too.
The nine hours that the synthesizer learned from hold no question mark, one exclamation mark, and 47
semicolons, colons and dashes together. Three vowels are met less than fifty times at one of their
stresses ("cowb-oy", "noteb-oo-k", "netw-or-k"). What a network says to a symbol that it hardly met
is chance. So it is told one that it knows: the nearest mark, or the same vowel with primary stress.
A pause lasts as many times longer than at a comma as it does in those 47, and what a question or
an exclamation does to the melody is a rule (``intonation.py``).

Shapes: ``L`` symbols of a sentence.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from text_utils import Symbols

KNOWN = {
    "?": ".",
    "!": ".",
    ";": ",",
    ":": ",",
    "-": ",",
    "OY0": "OY1",
    "OY2": "OY1",
    "ER2": "ER1",
    "UH2": "UH1",
}
PAUSE_STRETCH = {";": 1.7, ":": 1.9, "-": 1.4}


def known_ids(ids: Sequence[int], symbols: Symbols) -> list[int]:
    """``ids (L,)`` with a known symbol in the place of each rare one."""
    known = {symbols.id(name): symbols.id(other) for name, other in KNOWN.items()}
    return [known.get(index, index) for index in ids]


def pause_stretch(ids: Sequence[int], symbols: Symbols) -> npt.NDArray[np.float32]:
    """How many times longer each of the written ``ids (L,)`` lasts than what is known instead."""
    stretch = {symbols.id(mark): times for mark, times in PAUSE_STRETCH.items()}
    return np.array([stretch.get(index, 1.0) for index in ids], np.float32)
