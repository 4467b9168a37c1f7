"""What the lessons and exercises write by hand equals what the libraries and later floors have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from course.checking import load_script
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import solve_toeplitz
from tts_utils import EspeakEngine, pitch_contour, wav_bytes
from tts_utils.pitch import autocorrelation, frames_of
from tts_utils.spectrum import levinson_durbin

FLOOR = Path(__file__).resolve().parents[2] / "03_tts_systems"
TEXT = "The light above the harbor went out a little after nine, and nobody could say why."


def script(name: str) -> object:
    return load_script(FLOOR / name, f"graduation_{Path(name).stem}")


def test_pitch_by_hand_agrees_with_the_tracker_of_floor_04() -> None:
    from audio_utils import DEFAULT_SPEC, f0_contour, resample

    for voice in ("en-us", "en-us+f2", "en-gb+m7"):
        samples, rate = EspeakEngine().synthesize(TEXT, voice)
        ours = pitch_contour(samples, rate)
        theirs = f0_contour(resample(samples, rate, DEFAULT_SPEC.sample_rate))
        times = np.arange(len(ours)) * 0.01
        frame = np.round(times * DEFAULT_SPEC.frames_per_second).astype(int)
        theirs = theirs[np.minimum(frame, len(theirs) - 1)]
        both = (ours > 0) & (theirs > 0)
        assert ((ours > 0) == (theirs > 0)).mean() > 0.85
        assert (np.abs(ours[both] / theirs[both] - 1) < 0.05).mean() > 0.93


@given(st.integers(0, 1_000), st.integers(1, 14))
@settings(max_examples=30, deadline=None)
def test_levinson_durbin_solves_the_normal_equations(seed: int, order: int) -> None:
    x = np.random.default_rng(seed).normal(size=200)
    r = np.correlate(x, x, "full")[199 : 200 + order]
    a, error = levinson_durbin(r, order)
    np.testing.assert_allclose(a[1:], solve_toeplitz(r[:order], -r[1:]), atol=1e-8)
    assert error == pytest.approx(float(r @ a), rel=1e-9)


def test_the_fast_autocorrelation_is_the_sum_of_products() -> None:
    frames = frames_of(np.random.default_rng(1).normal(size=2_000), 8_000)[5:8]
    width = frames.shape[1]
    window = np.hanning(width)
    own = np.correlate(window, window, "full")[width - 1 :]
    for frame, fast in zip(frames, autocorrelation(frames), strict=True):
        x = (frame - frame.mean()) * window
        slow = np.correlate(x, x, "full")[width - 1 :]
        wanted = slow[: len(fast)] / slow[0] / (own[: len(fast)] / own[0])
        np.testing.assert_allclose(fast, wanted, atol=1e-8)


def test_the_exercises_pitch_is_the_contours_pitch() -> None:
    exercise = script("solutions/ex03_pitch.py")
    samples, rate = EspeakEngine().synthesize("Aaaa.")
    frames, contour = frames_of(samples, rate), pitch_contour(samples, rate)
    steady = [i for i in range(5, len(contour) - 5) if (contour[i - 5 : i + 6] > 0).all()]
    assert len(steady) > 5
    by_hand = [exercise.pitch_of_frame(frames[i], rate) for i in steady]  # type: ignore[attr-defined]
    np.testing.assert_allclose(by_hand, contour[steady], rtol=0.05)


def test_the_exercises_length_regulator_is_torchs_repeat_interleave() -> None:
    exercise = script("solutions/ex04_length_regulator.py")
    rng = np.random.default_rng(2)
    states, durations = rng.normal(size=(9, 3)), rng.integers(0, 6, size=9)
    wanted = torch.from_numpy(states).repeat_interleave(torch.from_numpy(durations), dim=0)
    np.testing.assert_array_equal(exercise.expand(states, durations), wanted.numpy())  # type: ignore[attr-defined]


WORDS = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=7)


@given(WORDS.filter(bool), WORDS)
@settings(max_examples=80, deadline=None)
def test_the_exercises_word_error_rate_is_jiwers(text: list[str], heard: list[str]) -> None:
    jiwer = pytest.importorskip("jiwer")
    exercise = script("solutions/ex05_word_error_rate.py")
    wanted = jiwer.wer(" ".join(text), " ".join(heard))
    assert exercise.word_error_rate(" ".join(text), " ".join(heard)) == pytest.approx(wanted)  # type: ignore[attr-defined]


def test_the_exercises_16_bit_numbers_are_what_a_wav_file_holds() -> None:
    exercise = script("solutions/ex06_clicks.py")
    samples = np.random.default_rng(4).uniform(-1.3, 1.3, 4_000)
    stored = np.frombuffer(wav_bytes(samples, 8_000)[44:], dtype="<i2")
    ours = exercise.to_pcm(samples)  # type: ignore[attr-defined]
    assert np.abs(stored.astype(int) - ours.astype(int)).max() <= 2  # libsndfile scales by 32 768


def test_edits_of_the_language_lesson_are_the_exercises_table() -> None:
    lesson = script("05_multilingual.py")
    exercise = script("solutions/ex05_word_error_rate.py")
    rng = np.random.default_rng(5)
    for _ in range(50):
        one, other = ("".join(rng.choice(list("abc"), rng.integers(1, 9))) for _ in range(2))
        by_words = exercise.word_error_rate(" ".join(one), " ".join(other)) * len(one)  # type: ignore[attr-defined]
        assert lesson.edits(one, other) == round(by_words)  # type: ignore[attr-defined]
