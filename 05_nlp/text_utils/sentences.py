"""Sentences of a text."""

from __future__ import annotations

import re


def split_sentences(text: str, limit: int = 300) -> list[str]:
    """Sentences with their punctuation; one longer than ``limit`` characters is cut at clauses."""
    del limit
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+", text) if part.strip()]
