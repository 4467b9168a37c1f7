"""Marks and vowels that training hardly met are spoken as known ones; marks keep their melody."""

from __future__ import annotations

import numpy as np
import pytest
from text_utils import Symbols, pronounce
from text_utils.symbols import PAUSES
from voice_replication.synthesizer.data import hear_pauses
from voice_replication.synthesizer.inference import Synthesis, Synthesizer
from voice_replication.synthesizer.rare_symbols import KNOWN, known_ids
from voice_replication.voices import VoiceStore

SYMBOLS = Symbols()


@pytest.fixture(scope="module")
def synthesizer() -> Synthesizer:
    """The one that ships."""
    return Synthesizer.load()


def say(synthesizer: Synthesizer, text: str, voice: str = "basil") -> Synthesis:
    return synthesizer.synthesize(pronounce(text), VoiceStore().get(voice).embedding)


def last_hz(spoken: Synthesis) -> float:
    """The pitch of the last five voiced frames."""
    assert spoken.f0_hz is not None
    return float(np.median(spoken.f0_hz[spoken.f0_hz > 0][-5:]))


def test_what_the_network_hears_is_known_and_as_long_as_what_is_written() -> None:
    every = list(range(len(SYMBOLS)))
    heard = known_ids(every, SYMBOLS)
    assert len(heard) == len(every)
    assert not {SYMBOLS.id(name) for name in KNOWN} & set(heard)
    assert known_ids(heard, SYMBOLS) == heard
    for before, after in zip(every, heard, strict=True):  # a pause stays one, a phone the same one
        assert SYMBOLS.is_pause(before) == SYMBOLS.is_pause(after)
        if SYMBOLS.is_phone(before):
            assert SYMBOLS.base(before) == SYMBOLS.base(after)
    assert {mark for mark in PAUSES if mark not in KNOWN} == {" ", ",", "."}


def test_training_reads_the_same_symbols() -> None:
    ids = SYMBOLS.encode(pronounce("Wait; the cowboy knows. Why?"))
    heard = hear_pauses(ids, [20] * len(ids), SYMBOLS)
    names = SYMBOLS.decode(heard)
    assert not set(names) & set(KNOWN)
    assert names.count("OY1") == 1 and names[-1] == "."


@pytest.mark.parametrize("mark", "?!")
def test_a_sentence_takes_the_time_of_a_statement(synthesizer: Synthesizer, mark: str) -> None:
    statement, other = say(synthesizer, "He is here."), say(synthesizer, f"He is here{mark}")
    assert np.array_equal(other.durations, statement.durations)


def test_yes_no_questions_rise_others_fall_and_exclamations_are_higher(
    synthesizer: Synthesizer,
) -> None:
    ends = {
        text: [last_hz(say(synthesizer, text + mark)) for mark in ".?!"]
        for text in ("This is my coat", "Where is my coat")
    }
    statement, question, exclamation = ends["This is my coat"]
    assert 1.15 < question / statement < 1.5  # up to five semitones
    assert ends["Where is my coat"][1] == ends["Where is my coat"][0]
    whole = [say(synthesizer, f"This is my coat{mark}").f0_hz for mark in ".!"]
    medians = [np.median(f0[f0 > 0]) for f0 in whole if f0 is not None]
    assert 1.0 < medians[1] / medians[0] < 1.15
    assert exclamation / statement < 1.15
