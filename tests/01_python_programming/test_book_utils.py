"""A book taken apart: nothing of it may be lost, and headings are not prose."""

from __future__ import annotations

from pathlib import Path

import pytest
from book_utils import (
    count_words,
    extract_dialogue,
    read_text,
    split_chapters,
    split_dialogue,
    split_paragraphs,
    text_statistics,
)
from env_utils import InputError
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("utf-8", "Café – naïve"), ("utf-8-sig", "Café"), ("utf-16", "Café"), ("cp1252", "Café “x”")],
)
def test_encodings(tmp_path: Path, encoding: str, text: str) -> None:
    path = tmp_path / "book.txt"
    path.write_bytes((text + "\r\nsecond").encode(encoding))
    assert read_text(path) == text + "\nsecond"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        (b"  \n ", "is empty"),
        (b"\x7fELF\x00\x01\x02", "binary file"),
        (bytes(range(128, 160)) * 20, "binary file"),
    ],
)
def test_what_is_not_a_text_is_refused(tmp_path: Path, data: bytes, sentence: str) -> None:
    path = tmp_path / "book.txt"
    path.write_bytes(data)
    with pytest.raises(InputError, match=f"book.txt.*{sentence}"):
        read_text(path)
    with pytest.raises(InputError, match="no such file"):
        read_text(tmp_path / "missing.txt")
    with pytest.raises(InputError, match="folder"):
        read_text(tmp_path)


BOOK = """THE LAMP
by Nobody

Contents

Chapter 1

Chapter 2

Chapter 1

The Pier

It was night.
Nobody came.

Part one of the plan was simple.

CHAPTER II. The Storm

Rain fell.

III

Wind rose.

Epilogue

All was well.
"""


def test_chapters_of_every_kind() -> None:
    chapters = split_chapters(BOOK)
    assert [c.title for c in chapters] == [
        "Chapter 1. The Pier",
        "CHAPTER II. The Storm",
        "III",
        "Epilogue",
    ]
    assert [c.number for c in chapters] == [1, 2, 3, 4]
    assert "Part one of the plan" in chapters[0].text
    assert "Contents" not in "".join(c.text for c in chapters)


def test_markdown_and_no_headings() -> None:
    assert [c.title for c in split_chapters("# Book\n\n## One\nA.\n\n## Two ##\nB.")] == [
        "One",
        "Two",
    ]
    whole = split_chapters("Just a story.\n\nWith two paragraphs.")
    assert [(c.title, c.number) for c in whole] == [("", 1)]
    assert split_paragraphs(whole[0].text) == ["Just a story.", "With two paragraphs."]


def test_a_long_beginning_is_part_of_the_story() -> None:
    chapters = split_chapters("Words of the story. " * 200 + "\n\nChapter 2\n\nMore.")
    assert len(chapters) == 2
    assert chapters[0].text.startswith("Words")


@given(st.text(alphabet="abc .\n\"“”'’#*IVXChapter1", max_size=300))
def test_paragraphs_and_dialogue_lose_no_letter(text: str) -> None:
    letters = [c for c in text if c.isalnum()]
    assert [c for c in "".join(split_paragraphs(text)) if c.isalnum()] == letters
    parts = split_dialogue(text)
    assert [c for part in parts for c in part.text if c.isalnum()] == letters


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('"Come in," said Anna. "Sit down."', [("Come in,", "Anna"), ("Sit down.", "Anna")]),
        ("“No,” he whispered.", [("No,", "he")]),
        ("Mrs. Hale asked softly, “Why?”", [("Why?", "Mrs. Hale")]),
        ("‘It’s Tom’s,’ replied the old man.", [("It’s Tom’s,", "the old man")]),
        ("It was Anna's book, and nobody spoke.", []),
        ('"A question?"\n\n"An answer."', [("A question?", ""), ("An answer.", "")]),
    ],
)
def test_dialogue_and_who_says_it(text: str, lines: list[tuple[str, str]]) -> None:
    assert [(line.text, line.speaker) for line in extract_dialogue(text)] == lines


def test_parts_keep_their_order() -> None:
    parts = split_dialogue("“Wait,” she said, “I am coming.” The door shut.")
    assert [(p.text, p.is_dialogue) for p in parts] == [
        ("“Wait,”", True),
        ("she said,", False),
        ("“I am coming.”", True),
        ("The door shut.", False),
    ]


def test_counts() -> None:
    statistics = text_statistics("It's here. It's well-known!\n\nIs it? No end")
    assert (statistics.words, statistics.sentences, statistics.paragraphs) == (8, 4, 2)
    assert statistics.common[0] == ("it's", 2)
    assert count_words("Don’t don't")["don't"] == 2
    assert statistics.minutes == pytest.approx(8 / 155)
