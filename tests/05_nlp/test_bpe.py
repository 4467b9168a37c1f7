"""Byte-pair encoding: nothing is lost, nothing is unknown, and the vocabulary is what was asked."""

from __future__ import annotations

import pytest
from env_utils import InputError
from hypothesis import given, settings
from hypothesis import strategies as st
from text_utils import BytePairTokenizer, train_bpe
from text_utils.bpe import BASE, pieces

TEXT = "the clock told the time, and the time was told by the clock " * 5


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text())
def test_every_text_comes_back(text: str) -> None:
    text = text.encode("utf-8", errors="ignore").decode("utf-8")  # no lone surrogates
    tokenizer = train_bpe(TEXT, 300)
    assert "".join(pieces(text)) == text
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_more_merges_never_make_more_tokens_of_the_training_text() -> None:
    full = train_bpe(TEXT, 330)
    counts = [len(BytePairTokenizer(full.merges[:n]).encode(TEXT)) for n in range(0, 60, 10)]
    assert counts == sorted(counts, reverse=True) and counts[-1] < counts[0] / 3


def test_the_vocabulary_has_the_size_that_was_asked_for() -> None:
    assert len(train_bpe(TEXT, 256)) == len(BASE) == 256
    assert len(train_bpe(TEXT, 275)) == 275
    assert len(train_bpe("ab", 300)) == 257, "when no pair is left it stops"
    with pytest.raises(InputError, match="bytes alone are 256"):
        train_bpe(TEXT, 255)


def test_it_survives_a_json_file() -> None:
    tokenizer = train_bpe("naïve café 🙂 " * 4, 280)
    again = BytePairTokenizer.from_dict(tokenizer.to_dict())
    assert again == tokenizer and again.encode("café") == tokenizer.encode("café")
    for damaged in ({}, {"merges": [["a"]]}, {"merges": [["€", "a"]]}, {"merges": 3}):
        with pytest.raises(InputError, match="merges"):
            BytePairTokenizer.from_dict(damaged)
