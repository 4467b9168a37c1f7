"""03.e5  Did it say what was written?

Task: write the measure with which the intelligibility of engines is compared. A recognizer writes
    down what it heard; count the fewest words to replace (S), delete (D) or insert (I) that turn
    the text into what was heard, and divide by the number of words in the text:

    WER = (S + D + I) / N

    Compare words in small letters and without the marks . , ! ? ; : " at their ends. An empty text
    raises ValueError. The result can be above 1.

Shapes: word_error_rate(text: str, heard: str) -> float
Example: word_error_rate("The cat sat.", "the hat sat down") -> 2 / 3   (replace cat, insert down)
"""

from __future__ import annotations


def word_error_rate(text: str, heard: str) -> float:
    """Share of the words that were not heard as written."""
    raise NotImplementedError("Fill the table of edit distances, row by row.")
