"""Distances to a recording, and what is measured on one signal alone: against known answers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from audio_utils import DEFAULT_SPEC, change_tempo, mel_spectrogram, pitch_shift
from env_utils import InputError
from hypothesis import given, settings
from hypothesis import strategies as st
from voice_replication.evaluation import objective, signal_measures
from voice_replication.evaluation.dtw import warp
from voice_replication.evaluation.systems import Espeak

RATE = DEFAULT_SPEC.sample_rate


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    return Espeak().speak("A cold wind blew through the broken window.", "en-us").audio


def harmonic(f0_hz: np.ndarray | float, seconds: float, level: float = 0.1) -> np.ndarray:
    """A buzz with 20 harmonics whose pitch may change over time."""
    samples = int(seconds * RATE)
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(f0_hz, samples)) / RATE
    return (level * sum(np.sin(k * phase) / k for k in range(1, 21))).astype(np.float32)


def random_mel(frames: int, seed: int = 0) -> np.ndarray:
    """Something that moves like speech: smoothed noise around -3."""
    noise = np.random.default_rng(seed).normal(size=(DEFAULT_SPEC.n_mels, frames + 8))
    smooth = np.stack([np.convolve(row, np.ones(9) / 3, "valid") for row in noise])
    return (smooth - 3.0).astype(np.float32)


def brute_force(a: np.ndarray, b: np.ndarray) -> float:
    """The cheapest warping cost by trying every path."""
    moves = [(1, 0), (0, 1), (1, 1)]

    def cheapest(i: int, j: int) -> float:
        here = float(np.linalg.norm(a[i] - b[j]))
        if (i, j) == (len(a) - 1, len(b) - 1):
            return here
        rest = [cheapest(i + x, j + y) for x, y in moves if i + x < len(a) and j + y < len(b)]
        return here + min(rest)

    return cheapest(0, 0)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 10_000))
def test_warping_finds_the_cheapest_of_all_paths(rows: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(rows, 2)), rng.normal(size=(columns, 2))
    path, distances = warp(a, b)
    assert distances.sum() == pytest.approx(brute_force(a, b))
    assert tuple(path[0]) == (0, 0)
    assert tuple(path[-1]) == (rows - 1, columns - 1)
    steps = {tuple(after - before) for before, after in itertools.pairwise(path)}
    assert steps <= {(1, 0), (0, 1), (1, 1)}


def test_warping_refuses_nothing_and_too_much() -> None:
    with pytest.raises(InputError, match="two"):
        warp(np.zeros((0, 3)), np.zeros((4, 3)))
    with pytest.raises(InputError, match="memory"):
        warp(np.zeros((30_000, 1)), np.zeros((30_000, 1)))


def test_mcd_of_a_ripple_is_its_root_mean_square_in_db() -> None:
    mel = random_mel(200)
    ripple_db = 3.0
    bins = np.arange(DEFAULT_SPEC.n_mels)
    ripple = np.cos(np.pi * 5 * (bins + 0.5) / DEFAULT_SPEC.n_mels)[:, None]
    rippled = mel + (ripple_db / 20 * np.log(10) * ripple).astype(np.float32)
    cepstra = [objective.mel_cepstra(m) for m in (mel, rippled)]
    distance = objective.MCD_SCALE * np.linalg.norm(cepstra[0] - cepstra[1], axis=1)
    np.testing.assert_allclose(distance, ripple_db / np.sqrt(2), rtol=1e-4)


def test_mcd_ignores_loudness_and_tempo_but_not_order() -> None:
    mel = random_mel(150)
    slower = np.repeat(mel, 2, axis=1)
    assert objective.mel_cepstral_distortion(mel, mel + 1.0) < 1e-4
    assert objective.mel_cepstral_distortion(mel, slower) < 1e-4
    other = objective.mel_cepstral_distortion(mel, mel[:, ::-1])
    assert other > 1.0
    assert other == pytest.approx(objective.mel_cepstral_distortion(mel[:, ::-1], mel), rel=1e-6)


def test_mcd_does_not_depend_on_silence_around_the_speech(speech: np.ndarray) -> None:
    silence = np.zeros(RATE // 2, dtype=np.float32)
    padded = np.concatenate([silence, speech, silence])
    alone, around = (mel_spectrogram(x, DEFAULT_SPEC) for x in (speech, padded))
    assert objective.mel_cepstral_distortion(alone, around) < 1.0


def test_f0_is_compared_in_hz_and_cents_where_both_are_voiced() -> None:
    a = np.array([200, 200, 0, 200], dtype=np.float32)
    b = np.array([200 * 2 ** (1 / 12), 200 * 2 ** (1 / 12), 150, 0], dtype=np.float32)
    hz, cents = objective.f0_rmse(a, b)
    assert hz == pytest.approx(200 * (2 ** (1 / 12) - 1), rel=1e-5)
    assert cents == pytest.approx(100.0, rel=1e-4)
    assert objective.voicing_error(a, b) == 0.5
    assert np.isnan(objective.f0_rmse(a, np.zeros(4, dtype=np.float32))[0])


def test_compare_finds_a_shifted_pitch_and_a_slower_tempo(speech: np.ndarray) -> None:
    higher = objective.compare(speech, pitch_shift(speech, RATE, 2.0))
    assert higher.f0_rmse_cents == pytest.approx(200, abs=50)
    assert higher.duration_ratio == pytest.approx(1.0, abs=0.03)
    slower = objective.compare(speech, change_tempo(speech, RATE, 0.8))
    assert slower.duration_ratio == pytest.approx(1.25, abs=0.04)
    assert slower.f0_rmse_cents < 100
    assert max(higher.voicing_error, slower.voicing_error) < 0.15
    same = objective.compare(speech, speech)
    assert (same.mcd_db, same.f0_rmse_hz, same.voicing_error) == (0.0, 0.0, 0.0)
    assert min(higher.mcd_db, slower.mcd_db) > 0.3
    with pytest.raises(InputError, match="candidate holds no samples"):
        objective.compare(speech, np.zeros(0, dtype=np.float32))


def test_a_reference_without_treble_is_not_held_against_speech_that_has_it() -> None:
    time = np.arange(RATE) / RATE
    speech = harmonic(np.linspace(110, 160, RATE), 1.0)
    treble = speech + 0.02 * np.sin(2 * np.pi * 9_500 * time).astype(np.float32)
    assert objective.compare(speech, treble).mcd_db < 0.5
    mels = [mel_spectrogram(x, DEFAULT_SPEC) for x in (speech, treble)]
    assert objective.mel_cepstral_distortion(mels[0], mels[1]) > 5.0


def test_pesq_and_stoi_fall_with_noise(speech: np.ndarray, rng: np.random.Generator) -> None:
    pytest.importorskip("pesq")
    pytest.importorskip("pystoi")
    noise = rng.normal(size=speech.size).astype(np.float32)
    noise *= np.sqrt(np.mean(speech**2))
    clean = objective.pesq_wideband(speech, speech, RATE)
    little = objective.pesq_wideband(speech, speech + 0.1 * noise, RATE)
    much = objective.pesq_wideband(speech, speech + noise, RATE)
    assert clean == pytest.approx(4.64, abs=0.01)
    assert clean > little > much
    assert objective.stoi(speech, speech, RATE) == pytest.approx(1.0, abs=1e-3)
    assert objective.stoi(speech, speech + noise, RATE) < 0.9
    with pytest.raises(InputError, match="quarter of a second"):
        objective.stoi(speech[:100], speech[:100], RATE)


@pytest.mark.parametrize("snr_db", [5.0, 10.0, 20.0])
def test_harmonics_to_noise_is_the_ratio_that_was_mixed(
    snr_db: float, rng: np.random.Generator
) -> None:
    tone = harmonic(150.0, 2.0)
    noise = rng.normal(size=tone.size)
    noise *= np.sqrt(np.mean(tone**2) / np.mean(noise**2)) * 10 ** (-snr_db / 20)
    mixed = (tone + noise).astype(np.float32)
    f0 = np.full(DEFAULT_SPEC.frames(mixed.size), 150.0, dtype=np.float32)
    measured = np.median(signal_measures.harmonics_to_noise_db(mixed, f0))
    assert measured == pytest.approx(snr_db, abs=0.7)


def test_a_third_of_white_noise_lies_above_8_khz(rng: np.random.Generator) -> None:
    white = rng.normal(size=RATE).astype(np.float32)
    assert signal_measures.high_band_db(white, RATE) == pytest.approx(-4.77, abs=0.1)
    assert signal_measures.high_band_db(harmonic(100.0, 1.0), RATE) < -50
    assert np.isnan(signal_measures.high_band_db(np.zeros(RATE, np.float32), RATE))


def test_measuring_silence_gives_no_numbers_instead_of_an_error() -> None:
    measured = signal_measures.measure_signal(np.zeros(RATE, dtype=np.float32))
    assert np.isnan(measured.hnr_db)
    assert np.isnan(measured.f0_median_hz)
    assert measured.seconds == 1.0
    assert measured.rms_dbfs < -100
