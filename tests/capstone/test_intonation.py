"""A voice moves as much as it is known to move, and a question rises."""

from __future__ import annotations

import numpy as np
import pytest
from text_utils import Symbols, pronounce
from voice_replication.synthesizer.intonation import (
    SENTENCE_SHARE,
    TYPICAL_SPREAD,
    exclaim,
    melody,
    question_rise,
    symbol_means,
    widen,
)

LOG_F0 = np.array([0.0, 0.06, 0.02, 0.4, -0.03, -0.08], dtype=np.float32)
VOICED = np.array([True, True, True, False, True, True])
DURATIONS = np.array([8, 10, 6, 9, 12, 10])


def span(log_f0: np.ndarray) -> float:
    counted = np.repeat(log_f0[VOICED], DURATIONS[VOICED])
    return float(np.ptp(np.percentile(counted, [5, 95])))


def test_a_flat_sentence_gets_the_span_of_its_voice_and_keeps_its_mean() -> None:
    wide = widen(LOG_F0, VOICED, DURATIONS, 0.4)
    assert span(LOG_F0) < 0.15
    assert span(wide) == pytest.approx(0.4 * SENTENCE_SHARE, rel=0.01)
    means = [np.average(x[VOICED], weights=DURATIONS[VOICED]) for x in (LOG_F0, wide)]
    assert means[1] == pytest.approx(means[0], abs=1e-5)
    assert np.array_equal(np.argsort(wide), np.argsort(LOG_F0)), "accents stay where they are"


def test_what_moves_enough_stays_and_octave_errors_are_not_followed() -> None:
    lively = LOG_F0 * 6
    assert np.allclose(widen(lively, VOICED, DURATIONS, 0.4), lively, atol=1e-5)
    assert span(widen(LOG_F0 * 3, VOICED, DURATIONS, 1.0)) == pytest.approx(0.85, rel=0.01)
    wild, typical = (widen(LOG_F0, VOICED, DURATIONS, spread) for spread in (1.6, TYPICAL_SPREAD))
    assert np.array_equal(wild, typical), "nobody's pitch moves so much"


def test_a_monotone_is_not_blown_up_and_silence_is_left_alone() -> None:
    nearly = LOG_F0 * 0.01
    assert span(widen(nearly, VOICED, DURATIONS, 0.5)) == pytest.approx(3 * span(nearly), rel=0.01)
    nobody = np.zeros(6, dtype=bool)
    assert np.array_equal(widen(LOG_F0, nobody, DURATIONS, 0.5), LOG_F0)


def test_a_question_rises_from_its_last_stressed_vowel_to_its_last_voiced_frame() -> None:
    stressed = np.array([False, True, False, False, True, False])
    voiced = np.array([True, True, True, False, True, False])  # "... coat?"
    rise = question_rise(LOG_F0, stressed, voiced, DURATIONS)
    start = DURATIONS[:4].sum()
    assert len(rise) == DURATIONS.sum() and not rise[:start].any()
    assert (np.diff(rise[start : start + DURATIONS[4]]) > 0).all()
    assert 12 * rise[-1] / np.log(2) == pytest.approx(5.2, abs=0.1), "semitones"
    low = question_rise(LOG_F0 - 0.2, stressed, voiced, DURATIONS)
    assert low[-1] + LOG_F0[4] - 0.2 == pytest.approx(0.25), "from below it goes as high"
    assert question_rise(LOG_F0 - 2, stressed, voiced, DURATIONS)[-1] == pytest.approx(0.6)
    means = symbol_means(rise, DURATIONS)
    assert means[:4].max() == 0 and means[4] == pytest.approx(rise[-1] / 2, rel=0.1)
    assert np.allclose(np.average(means, weights=DURATIONS), rise.mean(), rtol=1e-5)


def test_what_is_asked_inside_a_line_rises_there_and_falls_after_it() -> None:
    words = pronounce("“Did it rain?” he asked. “Stop!”")
    names = Symbols().decode(Symbols().encode(words))
    voiced = np.array([name[-1].isdigit() or name in ("D", "R", "N", "Z") for name in names])
    durations = np.full(len(names), 5)
    flat = np.zeros(len(names), dtype=np.float32)
    log_f0, rise = melody(words, names, flat, voiced, durations, 0.4)
    question = 5 * (1 + len([p for word in words[:3] for p in (*word.phones, "")]))
    assert rise[:question].max() == pytest.approx(0.3)
    assert not rise[question:].any()
    stop = len(names) - len(words[-1].phones) - 1
    assert (log_f0[stop:] > 0.05).all() and not log_f0[:stop].any()


def test_a_question_of_one_whisper_rises_somewhere() -> None:
    nothing = np.zeros(2, dtype=bool)
    rise = question_rise(LOG_F0[:2], nothing, nothing, np.array([0, 4]))
    assert np.isfinite(rise).all() and rise[-1] > rise[0] == 0
    assert not symbol_means(rise, np.array([0, 4]))[0]


def test_an_exclamation_is_higher_and_livelier() -> None:
    lively = exclaim(LOG_F0, VOICED)
    assert span(lively) == pytest.approx(1.2 * span(LOG_F0), rel=0.01)
    lifted = lively[VOICED].mean() - LOG_F0[VOICED].mean()
    assert 12 * lifted / np.log(2) == pytest.approx(1.0, abs=0.05), "semitones"
    assert np.isfinite(exclaim(LOG_F0, np.zeros(6, dtype=bool))).all()
