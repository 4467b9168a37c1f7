"""Griffin-Lim finds a signal whose mel is the one given; denoising removes noise, not speech."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from audio_utils import DEFAULT_SPEC, AudioSpec, add_noise, griffin_lim, mel_spectrogram
from audio_utils.denoise import reduce_noise
from audio_utils.griffin_lim import find_phase, mel_to_magnitude
from audio_utils.mel import magnitude_spectrogram, mel_filterbank
from env_utils import InputError

RATE = 24_000


@pytest.fixture(scope="module")
def speech(spoken) -> np.ndarray:
    return spoken[int(0.4 * RATE) : int(2.4 * RATE)]


def test_mel_inversion_gives_the_same_mel_and_nothing_negative(speech) -> None:
    mel = torch.from_numpy(mel_spectrogram(speech, DEFAULT_SPEC))
    magnitude = mel_to_magnitude(mel, DEFAULT_SPEC)
    assert magnitude.shape == (513, mel.shape[1]) and float(magnitude.min()) >= 0
    again = (mel_filterbank(DEFAULT_SPEC) @ magnitude).clamp(min=1e-5).log()
    assert float((again - mel).abs().mean()) < 0.02
    true = magnitude_spectrogram(torch.from_numpy(speech)[None], DEFAULT_SPEC)[0]
    assert float((magnitude - true).norm() / true.norm()) < 0.6, "and is near the real spectrogram"


def test_spectral_convergence_falls(speech) -> None:
    magnitude = magnitude_spectrogram(torch.from_numpy(speech)[None], DEFAULT_SPEC)[0]
    _, history = find_phase(magnitude, DEFAULT_SPEC, iterations=40)
    assert history[-1] < 0.25 * history[0] and history[-1] < 0.15
    best = [min(history[:count]) for count in (5, 10, 20, 40)]
    assert sorted(set(best), reverse=True) == best, "with momentum it wavers, but gets better"


def test_the_mel_of_the_result_is_the_mel_given(speech) -> None:
    mel = mel_spectrogram(speech, DEFAULT_SPEC)
    audio = griffin_lim(mel, DEFAULT_SPEC, iterations=40)
    assert audio.dtype == np.float32
    assert len(audio) == (mel.shape[1] - 1) * 256
    again = mel_spectrogram(audio, DEFAULT_SPEC)
    heard = mel > -4
    assert np.abs(again - mel)[heard].mean() < 0.15
    few = mel_spectrogram(griffin_lim(mel, DEFAULT_SPEC, iterations=2), DEFAULT_SPEC)
    assert np.abs(again - mel)[heard].mean() < 0.7 * np.abs(few - mel)[heard].mean()


def test_deterministic_under_a_seed(speech) -> None:
    mel = mel_spectrogram(speech, DEFAULT_SPEC)[:, :60]
    first, second, other = (griffin_lim(mel, iterations=3, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("frames", [1, 2, 3, 5])
def test_the_shortest_mels(frames: int) -> None:
    audio = griffin_lim(np.full((100, frames), -3.0, np.float32), iterations=4)
    assert len(audio) == (frames - 1) * 256 and np.isfinite(audio).all()


def test_a_mel_of_another_spec_is_refused() -> None:
    with pytest.raises(InputError, match=r"\(80, 20\)"):
        griffin_lim(np.zeros((80, 20), np.float32), AudioSpec())


@pytest.mark.parametrize("snr_db", [5.0, 15.0])
def test_denoising_brings_the_signal_closer_to_the_clean_one(spoken, rng, snr_db: float) -> None:
    noise = rng.standard_normal(len(spoken)).astype(np.float32)
    noisy = add_noise(spoken, noise, snr_db)
    cleaned = reduce_noise(noisy, RATE)
    error = 10 * np.log10(np.sum(spoken**2) / np.sum((cleaned - spoken) ** 2))
    assert cleaned.shape == noisy.shape
    assert error > snr_db + 4
    pause = slice(int(2.6 * RATE), int(3.1 * RATE))
    quieter = 10 * np.log10(np.mean(noisy[pause] ** 2) / np.mean(cleaned[pause] ** 2))
    assert quieter == pytest.approx(15, abs=3)


def test_denoising_leaves_clean_speech_and_short_snippets_alone(spoken) -> None:
    cleaned = reduce_noise(spoken, RATE)
    assert 10 * np.log10(np.sum(spoken**2) / np.sum((cleaned - spoken) ** 2)) > 25
    np.testing.assert_array_equal(reduce_noise(spoken[:500], RATE), spoken[:500])
    assert reduce_noise(spoken[:0], RATE).size == 0
