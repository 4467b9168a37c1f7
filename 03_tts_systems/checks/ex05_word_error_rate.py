"""Checks 03.e5: each kind of edit, the best mixture of them, punctuation, and the edges."""

from types import ModuleType

from course.expect import expect_close, expect_raises

RULE = "WER = (replaced + deleted + inserted words) / words in the text, as few edits as possible"
CASES = (
    ("the cat sat", "the cat sat", 0.0),
    ("the cat sat", "the hat sat", 1 / 3),
    ("the cat sat", "the sat", 1 / 3),
    ("the cat sat", "the cat then sat", 1 / 3),
    ("The cat sat.", "the hat sat down", 2 / 3),
    ("The, cat; SAT!", '"the" cat sat?', 0.0),
    ("one two three four", "two three four", 1 / 4),  # a shift is one deletion, not four
    ("a b c d e", "b c x e f", 3 / 5),
    ("yes", "oh yes I said yes", 4.0),
    ("one two", "", 1.0),
    ("don't go", "dont go", 1 / 2),
    ("a b a b", "b a b a", 2 / 4),
)


def check(exercise: ModuleType) -> None:
    for text, heard, wanted in CASES:
        expect_close(
            exercise.word_error_rate(text, heard),
            wanted,
            what=f"word_error_rate({text!r}, {heard!r})",
            formula=RULE,
        )
    for text in ("", "  ", "?!"):
        expect_raises(
            ValueError,
            lambda t=text: exercise.word_error_rate(t, "something"),
            what=f"word_error_rate({text!r}, 'something')",
            hint="with no words in the text N is 0",
        )
