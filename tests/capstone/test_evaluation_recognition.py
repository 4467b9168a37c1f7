"""The independent recognizer: folding of texts, error counting, decoding, forced alignment."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from audio_utils import DEFAULT_SPEC
from env_utils import InputError, VoiceReplicationError
from hypothesis import given
from hypothesis import strategies as st
from voice_replication.evaluation import recognition
from voice_replication.evaluation.forced_alignment import PocketSphinxAligner
from voice_replication.evaluation.systems import Espeak

RATE = DEFAULT_SPEC.sample_rate
TEXT = "The small boat drifted slowly toward the shore."


@pytest.fixture(scope="module")
def recognizer() -> recognition.PocketSphinxRecognizer:
    pytest.importorskip("pocketsphinx")
    return recognition.PocketSphinxRecognizer()


@pytest.fixture(scope="module")
def aligner() -> PocketSphinxAligner:
    pytest.importorskip("pocketsphinx")
    return PocketSphinxAligner()


@pytest.fixture(scope="module")
def espeak_speech() -> np.ndarray:
    return Espeak().speak(TEXT, "en-us").audio


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Hello, World!", "hello world"),
        ("It’s 3 o'clock — well-known.", "it's three o'clock well known"),
        ("‘Quoted’ café", "quoted cafe"),
        ("THE FELONS' SIDE", "the felons side"),
        ("🎉 …", ""),
    ],
)
def test_folding_leaves_what_was_said(text: str, folded: str) -> None:
    assert recognition.fold_text(text) == folded


@given(st.text(alphabet="abc XYZ,.!?'-", max_size=40))
def test_folding_twice_changes_nothing(text: str) -> None:
    once = recognition.fold_text(text)
    assert recognition.fold_text(once) == once


def test_spelling_is_no_error_but_every_wrong_word_is() -> None:
    assert recognition.word_errors("I have 2 dogs.", "i have two dogs") == (0, 4)
    assert recognition.word_errors("one two three four", "one too three") == (2, 4)
    assert recognition.word_errors("yes", "yes or no") == (2, 1)
    assert recognition.word_errors("…", "what") == (1, 0)


def test_word_error_rate_weighs_words_not_sentences() -> None:
    rate = recognition.word_error_rate(["no", "a b c d e f g h i"], ["yes", "a b c d e f g h i"])
    assert rate == pytest.approx(0.1)
    with pytest.raises(InputError, match="no words"):
        recognition.word_error_rate(["…"], ["word"])


def test_pocketsphinx_hears_the_same_whatever_came_before(
    recognizer: recognition.PocketSphinxRecognizer, espeak_speech: np.ndarray
) -> None:
    alone = recognizer.transcribe(espeak_speech, RATE)
    recognizer.transcribe(espeak_speech[::-1].copy(), RATE)
    again = recognizer.transcribe(0.05 * espeak_speech, RATE)
    assert again == alone
    # espeak-ng's buzz is hard for a model of human voices: it gets a word here and there.
    assert {"the", "shore"} <= set(alone.split())
    assert recognizer.transcribe(np.zeros(RATE, np.float32), RATE) == ""


def test_alignment_finds_the_words_that_were_spoken(
    aligner: PocketSphinxAligner, espeak_speech: np.ndarray
) -> None:
    padded = np.concatenate([np.zeros(RATE, np.float32), espeak_speech])
    early, late = (aligner.align(audio, RATE, TEXT) for audio in (espeak_speech, padded))
    assert early is not None
    assert late is not None
    assert [w.text for w in early] == recognition.fold_text(TEXT).split()
    for before, after in itertools.pairwise(early):
        assert before.start < before.end <= after.start + 0.02
    assert early[-1].end <= len(espeak_speech) / RATE
    shifts = [b.end - a.end for a, b in zip(early[:-1], late[:-1], strict=True)]
    assert np.median(shifts) == pytest.approx(1.0, abs=0.06)


def test_alignment_fails_for_words_that_are_not_there(
    aligner: PocketSphinxAligner, espeak_speech: np.ndarray
) -> None:
    much_longer = " ".join(["completely different sentences about mathematics"] * 6)
    assert aligner.align(espeak_speech, RATE, much_longer) is None
    assert aligner.align(espeak_speech[: RATE // 2], RATE, TEXT) is None
    assert aligner.align(espeak_speech, RATE, "…") is None
    assert aligner.align(np.zeros(0, np.float32), RATE, TEXT) is None


def test_alignment_learns_words_that_are_in_no_dictionary(
    aligner: PocketSphinxAligner,
) -> None:
    text = "The small snarkwort drifted slowly toward the shore."
    words = aligner.align(Espeak().speak(text, "en-us").audio, RATE, text)
    assert words is not None
    assert words[2].text == "snarkwort"


def test_whisper_without_weights_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(VoiceReplicationError, match=r"pip install|no such weights"):
        recognition.load_recognizer(whisper=str(tmp_path))


@pytest.mark.real_data
@pytest.mark.slow
def test_real_recordings_are_understood_and_aligned(
    speech_data: Path,
    recognizer: recognition.PocketSphinxRecognizer,
    aligner: PocketSphinxAligner,
) -> None:
    from audio_utils import load_audio
    from data_utils import read_manifest

    utterances = [
        u for u in read_manifest(speech_data / "manifest.csv")
        if u.corpus == "kathleen" and u.split == "dev"
    ][:6]  # fmt: skip
    audio = [load_audio(u.path) for u in utterances]
    heard = [recognizer.transcribe(a, RATE) for a in audio]
    assert recognition.word_error_rate([u.text for u in utterances], heard) < 0.45
    assert all(aligner.align(a, RATE, u.text) for a, u in zip(audio, utterances, strict=True))
