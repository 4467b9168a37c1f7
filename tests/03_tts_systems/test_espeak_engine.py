"""espeak-ng must always be able to speak: it is the anchor of every comparison."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from audio_utils import f0_contour, resample
from env_utils import InputError
from hypothesis import given, settings
from hypothesis import strategies as st
from tts_utils import EspeakEngine, EspeakOptions, TTSEngine
from tts_utils.espeak import prepare_text

SENTENCE = "The quick brown fox jumps over the lazy dog."


@pytest.fixture(scope="module")
def engine() -> EspeakEngine:
    return EspeakEngine()


def test_a_sentence_lasts_as_long_as_a_person_needs(engine: EspeakEngine) -> None:
    samples, rate = engine.synthesize(SENTENCE)
    assert rate == engine.sample_rate == 22_050
    assert samples.dtype == np.float32 and samples.ndim == 1
    assert 2.0 < len(samples) / rate < 4.5
    assert 0.2 < np.abs(samples).max() <= 1
    frames = samples[: len(samples) // 441 * 441].reshape(-1, 441)
    loud = np.sqrt((frames**2).mean(axis=1)) > 0.01
    assert loud.mean() > 0.6, "it speaks most of the time"


def test_same_text_same_samples_whatever_was_said_between(engine: EspeakEngine) -> None:
    first = engine.synthesize(SENTENCE)
    engine.synthesize("Something else!", "de")
    EspeakEngine(EspeakOptions(words_per_minute=300, pitch=80)).synthesize("And faster.")
    np.testing.assert_array_equal(engine.synthesize(SENTENCE).samples, first.samples)


def test_more_text_takes_longer(engine: EspeakEngine) -> None:
    one, two = (
        engine.synthesize(SENTENCE).seconds,
        engine.synthesize(f"{SENTENCE} {SENTENCE}").seconds,
    )
    assert two == pytest.approx(2 * one, rel=0.25)


def test_options_do_what_they_say() -> None:
    plain = EspeakEngine().synthesize(SENTENCE)
    fast = EspeakEngine(EspeakOptions(words_per_minute=350)).synthesize(SENTENCE)
    gaps = EspeakEngine(EspeakOptions(word_gap_ms=200)).synthesize(SENTENCE)
    high = EspeakEngine(EspeakOptions(pitch=90)).synthesize(SENTENCE)
    assert fast.seconds < 0.65 * plain.seconds
    assert gaps.seconds > plain.seconds + 0.8

    def median_f0(audio: np.ndarray) -> float:
        f0 = f0_contour(resample(audio, 22_050, 24_000))
        return float(np.median(f0[f0 > 0]))

    assert median_f0(high.samples) > 1.15 * median_f0(plain.samples)
    for wrong in ({"words_per_minute": 20}, {"pitch": 100}, {"word_gap_ms": -1}):
        with pytest.raises(InputError, match=next(iter(wrong))):
            EspeakOptions(**wrong)


def test_voices_are_listed_and_sound_different(engine: EspeakEngine) -> None:
    voices = engine.voices()
    assert voices[0] == "en-us" and len(voices) > 100 and len(set(voices)) == len(voices)
    assert {"en-gb", "de", "fr-fr", "es"} <= set(voices)
    american, british = (engine.synthesize("bath, water, car", v) for v in ("en-us", "en-gb"))
    assert not np.array_equal(american.samples, british.samples)
    assert any(voice.name == "English (Great Britain)" for voice in engine.describe_voices())
    with pytest.raises(InputError, match="no voice 'klingon'"):
        engine.synthesize("hello", "klingon")


def test_a_variant_is_another_throat_with_the_same_rules(engine: EspeakEngine) -> None:
    plain, higher = (engine.synthesize(SENTENCE, voice) for voice in ("en-us", "en-us+f2"))
    assert not np.array_equal(plain.samples, higher.samples)
    assert engine.phonemes("bath", "en-gb") != engine.phonemes("bath", "en-us")
    assert engine.phonemes("bath", "en-us+f2") == engine.phonemes("bath", "en-us")
    assert {"f2", "m3", "croak"} <= set(engine.variants())
    with pytest.raises(InputError, match="no variant 'q9'"):
        engine.synthesize("hello", "en-us+q9")


def test_phonemes_cover_the_whole_text(engine: EspeakEngine) -> None:
    assert engine.phonemes("Cat. Dog!") == engine.phonemes("Cat") + " " + engine.phonemes("Dog")
    assert engine.phonemes("...") == ""
    assert engine.phonemes("sea") == "sˈiː"


@pytest.mark.parametrize(
    "text", ["", "   \n\t", "...", "* * *", "—", "\x00\x01", "😀", "___", "?!"]
)
def test_text_without_words_is_an_input_error(engine: EspeakEngine, text: str) -> None:
    with pytest.raises(InputError, match="nothing that can be spoken"):
        engine.synthesize(text)


def test_marks_are_not_read_aloud_and_nothing_is_lost(engine: EspeakEngine) -> None:
    assert prepare_text("One * two — three.") == "One, two, three."
    assert prepare_text("*bold* and [brackets]") == "bold and brackets"
    assert prepare_text("line\nbreak\n\nparagraph") == "line break. paragraph"
    assert prepare_text("AT&T: $5, 50%") == "AT&T: $5, 50%"
    plain, marked = (engine.synthesize(t).seconds for t in ("bold words", "*bold* words"))
    assert marked == pytest.approx(plain, abs=0.05)
    after_nul = engine.synthesize("one\x00 two three four five").seconds
    assert after_nul > 1.5 * engine.synthesize("one").seconds


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_any_text_is_spoken_or_refused(text: str) -> None:
    try:
        samples, _ = EspeakEngine().synthesize(text)
    except InputError:
        return
    assert np.any(samples) and np.isfinite(samples).all() and np.abs(samples).max() <= 1


def test_threads_do_not_mix_their_speech(engine: EspeakEngine) -> None:
    texts = [f"This is sentence number {number}." for number in range(4)]
    alone = [engine.synthesize(text).samples for text in texts]
    results: dict[int, np.ndarray] = {}

    def speak(number: int) -> None:
        results[number] = engine.synthesize(texts[number % 4]).samples

    threads = [threading.Thread(target=speak, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(results[number], alone[number % 4]) for number in range(12))


def test_it_is_an_engine(engine: EspeakEngine) -> None:
    assert isinstance(engine, TTSEngine) and engine.name == "espeak-ng"
