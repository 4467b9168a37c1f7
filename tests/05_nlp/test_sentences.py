"""Sentences end where a reader would stop, nothing is lost, and a megabyte takes seconds."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from text_utils import split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("word", ["word"]),
        ("Dr. Smith met Mr. Jones. He left.", ["Dr. Smith met Mr. Jones.", "He left."]),
        ("It cost 3.5 million. Yes.", ["It cost 3.5 million.", "Yes."]),
        ("At 5 p.m. He left.", ["At 5 p.m.", "He left."]),
        ("At 5 p.m. on Monday.", ["At 5 p.m. on Monday."]),
        ("The U.S. Army came. So did I.", ["The U.S. Army came.", "So did I."]),
        ("He lives in the U.S. They moved.", ["He lives in the U.S.", "They moved."]),
        ("J. R. R. Tolkien wrote it.", ["J. R. R. Tolkien wrote it."]),
        ("This is plan B. He left.", ["This is plan B.", "He left."]),
        ("It was I. The man left.", ["It was I.", "The man left."]),
        ("Apples, etc. and pears.", ["Apples, etc. and pears."]),
        ("Apples, etc. The end.", ["Apples, etc.", "The end."]),
        ("See No. 5. It is good.", ["See No. 5.", "It is good."]),
        ("She said no. He left.", ["She said no.", "He left."]),
        ("He lives on Main St. She too.", ["He lives on Main St.", "She too."]),
        ("Smith Jr. was here.", ["Smith Jr. was here."]),
        ('"What?" he said. "No!"', ['"What?" he said.', '"No!"']),
        ('He said, "I am here." Then he left.', ['He said, "I am here."', "Then he left."]),
        ("“Go!” “Why?”", ["“Go!”", "“Why?”"]),
        ("(He did.) So did I.", ["(He did.)", "So did I."]),
        ("He left... and came back.", ["He left... and came back."]),
        ("He left... Then he came.", ["He left...", "Then he came."]),
        ("Chapter One\n\nIt was night.", ["Chapter One", "It was night."]),
        ("CHAPTER ONE\nIt was night.", ["CHAPTER ONE", "It was night."]),
        ("a line that is hard-wrapped\nhere. Yes.", ["a line that is hard-wrapped here.", "Yes."]),
        ("- one\n- two", ["- one", "- two"]),
        ("1. First of all.\n2. Then.", ["1. First of all.", "2. Then."]),
        ("你好。再见！Yes.", ["你好。", "再见！", "Yes."]),
        ("", []),
        (" \n\n \n", []),
    ],
)
def test_where_sentences_end(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


def test_a_long_sentence_is_cut_at_clauses() -> None:
    clause = "and the old man walked down the long road, "
    pieces = split_sentences(clause * 20 + "he said.", limit=200)
    assert len(pieces) > 3
    assert all(len(piece) <= 200 for piece in pieces)
    assert all(piece.endswith(",") for piece in pieces[:-1])


def test_five_hundred_words_without_a_mark_are_cut_between_words() -> None:
    pieces = split_sentences(" ".join(f"word{'s' * (i % 7)}" for i in range(500)))
    assert max(map(len, pieces)) <= 300
    assert sum(len(piece.split()) for piece in pieces) == 500


def test_a_limit_too_small_for_a_word_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 20"):
        split_sentences("x", limit=5)


_PROPERTY = settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
_MARKS = st.sampled_from(
    ["Dr. ", "e.g. ", ". ", "! ", '"', "”", "\n", "\n\n", "A. ", "1. ", "Go ", "x" * 50]
)


@_PROPERTY
@given(st.one_of(st.text(), st.lists(st.one_of(_MARKS, st.text(max_size=4))).map("".join)))
def test_no_character_is_lost_and_none_is_empty(text: str) -> None:
    sentences = split_sentences(text, limit=40)
    assert "".join("".join(sentences).split()) == "".join(text.split())
    assert all(sentence.strip() == sentence != "" for sentence in sentences)
    assert all(len(sentence) <= 40 for sentence in sentences)


@pytest.mark.parametrize(
    ("piece", "size"),
    [
        ("He met Dr. Smith at 5 p.m. Then they left. ", 1_000_000),
        *((piece, 200_000) for piece in ("a", ". ", "A. ", "\n", '("', "1. ", "x\n", "Dr. ")),
    ],
)
def test_a_megabyte_takes_seconds(piece: str, size: int) -> None:
    text = piece * (size // len(piece))
    started = time.process_time()
    split_sentences(text)
    assert time.process_time() - started < 2.5
