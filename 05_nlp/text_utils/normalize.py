"""From written to spoken text."""

from __future__ import annotations

import re

from text_utils.numbers import cardinal

_QUOTES = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "–": " - ", "—": " - ", "…": " - "}
)


def normalize_text(text: str) -> str:
    """Digits become words; sentence punctuation stays."""
    text = text.translate(_QUOTES)
    text = re.sub(r"[0-9]+", lambda found: f" {cardinal(int(found.group()[:36]))} ", text)
    return re.sub(r"(?<=[A-Za-z])-(?=[A-Za-z])", " ", text)
