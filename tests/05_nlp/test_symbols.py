"""The alphabet: ids, their order, and what the aligner and the models ask of them."""

from __future__ import annotations

import pytest
from env_utils import CheckpointError
from hypothesis import given, settings
from hypothesis import strategies as st
from text_utils import PAUSES, PHONES, Symbols, Word, pronounce

_WORDS = st.lists(
    st.builds(
        Word,
        st.just("w"),
        st.lists(st.sampled_from(PHONES), min_size=1, max_size=6).map(tuple),
        st.sampled_from(PAUSES),
    )
)


def test_the_order_of_the_symbols_is_fixed() -> None:
    symbols = Symbols()
    assert len(symbols) == 79
    assert symbols.decode([0, 1]) == ["_", "^"]
    assert tuple(symbols.decode(range(2, 10))) == PAUSES
    assert symbols.decode([10, 33, 34, 35, 36, 78]) == ["B", "ZH", "AA0", "AA1", "AA2", "UW2"]
    assert symbols.fingerprint == "5194f2d03cb3"  # checkpoints in the wild were made with it


@given(_WORDS)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_encoding_is_reversible_and_has_one_pause_a_word(words: list[Word]) -> None:
    symbols = Symbols()
    ids = symbols.encode(words)
    assert len(ids) == 1 + sum(len(word.phones) + 1 for word in words)
    expected = ["^"]
    for word in words:
        expected += [*word.phones, word.pause]
    assert symbols.decode(ids) == expected
    assert sum(map(symbols.is_pause, ids)) == len(words)


def test_stress_is_dropped_by_base_and_nothing_else() -> None:
    symbols = Symbols()
    bases = {symbols.base(i) for i in range(10, 79)}
    assert bases == set(range(39))
    assert len({symbols.base(symbols.id(f"AH{stress}")) for stress in "012"}) == 1
    assert symbols.base(symbols.id("B")) != symbols.base(symbols.id("P"))
    assert symbols.is_vowel(symbols.id("ER0")) and not symbols.is_vowel(symbols.id("R"))
    assert symbols.is_phone(symbols.id("ER0")) and symbols.is_phone(symbols.id("B"))
    assert not any(symbols.is_phone(symbols.id(name)) for name in ("_", "^", " ", "!"))
    for index in (0, 1, 5, 79):
        with pytest.raises(ValueError, match="not a phone"):
            symbols.base(index)


def test_another_alphabet_is_refused_by_name() -> None:
    symbols = Symbols()
    assert Symbols.from_dict(symbols.to_dict()).names == symbols.names
    damaged = {"names": [*symbols.names[:-1], "XX"], "fingerprint": "abc"}
    with pytest.raises(CheckpointError, match=r"another alphabet.*abc"):
        Symbols.from_dict(damaged)
    with pytest.raises(CheckpointError, match="no symbols"):
        Symbols.from_dict({})


def test_real_words_encode() -> None:
    symbols = Symbols()
    words = pronounce("Hello, world!")
    assert symbols.decode(symbols.encode(words)) == [
        *("^", "HH", "AH0", "L", "OW1", ",", "W", "ER1", "L", "D", "!")
    ]
