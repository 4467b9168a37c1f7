"""The sample book is what the later floors count on: chapters, speakers, and things to say."""

from __future__ import annotations

import re

from book_utils import (
    FRONT_MATTER,
    extract_dialogue,
    read_text,
    sample_book_path,
    split_chapters,
    text_statistics,
)


def test_it_has_the_length_and_the_chapters_of_a_short_story() -> None:
    text = read_text(sample_book_path())
    chapters = split_chapters(text)
    assert 3000 <= text_statistics(text).words <= 5000
    assert [chapter.number for chapter in chapters] == [None, 1, 2, 3, 4, 5]
    assert chapters[0].title == FRONT_MATTER
    assert min(len(chapter.text.split()) for chapter in chapters[1:]) > 600


def test_people_speak_in_it() -> None:
    lines = extract_dialogue(read_text(sample_book_path()))
    speakers = {line.speaker for line in lines}
    assert {"Nell", "Mr. Pym", "Mrs. Dunmore", "Mr. Crane", "Miss Garrick"} <= speakers
    assert len(lines) > 100


def test_there_is_something_to_normalize() -> None:
    text = read_text(sample_book_path())
    for pattern in (r"\$\d+\.\d\d", r"\$\d+,\d{3}", r"\b\d{1,2}:\d\d", r"[A-Z][a-z]+ \d+, \d{4}"):
        assert re.search(pattern, text), pattern
    for short in ("Dr.", "Mrs.", "Capt.", "No. 6", "St.", "lbs.", "a.m.", "Co., Inc."):
        assert short in text
