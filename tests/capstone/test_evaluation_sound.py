"""Over-smoothing, stripes, lost voicing, pitch range and treble: on signals with known answers."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from audio_utils import DEFAULT_SPEC
from audio_utils.mel import mel_centers_hz
from voice_replication.evaluation import against_real, copy_measures, smoothness
from voice_replication.evaluation.real_voices import RealVoice
from voice_replication.evaluation.signal_measures import pitch_range
from voice_replication.evaluation.smoothness import Movement, compare_movement, movement

RATE = DEFAULT_SPEC.sample_rate
HOP = DEFAULT_SPEC.hop_length


def noise(seconds: float, seed: int, level: float = 0.1) -> np.ndarray:
    samples = np.random.default_rng(seed).normal(size=int(seconds * RATE))
    return (level * samples).astype(np.float32)


def buzz(f0_hz: float, seconds: float) -> np.ndarray:
    phase = 2 * np.pi * f0_hz * np.arange(int(seconds * RATE)) / RATE
    return (0.1 * sum(np.sin(k * phase) / k for k in range(1, 21))).astype(np.float32)


def moving_mel(frames: int = 400, seed: int = 0) -> np.ndarray:
    mel = np.random.default_rng(seed).normal(size=(DEFAULT_SPEC.n_mels, frames))
    return (mel - 3.0).astype(np.float32)


def towards_mean(mel: np.ndarray, factor: float, bins: slice = slice(None)) -> np.ndarray:
    mean = mel[bins].mean(axis=1, keepdims=True)
    result = mel.copy()
    result[bins] = mean + factor * (mel[bins] - mean)
    return result


def test_the_smoothed_fifth_is_found_and_its_factor_measured() -> None:
    mel = moving_mel()
    halved = towards_mean(mel, 0.5, slice(20, 40))
    measured = compare_movement([(movement(halved), movement(mel), None)])
    np.testing.assert_allclose(measured.mel_std, [1, 0.5, 1, 1, 1], rtol=1e-3)
    same = compare_movement([(movement(mel), movement(mel), None)])
    assert (same.mel_std, same.global_variance) == ((1.0,) * 5, 1.0)
    assert compare_movement([]) is None


def test_global_variance_falls_with_the_square_of_the_movement() -> None:
    mel = moving_mel()
    measured = compare_movement([(movement(towards_mean(mel, 0.8)), movement(mel), None)])
    np.testing.assert_allclose(measured.mel_std, 0.8, rtol=1e-3)
    assert measured.global_variance == pytest.approx(0.64, rel=1e-3)


def test_what_the_source_cannot_hold_does_not_count() -> None:
    centers = mel_centers_hz(DEFAULT_SPEC)
    held = smoothness.below_nyquist(16_000)
    assert centers[held].max() <= 7_520 < centers[~held].min()
    mel = moving_mel()
    dead = mel.copy()
    dead[~held] = -11.5  # nothing above the source's Nyquist frequency
    pair = (movement(mel), movement(dead))
    np.testing.assert_allclose(compare_movement([(*pair, 16_000)]).mel_std, 1.0, rtol=1e-3)
    assert compare_movement([(*pair, 48_000)]).mel_std[4] > 1.5
    telephone = compare_movement([(*pair, 8_000)]).mel_std
    assert np.isnan(telephone[4])
    assert np.isfinite(telephone[0])


def test_pauses_do_not_change_the_movement() -> None:
    mel = moving_mel()
    silence = np.full((DEFAULT_SPEC.n_mels, 300), -11.5, dtype=np.float32)
    paused = np.concatenate([silence, mel, silence], axis=1)
    np.testing.assert_allclose(movement(paused).mel_std, movement(mel).mel_std, rtol=1e-5)


def stripes(ours: np.ndarray, real: np.ndarray, source_rate: int | None = None) -> float:
    spectra = [copy_measures.mean_spectrum_db(audio) for audio in (ours, real)]
    measured = copy_measures.stripes_db([(*spectra, source_rate)])
    assert measured is not None
    return measured


def test_tones_at_multiples_of_the_frame_rate_are_stripes() -> None:
    real, copy = noise(8.0, 0), noise(8.0, 1)
    time = np.arange(len(copy)) / RATE
    frame_rate = RATE / HOP
    tones = sum(np.sin(2 * np.pi * frame_rate * k * time + k * k) for k in range(1, 120))
    striped = (copy + 0.02 * tones).astype(np.float32)
    assert stripes(real, real) == 0.0
    chance = stripes(copy, real)
    assert chance < 0.7
    assert stripes(striped, real) > 2.0
    assert stripes(0.2 * copy, real) == pytest.approx(chance, abs=0.05)  # loudness is no stripe


def test_a_wrong_tilt_is_no_stripe_and_many_recordings_average_chance_away() -> None:
    pairs = []
    for seed in range(8):
        real, copy = noise(4.0, seed), noise(4.0, 100 + seed)
        dull = np.convolve(copy, [0.5, 0.5], "same").astype(np.float32)  # -3 dB at 6 kHz
        pairs.append([copy_measures.mean_spectrum_db(x) for x in (dull, real)])
    one = copy_measures.stripes_db([(*pairs[0], 16_000)])
    all_of_them = copy_measures.stripes_db([(*pair, 16_000) for pair in pairs])
    assert all_of_them < 0.5 * one
    assert all_of_them < 0.35
    assert copy_measures.stripes_db([]) is None


def test_stripes_above_the_source_s_nyquist_are_nobody_s_fault() -> None:
    real = noise(6.0, 0)
    time = np.arange(len(real)) / RATE
    tones = sum(np.sin(2 * np.pi * f * time + f) for f in range(8_500, 11_500, 100))
    striped = (real + 0.02 * tones).astype(np.float32)
    assert stripes(striped, real, 16_000) < 0.1
    assert stripes(striped, real, 48_000) > 1.0


def test_a_copy_that_hisses_through_a_third_of_the_vowel_loses_its_voicing() -> None:
    recording = buzz(150.0, 3.0)
    copy = recording.copy()
    copy[RATE : 2 * RATE] = noise(1.0, 0)
    measured = copy_measures.measure_copy(recording, copy)
    assert measured.voiced_lost == pytest.approx(1 / 3, abs=0.03)
    same = copy_measures.measure_copy(recording, recording)
    assert (same.voiced_lost, same.hnr_difference_db) == (0.0, 0.0)
    silent = copy_measures.measure_copy(recording, np.zeros_like(recording))
    assert silent.voiced_lost == 1.0
    assert np.isnan(silent.hnr_difference_db)


def test_noise_in_the_copy_shows_as_lost_harmonics_to_noise() -> None:
    recording = buzz(150.0, 2.0)
    hiss = noise(2.0, 0, 1.0) * np.sqrt(np.mean(recording**2))
    quiet, loud = (recording + 10 ** (-db / 20) * hiss for db in (20.0, 14.0))
    measured = copy_measures.measure_copy(quiet.astype(np.float32), loud.astype(np.float32))
    assert measured.hnr_difference_db == pytest.approx(-6.0, abs=0.7)
    assert measured.voiced_lost < 0.01


def test_the_pitch_range_is_that_of_all_sentences_together() -> None:
    contours = [list(np.linspace(100, 150, 500)), list(np.linspace(150, 200, 500))]
    assert pitch_range(contours) == pytest.approx((105.0, 195.0), abs=0.5)
    assert np.isnan(pitch_range([[], []])).all()
    assert against_real.semitones(100.0, 200.0) == 12.0
    assert np.isnan(against_real.semitones(100.0, 100.0))


def profile(source_rate: int, level: float) -> RealVoice:
    still = Movement((1.0,) * DEFAULT_SPEC.n_mels, (1.0,) * 13)
    return RealVoice(source_rate, np.ones(4, np.float32), still, 100.0, 200.0, level)


def verdict(row: str, speaker: str, text: str, factor: float, **more: object) -> dict[str, object]:
    moved = Movement((factor,) * DEFAULT_SPEC.n_mels, (factor**2,) * 13)
    bins = DEFAULT_SPEC.n_fft // 2 + 1
    return {"row": row, "speaker": speaker, "text": text, "source_rate": 16_000,
            "movement": asdict(moved), "predicted": None, "spectrum_db": [0.0] * bins,
            "f0_hz": [100.0, 141.42], "high_band_db": -30.0, **more}  # fmt: skip


def test_a_repeated_recording_is_compared_with_itself_and_a_new_sentence_with_the_voice() -> None:
    recording = verdict("real", "amy", "One.", 2.0)
    same = verdict("same-text", "amy", "One.", 1.0)
    new = verdict("system", "amy", "Two.", 0.9)
    real = against_real.real_side([recording, same, new], {"amy": profile(16_000, -60.0)})
    compared = [against_real.compare_row([v], real) for v in (same, new, recording)]
    np.testing.assert_allclose(compared[0]["smoothness"].mel_std, 0.5)
    assert compared[0]["stripes_db"] == 0.0
    np.testing.assert_allclose(compared[1]["smoothness"].mel_std, 0.9)
    assert compared[1]["stripes_db"] is None
    assert compared[2] == {"smoothness": None, "predicted_smoothness": None, "stripes_db": None}


def test_voices_stand_beside_their_recordings_and_only_full_band_ones_set_the_treble() -> None:
    voices = {"amy": profile(16_000, -70.0), "ben": profile(48_000, -25.0),
              "cat": profile(22_050, -35.0)}  # fmt: skip
    assert against_real.full_band_level_db(voices) == pytest.approx(-30.0)
    real = against_real.real_side([], voices)
    rows = [verdict("system", name, "Two.", 0.9, high_band_db=-28.0) for name in ("amy", "ben")]
    measured = against_real.compare_voices(rows, real)
    assert [measured[n]["group"] for n in ("amy", "ben")] == ["16 kHz", "full band"]
    assert measured["amy"]["f0_range_ratio"] == pytest.approx(0.5 * 0.9, abs=0.01)
    assert measured["amy"]["real_high_band_db"] is None
    assert measured["ben"]["real_high_band_db"] == -25.0
    assert against_real.full_band_level_db({"amy": voices["amy"]}) is None
