"""03.e5  Did it say what was written?: the solution

``row[j]`` is the least number of edits from the first i words of the text to the first j words
heard. Each new cell looks at three neighbours: above (delete), left (insert), diagonal (replace or
keep).
"""

from __future__ import annotations


def word_error_rate(text: str, heard: str) -> float:
    """Share of the words that were not heard as written."""
    reference, hypothesis = _words(text), _words(heard)
    if not reference:
        raise ValueError("the text has no words, so there is nothing to divide by")
    row = list(range(len(hypothesis) + 1))
    for i, word in enumerate(reference, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(hypothesis, 1):
            best = min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
            diagonal, row[j] = row[j], best
    return row[-1] / len(reference)


def _words(text: str) -> list[str]:
    stripped = (word.strip('.,!?;:"') for word in text.lower().split())
    return [word for word in stripped if word]
