"""Which questions rise at their end.

"Did you see it?" can be answered with yes or no, and the voice goes up. "What did you see?" asks
for something else, and mostly falls like a statement: the question word says already that it is a
question (Quirk et al., *A Comprehensive Grammar of the English Language*, 1985, chapter 11).
The first words of its parts tell them apart::

    What did he say?                 falls    starts with a question word
    And to whom did he say it?       falls    small words before it do not count
    John, where are you?             falls    neither do other parts of the sentence
    When he came, did he say it?     rises    unless one starts with a verb of yes-no questions
    You saw it?  Nice, isn't it?     rise     no question word; a tag

What is asked back ("He did *what*?") has the question word where the answer would be, and rises.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from text_utils.symbols import Word
from text_utils.wordsets import words

QUESTION_WORDS = words(
    "who whom whose what which when where why how whoever whatever whichever wherever"
)
INTRODUCTIONS = words(  # may come before a question word without changing the question
    "and but so or then well now oh ah yes no in on at by to from for of with about under"
)
VERBS = words(  # that begin a yes-no question, and so does every one with "n't"
    "am is are was were do does did have has had can could will would shall should may might must"
)


def rises(sentence: Sequence[Word]) -> bool:
    """Whether ``sentence``, a question, goes up at its end."""
    parts = list(_parts(sentence))
    if any(part[0] in VERBS or part[0].endswith("n't") for part in parts):
        return True
    return not any(_asks_with_a_question_word(part) for part in parts)


def _asks_with_a_question_word(part: Sequence[str]) -> bool:
    for word in part:
        if word.split("'")[0] in QUESTION_WORDS:  # "what's", "who'll"
            return True
        if word not in INTRODUCTIONS:
            return False
    return False


def _parts(sentence: Sequence[Word]) -> Iterator[list[str]]:
    """The words between two marks, in lower case; introductions alone are no part."""
    part: list[str] = []
    for word in sentence:
        part.append(word.text.lower().replace("’", "'"))
        if word.pause != " " and not set(part) <= INTRODUCTIONS:
            yield part
            part = []
    if part:
        yield part
