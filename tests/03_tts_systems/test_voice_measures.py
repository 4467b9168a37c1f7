"""Pitch, formants, tempo and the adaptation: right on signals whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from env_utils import InputError
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter
from tts_utils import (
    Audio,
    EspeakEngine,
    EspeakOptions,
    adapt_voice,
    fit_adaptation,
    measure_voice,
    pitch_contour,
    psola,
    voice_distances,
)
from tts_utils.adapt import shape_envelope
from tts_utils.portrait import syllable_rate
from tts_utils.spectrum import BANDS_HZ, formants_of_frame, speech_spectrum

RATE = 16_000
TEXT = "The light above the harbor went out a little after nine, and nobody could say why."
OTHER = "Bring the lamp closer, please, and let us look at the old map together for a while."


def buzz(f0_hz: float, seconds: float = 0.5, rate: int = RATE) -> np.ndarray:
    """Pulses through two resonances (700 and 1 200 Hz): a vowel whose pitch is known."""
    pulses = np.zeros(round(seconds * rate))
    pulses[np.round(np.arange(0, len(pulses) - 1, rate / f0_hz)).astype(int)] = 1.0
    for frequency, bandwidth in ((700.0, 80.0), (1_200.0, 90.0)):
        radius, angle = np.exp(-np.pi * bandwidth / rate), 2 * np.pi * frequency / rate
        pulses = lfilter([1.0], [1.0, -2 * radius * np.cos(angle), radius**2], pulses)
    return 0.5 * pulses / np.abs(pulses).max()


@settings(max_examples=25, deadline=None)
@given(st.floats(70, 390))
def test_pitch_of_a_buzz_is_its_pulse_rate(f0_hz: float) -> None:
    found = pitch_contour(buzz(f0_hz), RATE)[5:-5]
    assert (found > 0).all()
    assert np.median(found) == pytest.approx(f0_hz, rel=0.01)


def test_noise_silence_and_clicks_have_no_pitch() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, RATE)
    assert (pitch_contour(noise, RATE) > 0).mean() < 0.02
    assert not pitch_contour(np.zeros(RATE), RATE).any()


def test_formants_are_the_resonances() -> None:
    frame = buzz(110, 0.05, 10_000)
    found = formants_of_frame(frame, 10_000)
    assert found[0] == pytest.approx(700, rel=0.05) and found[1] == pytest.approx(1_200, rel=0.05)


def test_average_spectrum_forgets_loudness_and_finds_the_band() -> None:
    tone = np.sin(2 * np.pi * 1_000 * np.arange(RATE) / RATE)
    centres, levels, _ = speech_spectrum(0.5 * tone, RATE)
    assert abs(centres[np.nanargmax(levels)] / 1_000 - 1) < 0.1
    speech, rate = EspeakEngine().synthesize(TEXT)
    (_, quiet, _), (_, loud, _) = (speech_spectrum(g * speech, rate) for g in (0.2, 0.9))
    np.testing.assert_allclose(quiet, loud, atol=0.5)


def test_tempo_follows_the_engines_own_setting() -> None:
    slow, fast = (
        syllable_rate(EspeakEngine(EspeakOptions(words_per_minute=wpm)).synthesize(TEXT))
        for wpm in (120, 240)
    )
    assert 1.5 < fast / slow < 2.3


def test_psola_with_nothing_to_change_changes_nearly_nothing() -> None:
    speech = buzz(120, 1.0)
    f0 = pitch_contour(speech, RATE)
    same = psola(speech, RATE, f0, f0)
    assert len(same) == len(speech)
    middle = slice(2_000, -2_000)
    assert np.corrcoef(same[middle], speech[middle])[0, 1] > 0.97


@pytest.mark.parametrize("ratio", [0.7, 1.4, 1.9])
def test_psola_moves_the_pitch_and_leaves_the_formants(ratio: float) -> None:
    speech = buzz(120, 1.0)
    f0 = pitch_contour(speech, RATE)
    moved = psola(speech, RATE, f0, f0 * ratio, tempo=1.25)
    assert len(moved) == round(len(speech) / 1.25)
    found = pitch_contour(moved, RATE)
    assert np.median(found[found > 0]) == pytest.approx(120 * ratio, rel=0.03)
    _, before, _ = speech_spectrum(speech, RATE)
    _, after, _ = speech_spectrum(moved, RATE)
    peak_before, peak_after = np.nanargmax(before), np.nanargmax(after)
    assert abs(int(peak_before) - int(peak_after)) <= 2  # of 32 bands, three a formant's width


def test_psola_refuses_what_makes_no_sense() -> None:
    with pytest.raises(InputError, match="shapes"):
        psola(np.zeros(100), RATE, np.zeros(3), np.zeros(4))
    with pytest.raises(InputError, match="tempo"):
        psola(np.zeros(100), RATE, np.zeros(3), np.zeros(3), tempo=9)


def test_shaping_with_nothing_to_change_gives_the_sound_back() -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, 5_000)
    same = shape_envelope(sound, RATE, 1.0, np.zeros(32))
    np.testing.assert_allclose(same, sound, atol=1e-5)


def test_a_gain_of_ten_decibels_is_ten_decibels() -> None:
    tone = 0.1 * np.sin(2 * np.pi * 1_000 * np.arange(RATE) / RATE)
    gain = np.zeros(32)
    gain[np.abs(np.log(np.sqrt(BANDS_HZ[:-1] * BANDS_HZ[1:]) / 1_000)) < 0.3] = 10.0
    louder = shape_envelope(tone, RATE, 1.0, gain)[4_000:-4_000]
    assert 20 * np.log10(louder.std() / tone.std()) == pytest.approx(10, abs=0.5)


NEW = (
    "A voice is a habit of the body, and a little can be borrowed.",
    "The old clock in the hall had stopped, and nobody knew why it did.",
    "She opened the window and listened to the rain on the roof.",
)


@pytest.mark.parametrize("variant", ["f2", "f4"])
def test_adaptation_comes_closer_on_words_it_was_not_fitted_on(variant: str) -> None:
    engine = EspeakEngine()
    reference = engine.synthesize(OTHER, f"en-us+{variant}")
    plan = fit_adaptation(engine.synthesize(TEXT), reference)
    wanted = measure_voice(reference)
    before, after = [], []
    for sentence in NEW:  # several, since f2's breath is a little different each time
        new = engine.synthesize(sentence)
        adapted = adapt_voice(new, plan)
        before.append(voice_distances(measure_voice(new), wanted))
        after.append(voice_distances(measure_voice(adapted), wanted))
        assert np.abs(adapted.samples).max() <= 1 and np.isfinite(adapted.samples).all()
    for name, share in (("pitch_semitones", 0.2), ("formants_percent", 0.9), ("spectrum_db", 0.6)):
        assert sum(d[name] for d in after) < share * sum(d[name] for d in before)


def test_a_voice_is_at_distance_zero_from_itself_and_distances_are_symmetric() -> None:
    one, other = (measure_voice(EspeakEngine().synthesize(TEXT, v)) for v in ("en-us", "en-us+f2"))
    assert all(value == 0 for value in voice_distances(one, one).values())
    there, back = voice_distances(one, other), voice_distances(other, one)
    assert there == pytest.approx(back)
    assert 10 < there["pitch_semitones"] < 13  # f2 speaks nearly an octave above


def test_what_has_no_voice_is_refused() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    with pytest.raises(InputError, match="no voice"):
        measure_voice(Audio(noise, RATE))
    with pytest.raises(InputError, match=r"0\.10 s"):
        measure_voice(Audio(noise[:1_600], RATE))
