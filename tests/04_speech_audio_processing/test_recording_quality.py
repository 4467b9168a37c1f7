"""The numbers by which recordings are kept or refused must be the true ones."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from audio_utils import add_noise, load_audio, low_pass, measure_quality, resample, telephone_band
from audio_utils.quality import bandwidth_hz, clipped_share
from env_utils import InputError
from hypothesis import given, settings
from hypothesis import strategies as st

RATE = 24_000


@given(snr_db=st.floats(8, 45), gain_db=st.floats(-30, 0), seed=st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_snr_is_recovered_within_2_db(spoken, snr_db: float, gain_db: float, seed: int) -> None:
    noise = np.random.default_rng(seed).standard_normal(len(spoken)).astype(np.float32)
    speaking = np.abs(np.convolve(spoken**2, np.ones(480), "same")) > 1e-9
    over_all = 10 * np.log10(speaking.mean())  # add_noise counts the pauses as well
    noisy = add_noise(spoken, noise, snr_db + over_all) * np.float32(10 ** (gain_db / 20))
    assert measure_quality(noisy, RATE).snr_db == pytest.approx(snr_db, abs=2.0)


def test_clean_recordings_and_noise_are_the_two_ends(spoken, rng) -> None:
    assert measure_quality(spoken, RATE).snr_db > 60
    noise = measure_quality(0.1 * rng.standard_normal(RATE * 2).astype(np.float32), RATE)
    assert noise.snr_db == 0 and noise.silent_share == 1


def test_seconds_silence_and_loudness(spoken) -> None:
    quality = measure_quality(spoken, RATE)
    assert quality.seconds == pytest.approx(5.3, abs=1e-3)
    assert quality.silent_share == pytest.approx(1.8 / 5.3, abs=0.05)
    assert -30 < quality.loudness_lufs < -10
    assert set(quality.to_dict()) == {
        "seconds", "snr_db", "clipped_share", "bandwidth_hz", "loudness_lufs", "silent_share",
    }  # fmt: skip


@given(ceiling=st.floats(0.15, 0.45), gain=st.floats(0.2, 1.0))
@settings(max_examples=15, deadline=None)
def test_clipping_is_counted_even_after_turning_down(spoken, ceiling: float, gain: float) -> None:
    clipped = np.clip(spoken, -ceiling, ceiling)
    true_share = float((np.abs(spoken) >= ceiling).mean())
    assert clipped_share(clipped * np.float32(gain)) == pytest.approx(true_share, rel=0.4, abs=1e-4)


def test_unclipped_sound_is_not_called_clipped(spoken) -> None:
    assert clipped_share(spoken) < 1e-4
    slow = np.sin(2 * np.pi * 60 * np.arange(RATE) / RATE).astype(np.float32)
    assert clipped_share(0.9 * slow) < 1e-3
    assert clipped_share(np.zeros(100, np.float32)) == 0
    assert clipped_share(np.clip(1.5 * slow, -1, 1)) > 0.3


@pytest.mark.parametrize("source_rate", [8_000, 11_025, 16_000, 22_050])
@pytest.mark.parametrize("noise_db", [-50.0, -90.0])
def test_bandwidth_shows_the_rate_a_file_once_had(
    spoken, rng, source_rate: int, noise_db: float
) -> None:
    noise = rng.standard_normal(len(spoken)).astype(np.float32) * np.float32(10 ** (noise_db / 20))
    narrow = resample(resample(spoken + noise, RATE, source_rate), source_rate, RATE)
    assert bandwidth_hz(narrow, RATE) == pytest.approx(source_rate / 2, abs=500)
    sixteen_bits = np.round(narrow * 32767).astype(np.float32) / 32767
    if noise_db > -80:  # else the file ends where its own quantization noise begins
        assert bandwidth_hz(sixteen_bits, RATE) == pytest.approx(source_rate / 2, abs=500)


def test_full_bandwidth_is_not_mistaken_for_less(spoken, rng) -> None:
    noisy = spoken + 1e-3 * rng.standard_normal(len(spoken)).astype(np.float32)
    assert bandwidth_hz(noisy, RATE) == RATE / 2
    assert bandwidth_hz(low_pass(noisy, RATE, 7000), RATE) == pytest.approx(7000, abs=300)
    assert bandwidth_hz(telephone_band(noisy, RATE), RATE) == pytest.approx(3400, abs=300)


def test_empty_and_nan_are_refused() -> None:
    with pytest.raises(InputError, match="empty"):
        measure_quality(np.zeros(0, np.float32), RATE)
    with pytest.raises(InputError, match="NaN"):
        measure_quality(np.array([0, np.nan, 1], np.float32), RATE)


@pytest.mark.parametrize("samples", [1, 200, 3000])
def test_silent_and_short_signals_have_numbers(samples: int) -> None:
    quality = measure_quality(np.zeros(samples, np.float32), RATE)
    assert all(np.isfinite(list(quality.to_dict().values())))
    assert quality.silent_share == 1 and quality.loudness_lufs == -70


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("corpus", "low", "high"),
    [
        ("librispeech-train-clean-5", 7700, 8000),
        ("librispeech-dev-clean", 5500, 6200),
        ("kathleen", 11_500, 12_000),
        ("speechocean762", 7700, 8000),
    ],
)
def test_bandwidth_of_real_corpora(speech_data: Path, corpus: str, low: float, high: float) -> None:
    with (speech_data / "manifest.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["corpus"] == corpus][:40:8]
    for row in rows:
        audio = load_audio(speech_data / row["path"])
        assert low <= bandwidth_hz(audio, RATE) <= high, row["utterance"]
