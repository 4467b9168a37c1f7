"""Limiter, gate, segments, distances and the speech that lessons work on."""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import numpy as np
import pytest
from audio_utils import (
    DEFAULT_SPEC,
    add_noise,
    change_gain,
    find_segments,
    limit_peaks,
    mel_distance_db,
    mel_spectrogram,
    noise_profile,
    normalize_rms,
    peak_dbfs,
    rms_dbfs,
    save_audio,
    spectral_gate,
    true_peak_dbtp,
    true_snr_db,
    write_segments,
)
from audio_utils.panels import plot_spectrograms, spectrogram_db
from audio_utils.practice import PracticeVoice, add_speech_options, practice_speech
from audio_utils.segments import spans_of
from env_utils import InputError
from hypothesis import given, settings
from hypothesis import strategies as st

RATE = 24_000


@given(gain_db=st.floats(-20, 30), ceiling=st.floats(-20, 0), reach=st.floats(0.0005, 0.02))
@settings(max_examples=25, deadline=None)
def test_nothing_passes_the_ceiling_and_quiet_parts_stay(
    spoken, gain_db: float, ceiling: float, reach: float
) -> None:
    audio = change_gain(spoken, gain_db)
    limited = limit_peaks(audio, RATE, ceiling, reach)
    highest = 10 ** (ceiling / 20)
    assert limited.shape == audio.shape and np.abs(limited).max() <= highest + 1e-6
    over = np.flatnonzero(np.abs(audio) > highest)
    touched = np.flatnonzero(np.abs(limited - audio) > 1e-6)
    if touched.size:
        nearest = np.abs(over[np.clip(np.searchsorted(over, touched), 0, len(over) - 1)] - touched)
        before = over[np.clip(np.searchsorted(over, touched) - 1, 0, len(over) - 1)]
        assert np.minimum(nearest, np.abs(before - touched)).max() <= 2.1 * reach * RATE + 2
    assert (np.sign(limited) == np.sign(audio)).all(), "a gain never turns a sample over"


def test_the_limiter_is_smooth_where_clipping_is_not() -> None:
    tone = np.sin(2 * np.pi * 300 * np.arange(RATE) / RATE).astype(np.float32)
    tone *= np.linspace(0.2, 1.2, RATE, dtype=np.float32)

    def above(audio: np.ndarray) -> float:
        spectrum = np.abs(np.fft.rfft(audio * np.hanning(RATE))) ** 2
        return float(10 * np.log10(spectrum[700:].sum() / spectrum[250:350].sum()))

    ceiling = 10 ** (-6 / 20)
    assert above(limit_peaks(tone, RATE, -6.0)) < above(np.clip(tone, -ceiling, ceiling)) - 15


def test_the_true_peak_lies_between_the_samples() -> None:
    time = np.arange(RATE) / RATE
    tone = np.sin(2 * np.pi * 6000 * time + np.pi / 4).astype(np.float32)  # samples miss the top
    assert peak_dbfs(tone) == pytest.approx(-3.01, abs=0.01)
    assert true_peak_dbtp(tone, RATE) == pytest.approx(0.0, abs=0.3)
    assert peak_dbfs(np.zeros(5, np.float32)) == -120.0


def test_rms_normalization_reaches_its_level_or_the_ceiling(spoken) -> None:
    assert rms_dbfs(normalize_rms(spoken, -25.0)) == pytest.approx(-25.0, abs=0.01)
    assert np.abs(normalize_rms(spoken, -3.0)).max() == pytest.approx(0.97, abs=1e-5)
    np.testing.assert_array_equal(normalize_rms(np.zeros(9, np.float32)), np.zeros(9))


@pytest.mark.parametrize("snr_db", [-10.0, 0.0, 25.0])
def test_the_true_snr_is_the_one_that_was_made(spoken, rng, snr_db: float) -> None:
    noise = rng.standard_normal(len(spoken)).astype(np.float32)
    assert true_snr_db(spoken, add_noise(spoken, noise, snr_db)) == pytest.approx(snr_db, abs=0.05)
    assert true_snr_db(spoken, spoken) == 100.0
    with pytest.raises(InputError, match="clean samples"):
        true_snr_db(spoken, spoken[1:])


