"""Pauses at marks are as long as those of people who read what is written."""

from __future__ import annotations

import numpy as np
import pytest
from audio_utils import DEFAULT_SPEC
from text_utils import Symbols, pronounce
from voice_replication.narration.settings import Pauses
from voice_replication.synthesizer.inference import Synthesizer
from voice_replication.synthesizer.pauses import pause_frames
from voice_replication.voices import VoiceStore

SYMBOLS = Symbols()
SAMPLES = ("ada", "basil", "clara", "dorian")


@pytest.fixture(scope="module")
def synthesizer() -> Synthesizer:
    """The one that ships."""
    return Synthesizer.load()


def pause_seconds(synthesizer: Synthesizer, mark: str, voice: str, speed: float = 1.0) -> float:
    """The pause in seconds that ``mark`` makes between two clauses."""
    words = pronounce(f"We walked along the river{mark} and they ran to the house.")
    spoken = synthesizer.synthesize(words, VoiceStore().get(voice).embedding, speed=speed)
    place = len(SYMBOLS.encode(pronounce("We walked along the river."))) - 1
    return int(spoken.durations[place]) / DEFAULT_SPEC.frames_per_second


@pytest.mark.parametrize("voice", SAMPLES)
def test_a_dash_a_semicolon_and_a_full_stop_are_longer_than_a_comma(
    synthesizer: Synthesizer, voice: str
) -> None:
    comma, dash, semicolon, colon = (
        pause_seconds(synthesizer, mark, voice) for mark in (",", " -", ";", ":")
    )
    assert 0.2 < comma < 0.36, "where commas are written, readers pause for 0.22 and 0.29 s"
    assert dash == pytest.approx(1.4 * comma, abs=0.03)
    assert comma < dash < semicolon <= colon < 0.56
    assert comma < Pauses().sentence


def test_pauses_follow_the_speed(synthesizer: Synthesizer) -> None:
    slow, fast = (pause_seconds(synthesizer, ",", "ada", speed) for speed in (0.5, 2.0))
    assert slow / fast == pytest.approx(4.0, rel=0.15)


def test_only_long_commas_are_shortened() -> None:
    ids = SYMBOLS.encode(pronounce("Wait, now; go."))
    short = np.full(len(ids), 10.0, np.float32)
    marks = {name: i for i, name in enumerate(SYMBOLS.decode(ids)) if name in ",;."}
    spoken = pause_frames(ids, short, SYMBOLS)
    assert spoken[marks[","]] == 10 and spoken[marks[";"]] == pytest.approx(17)
    assert (np.delete(spoken, marks[";"]) == 10).all()
    spoken = pause_frames(ids, 6 * short, SYMBOLS)
    assert 20 < spoken[marks[","]] < 35 and spoken[marks["."]] == 60
