"""Symbols that the recordings hold too few of, and what the network is told instead.

Most transcripts have no mark but the full stop at their end; those of two corpora have commas, too.
The nine hours that the synthesizer learned from hold no question mark, one exclamation mark, and 47
semicolons, colons and dashes together. Three vowels are met less than fifty times at one of their
stresses ("cowb-oy", "noteb-oo-k", "netw-or-k"). What a network says to a symbol that it hardly met
is chance. So it is told one that it knows: the nearest mark, or the same vowel with primary stress.
How long a pause then lasts is said in ``pauses.py``, and what a question or an exclamation does to
the melody is a rule (``intonation.py``).

Shapes: ``L`` symbols of a sentence.
"""

from __future__ import annotations

from collections.abc import Sequence

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


def known_ids(ids: Sequence[int], symbols: Symbols) -> list[int]:
    """``ids (L,)`` with a known symbol in the place of each rare one."""
    known = {symbols.id(name): symbols.id(other) for name, other in KNOWN.items()}
    return [known.get(index, index) for index in ids]
