"""Checks 01.e4: examples, and the sample book with its quotes straightened and curled again."""

from types import ModuleType

from book_utils import read_text, sample_book_path
from course.expect import expect_equal

CASES = [
    ('"Come in," said Ada.', "“Come in,” said Ada."),
    ('He said, "It\'s late."', "He said, “It’s late.”"),
    ('He read ("twice") aloud.', "He read (“twice”) aloud."),
    ('one\n"two"\n\n"three"', "one\n“two”\n\n“three”"),
    ('Then—"No!"—it broke.', "Then—“No!”—it broke."),
    ('"', "“"),
    ("the dogs' bowls", "the dogs’ bowls"),
    ("no quotes", "no quotes"),
    ("", ""),
]


def check(exercise: ModuleType) -> None:
    """The cases; then every paragraph of the book comes back as it was printed."""
    for text, wanted in CASES:
        expect_equal(
            exercise.curl_quotes(text),
            wanted,
            what=f"curl_quotes({text!r})",
            hint="The character before a quotation mark decides, not how many came before it.",
        )
    for paragraph in read_text(sample_book_path()).split("\n\n"):
        if "‘" in paragraph:  # quotes inside quotes: more than this rule knows
            continue
        straight = paragraph.replace("“", '"').replace("”", '"').replace("’", "'")
        expect_equal(exercise.curl_quotes(straight), paragraph, what="a paragraph of the book")