def test_the_gate_takes_noise_and_leaves_speech(spoken, rng) -> None:
    noisy = add_noise(spoken, rng.standard_normal(len(spoken)).astype(np.float32), 10.0)
    profile = noise_profile(noisy[: RATE // 2 - 600])
    cleaned = spectral_gate(noisy, profile)
    assert true_snr_db(spoken, cleaned) > 13
    np.testing.assert_allclose(spectral_gate(noisy, 0 * profile), noisy, atol=1e-5)
    for call in (
        lambda: noise_profile(noisy[:1000]),
        lambda: spectral_gate(noisy, profile[:-1]),
        lambda: spectral_gate(noisy[:1000], profile),
    ):
        with pytest.raises(InputError):
            call()


def test_a_distance_of_mels_is_the_gain_between_them(spoken) -> None:
    mel = mel_spectrogram(spoken, DEFAULT_SPEC)
    louder = mel_spectrogram(change_gain(spoken, 6.0), DEFAULT_SPEC)
    assert mel_distance_db(louder, mel) == pytest.approx(6.0, abs=0.01)
    assert mel_distance_db(mel, mel) == 0.0
    with pytest.raises(InputError, match="differ"):
        mel_distance_db(mel[:, :-1], mel)


def test_segments_are_the_speech_and_the_files_agree(spoken, spoken_spans, tmp_path: Path) -> None:
    segments = find_segments(spoken, RATE, max_seconds=3.0)
    assert len(segments) == 2
    for segment, (start, end) in zip(segments, spoken_spans, strict=True):
        assert segment.start == pytest.approx(start - 0.1, abs=0.08)
        assert segment.end == pytest.approx(end + 0.1, abs=0.1)
        assert segment.loudness_lufs < segment.peak_dbfs < 0
    assert segments[0].f0_hz == pytest.approx(130, rel=0.15)
    assert segments[1].f0_hz == pytest.approx(160, rel=0.15)
    write_segments(tmp_path, segments)
    rows = json.loads((tmp_path / "segments.json").read_text("utf-8"))
    with (tmp_path / "segments.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [list(map(str, row.values())) for row in rows] == [list(row.values()) for row in table]
    with pytest.raises(InputError, match="no speech"):
        find_segments(np.zeros(RATE, np.float32), RATE)


def test_runs_become_spans() -> None:
    flags = np.array([True, True, False, True])
    np.testing.assert_allclose(spans_of(flags), [(0.0, 0.02), (0.03, 0.04)])
    assert spans_of(np.zeros(3, bool)) == []


def test_a_full_scale_sine_is_0_db_where_it_is(tmp_path: Path) -> None:
    tone = np.sin(2 * np.pi * 3000 * np.arange(RATE) / RATE).astype(np.float32)
    level, seconds = spectrogram_db(tone, RATE)
    row, column = np.unravel_index(level.argmax(), level.shape)
    assert level.max() == pytest.approx(0.0, abs=0.1)
    assert row * (RATE / 2) / (len(level) - 1) == pytest.approx(3000, abs=30)
    assert level.shape[1] == len(seconds) <= 800 and 0 <= seconds[column] <= 1
    data = plot_spectrograms({"a": (tone, RATE), "b": (tone[::3], 8000)}, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == data
    with pytest.raises(InputError):
        plot_spectrograms({})


def options(*words: str) -> argparse.Namespace:
    parser = add_speech_options(argparse.ArgumentParser())
    parser.add_argument("--smoke", action="store_true")
    return parser.parse_args(words)


def test_practice_speech_is_what_was_asked_for(spoken, tmp_path: Path, capsys) -> None:
    short = practice_speech(options("--engine", "espeak-ng", "--smoke"))
    longer = practice_speech(options("--engine", "espeak-ng"))
    assert len(short.samples) < len(longer.samples) and short.sample_rate == RATE
    assert "espeak-ng" in capsys.readouterr().out, "it says who speaks"
    save_audio(tmp_path / "me.wav", np.tile(spoken, 5), RATE)
    mine = practice_speech(options("--input", str(tmp_path / "me.wav")), sample_rate=16_000)
    assert mine.source == "the file me.wav" and len(mine.samples) == 20 * 16_000
    save_audio(tmp_path / "nothing.wav", np.zeros(RATE, np.float32), RATE)
    with pytest.raises(InputError, match="silent"):
        practice_speech(options("--input", str(tmp_path / "nothing.wav")))


def test_without_a_name_somebody_speaks_and_says_who(monkeypatch: pytest.MonkeyPatch) -> None:
    voice = PracticeVoice()
    assert np.abs(voice.say("Good morning.")).max() > 0.05 and voice.source
    monkeypatch.setattr("audio_utils.practice.engine_names", lambda: ["espeak-ng"])
    fallback = PracticeVoice()
    assert "espeak-ng" in fallback.source and "voiceclone is not installed" in fallback.source
    monkeypatch.setattr("audio_utils.practice.engine_names", list)
    with pytest.raises(InputError, match="--input"):
        PracticeVoice()
