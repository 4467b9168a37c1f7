"""F0 must be right on signals whose pitch is known, and agree with others on real voices."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from audio_utils import DEFAULT_SPEC, AudioSpec, f0_contour, load_audio
from hypothesis import given, settings
from hypothesis import strategies as st

RATE = 24_000


def harmonics(f0_hz: np.ndarray) -> np.ndarray:
    phase = 2 * np.pi * np.cumsum(f0_hz) / RATE
    total = sum(np.sin(k * phase) / k for k in range(1, int(11_000 / f0_hz.max()) + 1))
    return (0.1 * total).astype(np.float32)


@pytest.mark.parametrize("hz", [65.0, 90.0, 150.0, 220.0, 333.3, 480.0])
def test_steady_tones_and_pulse_trains_within_a_tenth_of_a_percent(hz: float) -> None:
    steady = np.full(RATE, hz)
    sine = (0.3 * np.sin(2 * np.pi * np.cumsum(steady) / RATE)).astype(np.float32)
    for signal in (sine, harmonics(steady)):
        f0 = f0_contour(signal)
        assert f0.shape == (DEFAULT_SPEC.frames(RATE),) and f0.dtype == np.float32
        inner = f0[4:-4]
        assert (inner > 0).all(), "every frame of a periodic signal is voiced"
        assert np.abs(inner / hz - 1).max() < 1e-3


def test_a_glide_over_two_octaves_is_followed_in_time() -> None:
    time = np.arange(2 * RATE) / RATE
    truth = 100 * 2**time
    f0 = f0_contour(harmonics(truth))[4:-4]
    centres = truth[np.arange(4, 4 + len(f0)) * 256]
    # An error of one frame in time would be 0.74 % here.
    assert np.abs(f0 / centres - 1).max() < 2e-3


def test_a_missing_fundamental_and_a_strong_overtone_do_not_fool_it() -> None:
    time = np.arange(RATE) / RATE
    without = sum(np.sin(2 * np.pi * 140 * k * time) for k in (3, 4, 5, 6)) * 0.1
    f0 = f0_contour(without.astype(np.float32))[5:-5]
    assert np.median(f0[f0 > 0]) == pytest.approx(140, rel=0.01)


def test_noise_and_silence_are_unvoiced(rng) -> None:
    noise = 0.1 * rng.standard_normal(3 * RATE).astype(np.float32)
    assert (f0_contour(noise) > 0).mean() < 0.02
    assert (f0_contour(np.zeros(RATE, np.float32)) == 0).all()


def test_voiced_and_unvoiced_stretches_are_told_apart(rng) -> None:
    voiced = harmonics(np.full(RATE, 120.0))
    signal = np.concatenate([0.02 * rng.standard_normal(RATE).astype(np.float32), voiced])
    flags = f0_contour(signal) > 0
    border = DEFAULT_SPEC.frames(RATE)
    assert flags[: border - 5].mean() < 0.05 and flags[border + 5 : -5].mean() > 0.95


@given(gain_db=st.floats(-50, 10), noise_db=st.floats(-60, -25), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_level_and_some_noise_do_not_matter(gain_db: float, noise_db: float, seed: int) -> None:
    clean = harmonics(np.full(RATE // 2, 180.0))
    noise = np.random.default_rng(seed).standard_normal(len(clean)) * 10 ** (noise_db / 20)
    signal = ((clean + clean.std() * noise) * 10 ** (gain_db / 20)).astype(np.float32)
    f0 = f0_contour(signal)[4:-4]
    assert (f0 > 0).all() and np.abs(f0 / 180 - 1).max() < 0.01


@pytest.mark.parametrize("samples", [0, 1, 100, 255, 256, 700])
def test_short_signals_have_the_mels_frame_count(samples: int) -> None:
    assert f0_contour(np.full(samples, 0.1, np.float32)).shape == (DEFAULT_SPEC.frames(samples),)


def test_other_specs_keep_frames_centred() -> None:
    spec = AudioSpec(sample_rate=16_000, hop_length=160, f_max_hz=8000)
    time = np.arange(32_000) / 16_000
    truth = 120 * 2 ** (time / 2)
    signal = np.sin(2 * np.pi * np.cumsum(truth) / 16_000).astype(np.float32)
    f0 = f0_contour(signal, spec)
    assert f0.shape == (spec.frames(32_000),)
    assert np.abs(f0[5:-5] / truth[np.arange(5, len(f0) - 5) * 160] - 1).max() < 3e-3


@pytest.mark.real_data
def test_real_men_and_women_have_plausible_pitch(speech_data: Path) -> None:
    medians: dict[str, list[float]] = {"F": [], "M": []}
    with (speech_data / "manifest.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            wanted = medians.get(row["gender"])
            if row["corpus"] != "librispeech-train-clean-100-single" or wanted is None:
                continue
            if len(wanted) < 10:
                f0 = f0_contour(load_audio(speech_data / row["path"])[: 6 * RATE])
                assert 0.2 < (f0 > 0).mean() < 0.9
                wanted.append(float(np.median(f0[f0 > 0])))
    assert 85 < np.median(medians["M"]) < 150 < np.median(medians["F"]) < 260


@pytest.mark.real_data
@pytest.mark.slow
def test_gross_errors_against_pyin_are_rare(speech_data: Path) -> None:
    librosa = pytest.importorskip("librosa")
    wrong = both = 0
    for path in sorted((speech_data / "kathleen").rglob("*.opus"))[:4]:
        audio = load_audio(path)[: 5 * RATE]
        reference, voiced, _ = librosa.pyin(
            audio, fmin=60, fmax=500, sr=RATE, frame_length=2048, hop_length=256
        )
        f0 = f0_contour(audio)
        shared = (f0 > 0) & voiced
        wrong += int((np.abs(f0[shared] / reference[shared] - 1) > 0.2).sum())
        both += int(shared.sum())
    assert both > 400 and wrong / both < 0.03
