"""The bars: what is reached, what is missed, by how much, and what cannot be known."""

from __future__ import annotations

from typing import Any

import pytest
from voice_replication.evaluation import quality_bars
from voice_replication.evaluation.hard_inputs import HardResult
from voice_replication.evaluation.smoothness import Smoothness
from voice_replication.evaluation.summary import Bar
from voice_replication.evaluation.zero_shot import Trials


def row(rate: float, aligned: float = 1.0, gaps: int = 0, **more: Any) -> dict[str, Any]:
    return {"sentences": 60, "word_error_rate": rate, "aligned": aligned, "similarity": 0.9,
            "similarity_as_short": None, "failures": {"gap": gaps}, "predicted_smoothness": None,
            **more}  # fmt: skip


def named(bars: list[Bar], part: str) -> Bar:
    (found,) = [bar for bar in bars if part in bar.what]
    return found


def bars_of(system: dict[str, Any], same: dict[str, Any], hard: list[HardResult]) -> list[Bar]:
    rows = {"system": system, "same-text": same, "real": row(0.30)}
    return quality_bars.all_bars(rows, {}, [], hard=hard)


def test_words_are_compared_with_recordings_of_the_same_sentences() -> None:
    good = [HardResult("one word", True, "fine")]
    for part, met, missed in (("word error", True, ""), ("aligned", True, "")):
        bars = bars_of(row(0.50), row(0.319), good)
        bar = named(bars, "word error" if part == "word error" else "forced alignment")
        assert (bar.met, bar.missed_by) == (met, missed)
    bars = bars_of(row(0.1, 0.98, gaps=1), row(0.335, 0.98), [HardResult("x", False, "hiss")])
    assert named(bars, "word error").missed_by == "1.5%"
    assert named(bars, "forced alignment").missed_by == "1.0%"
    assert named(bars, "pauses").missed_by == "1"
    assert named(bars, "hard inputs").met is False
    assert named(bars, "sentences in heard").measured == "120"
    alone = quality_bars.all_bars({"system": row(0.2)}, {}, [])
    assert named(alone, "word error").met is None


def test_similarity_is_a_share_of_what_recordings_reach_with_each_other() -> None:
    reached = named(bars_of(row(0.3, similarity=0.864), row(0.3), []), "similarity")
    assert (reached.met, reached.measured) == (True, "96.0%")
    missed = named(bars_of(row(0.3, similarity=0.81), row(0.3), []), "similarity")
    assert (missed.met, missed.missed_by) == (False, "5.0%")
    fair = row(0.3, similarity=0.81, similarity_as_short=0.84)  # short sentences, short excerpts
    bar = named(bars_of(fair, row(0.3), []), "similarity")
    assert (bar.met, bar.measured) == (True, "96.4% (of whole recordings 90.0%)")


def copy_row(**changed: float) -> dict[str, Any]:
    values = {"pesq": 3.5, "mcd_db": 1.5, "voiced_lost": 0.03, "hnr_difference_db": -0.5,
              "stripes_db": 0.6}  # fmt: skip
    return {**values, **changed}


@pytest.mark.parametrize(
    ("changed", "part", "missed"),
    [
        ({"pesq": 3.1}, "PESQ", "0.30"),
        ({"mcd_db": 2.25}, "MCD", "0.25 dB"),
        ({"voiced_lost": 0.1}, "voiced frames", "6.0%"),
        ({"hnr_difference_db": -3.0}, "harmonics", "2.0 dB"),
        ({"hnr_difference_db": 1.5}, "harmonics", "0.5 dB"),
        ({"stripes_db": 3.9}, "stripes", "2.90 dB"),
    ],
)
def test_each_defect_of_a_copy_misses_its_own_bar(
    changed: dict[str, float], part: str, missed: str
) -> None:
    bars = list(quality_bars.copies({"copy-unseen": copy_row(**changed)}, {}))
    assert [bar.what for bar in bars if not bar.met] == [named(bars, part).what]
    assert named(bars, part).missed_by == missed


def test_copies_are_judged_on_unseen_speakers_and_on_full_band_recordings() -> None:
    groups = {"copy": {"full band": copy_row(), "16 kHz": copy_row(pesq=1.0)}}
    bars = list(quality_bars.copies({"copy-unseen": copy_row()}, groups))
    assert len(bars) == 10
    assert all(bar.met for bar in bars)


def test_every_fifth_of_the_mel_must_move_like_speech() -> None:
    def measured(*values: float, variance: float = 1.0) -> list[bool | None]:
        same = row(0.3, predicted_smoothness=Smoothness(values, variance))
        return [bar.met for bar in quality_bars.smoothness({"system": row(0.3), "same-text": same})]

    assert measured(1.0, 0.96, 1.04, 1.0, float("nan"), variance=0.91) == [True, True]
    assert measured(1.0, 0.94, 1.0, 1.0, 1.0, variance=1.11) == [False, False]
    assert [bar.met for bar in quality_bars.smoothness({"system": row(0.3)})] == [None, None]


def test_one_dull_voice_misses_the_bar_of_every_voice() -> None:
    voices = [{"voice": "amy", "high_band_db": -31.0, "f0_range_ratio": 0.9},
              {"voice": "ben", "high_band_db": -40.0, "f0_range_ratio": 0.7}]  # fmt: skip
    treble, pitch = quality_bars.sound(voices, full_band_db=-30.0)
    assert treble.met is False
    assert treble.missed_by == "4.0 dB"
    assert "1 of 2 voices; worst ben" in treble.measured
    assert (pitch.met, pitch.missed_by) == (False, "5%")
    assert "1 of 2 voices within" in pitch.measured
    assert next(iter(quality_bars.sound(voices[:1], None))).what.startswith("F0 range")


def test_zero_shot_voices_are_held_against_their_three_bars() -> None:
    trials = [Trials("zero-shot speech", 60, 16, 0.7, 0.12, 0.65, 0.8, 250, 25)]
    eer, nearer, aligned = quality_bars.unseen(row(0.3, aligned=0.99), trials)
    assert [bar.met for bar in (eer, nearer, aligned)] == [True, False, True]
    assert nearer.missed_by == "5.0%"
    unknown = list(quality_bars.unseen(row(0.3), []))
    assert [bar.met for bar in unknown] == [None, None, True]
