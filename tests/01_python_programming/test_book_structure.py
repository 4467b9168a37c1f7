"""Chapters, paragraphs, dialogue and statistics of texts as books print them."""

from __future__ import annotations

import re
import time

import pytest
from book_utils import (
    FRONT_MATTER,
    count_words,
    extract_dialogue,
    is_scene_break,
    split_chapters,
    split_paragraphs,
    strip_gutenberg,
    text_statistics,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def _titles(text: str) -> list[tuple[str, int | None]]:
    return [(chapter.title, chapter.number) for chapter in split_chapters(text)]


@pytest.mark.parametrize(
    ("heading", "title", "number"),
    [
        ("Chapter 1", "Chapter 1", 1),
        ("CHAPTER ONE", "CHAPTER ONE", 1),
        ("Chapter Twenty-One", "Chapter Twenty-One", 21),
        ("CHAPTER XIV", "CHAPTER XIV", 14),
        ("Chapter IV.", "Chapter IV.", 4),
        ("Chapter 3: The Storm", "Chapter 3: The Storm", 3),
        ("CHAPTER II. THE POOL OF TEARS", "CHAPTER II. THE POOL OF TEARS", 2),
        ("Chapter 5 The Return", "Chapter 5 The Return", 5),
        ("Chapter the First", "Chapter the First", 1),
        ("Chapter 7 — In which it rains", "Chapter 7 — In which it rains", 7),
        ("Prologue", "Prologue", None),
        ("EPILOGUE: Years Later", "EPILOGUE: Years Later", None),
        ("# Chapter 2: Rain", "Chapter 2: Rain", 2),
        ("## Rain", "Rain", None),
        ("**Chapter 6**", "Chapter 6", 6),
        ("Chapter 8\n\nThe Long Way Home", "Chapter 8: The Long Way Home", 8),
        ("CHAPTER IX.\nA MAD TEA-PARTY", "CHAPTER IX: A MAD TEA-PARTY", 9),
        ("Rain\n====", "Rain", None),
    ],
)
def test_headings(heading: str, title: str, number: int | None) -> None:
    (chapter,) = split_chapters(f"{heading}\n\nIt was night, and it rained.\n")
    assert (chapter.title, chapter.number) == (title, number)
    assert chapter.text == "It was night, and it rained."


@pytest.mark.parametrize(
    "line",
    [
        "Chapter 5 was the best of them all, he said.",
        "He had read chapter 5.",
        "Part of it was true.",
        "I",
        "1984",
        "Introduction to the old man was not needed, since she knew him.",
        "Book ten seats for me, please.",
    ],
)
def test_what_is_no_heading(line: str) -> None:
    assert _titles(f"Some text.\n\n{line}\n\nMore text.\n") == [("", None)]


def test_a_book_with_contents_front_matter_parts_and_epilogue() -> None:
    book = """THE BOOK
by Somebody

CONTENTS

Chapter I. The Start
Chapter II. The Middle
Epilogue

PART ONE

Chapter I. The Start

It began.

Chapter II. The Middle

It went on. See

Chapter 1 is what he said.

EPILOGUE

It ended.
"""
    chapters = split_chapters(book)
    assert [(c.title, c.number) for c in chapters] == [
        (FRONT_MATTER, None),
        ("PART ONE, Chapter I. The Start", 1),
        ("Chapter II. The Middle", 2),
        ("EPILOGUE", None),
    ]
    assert chapters[1].text == "It began."
    assert "Chapter 1 is what he said." in chapters[2].text
    assert chapters[0].text.startswith("THE BOOK")


def test_markdown_is_divided_at_the_level_that_repeats() -> None:
    text = "# Book\n\nabout\n\n## One\n\na\n\n### Detail\n\nb\n\n## Two\n\nc\n"
    assert _titles(text) == [("Book", None), ("One", 1), ("Two", 2)]
    assert "### Detail" in split_chapters(text)[1].text


def test_lone_numbers_are_chapters_only_if_they_count() -> None:
    assert _titles("I\n\na\n\nII\n\nb\n\nIII\n\nc") == [("I", 1), ("II", 2), ("III", 3)]
    assert _titles("a\n\n12\n\nb\n\n7\n\nc") == [("", None)]


def test_texts_without_headings_and_without_anything() -> None:
    assert _titles("just a text\nof two lines") == [("", None)]
    assert split_chapters(" \n\n") == []


def test_the_licence_of_project_gutenberg_is_cut_off() -> None:
    text = (
        "licence\n*** START OF THE PROJECT GUTENBERG EBOOK X ***\n\nthe book\n\n"
        "*** END OF THE PROJECT GUTENBERG EBOOK X ***\nmore licence"
    )
    assert strip_gutenberg(text) == "the book"
    assert strip_gutenberg("no licence") == "no licence"


@pytest.mark.parametrize(
    ("text", "paragraphs"),
    [
        ("one\ntwo\n\nthree", ["one two", "three"]),
        ("one\n\n\n \n\ntwo\n", ["one", "two"]),
        ("  One is\nwrapped.\n  Two too.", ["One is wrapped.", "Two too."]),
        ("a\n\n* * *\n\nb", ["a", "* * *", "b"]),
        ("x" * 130 + "\n" + "y" * 140, ["x" * 130, "y" * 140]),
        ("one\r\n\r\ntwo", ["one", "two"]),
        ("", []),
    ],
)
def test_paragraphs(text: str, paragraphs: list[str]) -> None:
    assert split_paragraphs(text) == paragraphs


def test_scene_breaks() -> None:
    assert all(map(is_scene_break, ["* * *", "***", "---", "#", "~", "⁂"]))
    assert not any(map(is_scene_break, ["", "a", "* a *", "..."]))


@pytest.mark.parametrize(
    ("text", "speech", "speaker"),
    [
        ('"Hello," said Tom.', "Hello,", "Tom"),
        ("“Hello,” Tom said.", "Hello,", "Tom"),
        ("Mrs. Hall asked, “Why?”", "Why?", "Mrs. Hall"),
        ('"No," the old man muttered.', "No,", "the old man"),
        ('"Yes," Anna quickly replied.', "Yes,", "Anna"),
        ('"Yes," she said.', "Yes,", None),
        ('"Yes."', "Yes.", None),
        ("‘It’s fine,’ said Bob.", "It’s fine,", "Bob"),
        ("“No end\n\nNext one.", "No end", None),
        ("«Oui», said Marie.", "Oui", "Marie"),
        ("‘It’s Tom’s,’ replied the old man.", "It’s Tom’s,", "the old man"),
    ],
)
def test_dialogue(text: str, speech: str, speaker: str | None) -> None:
    (line,) = extract_dialogue(text)
    assert (line.text, line.speaker) == (speech, speaker)
    assert speech in text[line.start : line.end]


def test_two_speeches_of_one_paragraph_have_one_speaker() -> None:
    lines = extract_dialogue('"Well," said Tom, "we go." He left.\n\n"Do we?"')
    assert [(line.text, line.speaker) for line in lines] == [
        ("Well,", "Tom"),
        ("we go.", "Tom"),
        ("Do we?", None),
    ]


def test_statistics() -> None:
    counted = text_statistics('"Go," said Tom. He went away.\n\n* * *\n\nNight came, night fell.')
    assert (counted.words, counted.distinct_words) == (10, 9)
    assert (counted.sentences, counted.paragraphs) == (3, 2)
    assert counted.dialogue_share == pytest.approx(0.1)
    assert counted.minutes == pytest.approx(10 / 150)
    assert counted.common[0] == ("night", 2)
    assert text_statistics("").words_per_sentence == 0
    assert count_words("Don’t don't well-known") == {"don't": 2, "well-known": 1}


_PROPERTY = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
_PIECES = st.sampled_from(
    [
        "Chapter 1\n\n",
        "II\n",
        "# T\n",
        "\n\n",
        "\n",
        '"Go," said Tom. ',
        "“",
        "word ",
        "Part Two\n\n",
    ]
)
_BOOKS = st.one_of(
    st.text(), st.lists(st.one_of(_PIECES, st.text(max_size=5)), max_size=15).map("".join)
)


@_PROPERTY
@given(_BOOKS)
def test_no_word_is_lost(text: str) -> None:
    words = re.findall(r"\w+", text)
    chapters = split_chapters(text)
    found = " ".join(f"{c.title if c.title != FRONT_MATTER else ''} {c.text}" for c in chapters)
    assert re.findall(r"\w+", found) == words
    assert "".join("".join(split_paragraphs(text)).split()) == "".join(text.split())


@_PROPERTY
@given(_BOOKS)
def test_dialogue_lies_where_it_says(text: str) -> None:
    end = 0
    for line in extract_dialogue(text):
        assert end <= line.start < line.end <= len(text)
        assert line.text and line.text in text[line.start : line.end]
        end = line.end
    assert 0 <= text_statistics(text).dialogue_share <= 1


@pytest.mark.parametrize(
    "piece", ["Chapter 1\n\nText.\n\n", '"Go," said Tom. ', "“", "a\n", "I\n\n"]
)
def test_a_long_text_takes_a_second(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    started = time.process_time()
    split_chapters(text)
    split_paragraphs(text)
    extract_dialogue(text)
    assert time.process_time() - started < 3
