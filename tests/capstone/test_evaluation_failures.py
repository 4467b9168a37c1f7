"""Failure detectors: each must find what was broken on purpose and stay silent on good speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from audio_utils import DEFAULT_SPEC
from voice_replication.evaluation.failures import clause_ends, find_failures
from voice_replication.evaluation.forced_alignment import AlignedWord
from voice_replication.evaluation.systems import Espeak

RATE = DEFAULT_SPEC.sample_rate
TEXT = "The museum bought the painting, but nobody ever came to look at it."


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    return Espeak().speak(TEXT, "en-us").audio


def kinds(audio: np.ndarray, text: str = "", words: list[AlignedWord] | None = None) -> set[str]:
    return {failure.kind for failure in find_failures(audio, text, words)}


def insert_silence(audio: np.ndarray, at: float, seconds: float) -> np.ndarray:
    place = int(at * RATE)
    return np.concatenate([audio[:place], np.zeros(int(seconds * RATE), np.float32), audio[place:]])


def test_good_speech_has_no_failure(speech: np.ndarray) -> None:
    assert find_failures(speech, TEXT) == []


@pytest.mark.parametrize(
    "audio",
    [np.zeros(RATE, np.float32), np.zeros(0, np.float32), np.full(RATE, np.nan, np.float32)],
    ids=["zeros", "empty", "nan"],
)
def test_silence_and_broken_samples(audio: np.ndarray) -> None:
    assert kinds(audio, TEXT) == {"silence"}


def test_whispering_level_and_clicks_count_as_silence(speech: np.ndarray) -> None:
    assert kinds(speech * 1e-4) == {"silence"}
    click = np.zeros(2 * RATE, np.float32)
    click[RATE : RATE + 100] = 0.9
    assert kinds(click) == {"silence"}


def test_clipping_is_found_where_it_starts(speech: np.ndarray) -> None:
    loud = np.clip(speech / np.abs(speech).max() * 4.0, -1.0, 1.0)
    (failure,) = [f for f in find_failures(loud) if f.kind == "clipping"]
    assert 0 <= failure.start < 1.0
    assert "%" in failure.detail


@pytest.mark.parametrize("unit_seconds", [0.2, 0.5, 1.2])
def test_a_loop_is_found_with_its_period(
    speech: np.ndarray, unit_seconds: float, rng: np.random.Generator
) -> None:
    start = int(0.5 * RATE)
    unit = speech[start : start + int(unit_seconds * RATE)]
    repeats = max(3, round(1.2 / unit_seconds))
    copies = [unit * rng.uniform(0.8, 1.2) for _ in range(repeats)]
    looped = np.concatenate([speech[:start], *copies, speech[start:]]).astype(np.float32)
    (failure,) = [f for f in find_failures(looped) if f.kind == "looping"]
    period = float(failure.detail.split("every ")[1].split(" s")[0])
    assert period / unit_seconds == pytest.approx(round(period / unit_seconds), abs=0.1)
    assert failure.start == pytest.approx(0.5, abs=unit_seconds + 0.3)


def test_a_sound_that_never_ends_is_a_loop(speech: np.ndarray) -> None:
    time = np.arange(2 * RATE) / RATE
    stuck = (0.05 * sum(np.sin(2 * np.pi * 120 * k * time) / k for k in range(1, 15))).astype("f4")
    assert "looping" in kinds(np.concatenate([speech, stuck]))


@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 5.0])
def test_noise(speech: np.ndarray, snr_db: float, rng: np.random.Generator) -> None:
    noise = rng.normal(size=speech.size) * np.sqrt(np.mean(speech**2)) * 10 ** (-snr_db / 20)
    assert "noise" in kinds((speech + noise).astype(np.float32))


def test_a_wrong_text_shows_in_the_pace(speech: np.ndarray) -> None:
    assert kinds(speech, TEXT + " " + TEXT + " " + TEXT) == {"racing"}
    assert kinds(speech, "The museum came.") == {"crawling"}


def test_a_pause_is_a_gap_only_where_no_punctuation_asked_for_it(speech: np.ndarray) -> None:
    seconds = len(speech) / RATE
    names = TEXT.lower().replace(",", "").replace(".", "").split()
    edges = np.linspace(0, seconds, len(names) + 1)
    at_comma, elsewhere = float(edges[5]), float(edges[9])

    def words(pause_at: float, pause: float) -> list[AlignedWord]:
        starts = [edge + (pause if edge >= pause_at else 0.0) for edge in edges[:-1]]
        ends = [edge + (pause if edge > pause_at else 0.0) for edge in edges[1:]]
        return [AlignedWord(n, s, e) for n, s, e in zip(names, starts, ends, strict=True)]

    asked = insert_silence(speech, at_comma, 0.9)
    unasked = insert_silence(speech, elsewhere, 0.9)
    assert "gap" not in kinds(asked, TEXT, words(at_comma, 0.9))
    (gap,) = [f for f in find_failures(unasked, TEXT, words(elsewhere, 0.9)) if f.kind == "gap"]
    assert gap.start == pytest.approx(elsewhere, abs=0.15)
    assert "gap" not in kinds(insert_silence(speech, elsewhere, 0.3), TEXT, words(elsewhere, 0.3))


def test_without_word_times_punctuation_excuses_as_many_pauses(speech: np.ndarray) -> None:
    third = len(speech) / RATE / 3
    one = insert_silence(speech, 2 * third, 0.9)
    two = insert_silence(one, third, 0.9)
    assert "gap" not in kinds(one, TEXT)
    assert "gap" in kinds(two, TEXT)
    assert "gap" not in kinds(two, TEXT.upper().replace(",", "").replace(".", ""))


def test_clause_ends_count_spoken_words() -> None:
    assert clause_ends("Yes, we have 2 dogs; you?") == {1, 5, 6}
    assert clause_ends("It cost $3.50 - or 1,000 yen.") == {7, 11}
    assert max(clause_ends(TEXT)) == 13


@pytest.mark.real_data
def test_real_recordings_have_hardly_any_failure(speech_data: Path) -> None:
    from audio_utils import load_audio
    from data_utils import read_manifest

    utterances = [
        u for u in read_manifest(speech_data / "manifest.csv")
        if u.corpus in ("kathleen", "ljspeech-part", "librispeech-train-clean-5")
        and u.split == "dev"
    ][::2]  # fmt: skip
    found = [find_failures(load_audio(u.path), u.text) for u in utterances]
    assert len(utterances) > 20
    assert sum(map(bool, found)) <= 1, [f for f in found if f]
