"""Checks 01.e2: abbreviations, quotes, numbers, and that no letter is lost."""

from types import ModuleType

from book_utils import read_text, sample_book_path, split_chapters, split_paragraphs
from course.expect import expect, expect_equal

CASES = [
    ("It rained. We ran.", ["It rained.", "We ran."]),
    ("Dr. May paid $3.50. Why?", ["Dr. May paid $3.50.", "Why?"]),
    ("“Stop!” he said. I did.", ["“Stop!” he said.", "I did."]),
    ("“Stop.” Nobody did.", ["“Stop.”", "Nobody did."]),
    ("He lives at No. 6, Main St. with “Mrs. Hall.”", None),
    ("Wait… what? Yes!!! No end", ["Wait… what?", "Yes!!!", "No end"]),
    ('She asked, "Why not?" and left.', ['She asked, "Why not?" and left.']),
    ("It is 9.15 now.", ["It is 9.15 now."]),
    ("", []),
]


def check(exercise: ModuleType) -> None:
    """The cases, then a chapter of the sample book: what comes out is what went in."""
    for text, wanted in CASES:
        expect_equal(
            exercise.split_sentences(text),
            [text] if wanted is None else wanted,
            what=f"split_sentences({text!r})",
            hint="For each closing mark look at the word that it ends and at the letter that comes "
            "next.",
        )
    chapter = split_chapters(read_text(sample_book_path()))[1]
    for paragraph in split_paragraphs(chapter.text):
        joined = " ".join(exercise.split_sentences(paragraph))
        expect(
            joined.split() == paragraph.split(),
            f"The sentences of this paragraph do not make it up again:\n  {paragraph[:80]}…",
        )
