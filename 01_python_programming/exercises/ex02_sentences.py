"""01.e2  Where does a sentence end?

Task: fill in `split_sentences`. A sentence ends with one or more of . ! ? …, together with the
quotation marks right behind them, if a space or the end of the text follows, except

- after a word in ABBREVIATIONS (an opening quotation mark before it does not matter), or
- if the next letter is a small one: "No!" cried Ada.

Return the sentences without the spaces around them. Nothing else is lost.

    split_sentences("Dr. May paid $3.50. Why?")   ->  ["Dr. May paid $3.50.", "Why?"]
    split_sentences("“Stop!” he said. I did.")    ->  ["“Stop!” he said.", "I did."]
"""

from __future__ import annotations

ABBREVIATIONS = {"Mr.", "Mrs.", "Dr.", "St.", "Capt.", "No.", "a.m.", "p.m."}


def split_sentences(text: str) -> list[str]:
    """The sentences of a paragraph, in order."""
    raise NotImplementedError("find the closing marks, then decide about each of them")
