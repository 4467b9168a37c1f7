"""What the lessons of this floor write by hand is what audio_utils does, on random input."""

from __future__ import annotations

import itertools
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from audio_utils import (
    DEFAULT_SPEC,
    AudioSpec,
    loudness_lufs,
    mel_filterbank,
    mel_spectrogram,
    mfcc,
    noise_profile,
    rms_dbfs,
    spectral_gate,
    spectrogram,
)
from audio_utils.activity import frame_levels
from audio_utils.griffin_lim import find_phase
from course.checking import load_script

FLOOR = Path(__file__).resolve().parents[2] / "04_speech_audio_processing"
SMALL = AudioSpec(sample_rate=16_000, n_fft=512, hop_length=160, n_mels=40, f_max_hz=8000.0)


def lesson(name: str) -> ModuleType:
    return load_script(FLOOR / f"{name}.py", f"graduation_{name}")


@pytest.fixture()
def noise(rng: np.random.Generator) -> np.ndarray:
    return (0.2 * rng.standard_normal(30_000)).astype(np.float32)


@pytest.mark.parametrize("spec", [DEFAULT_SPEC, SMALL], ids=["24 kHz", "16 kHz"])
def test_mel_and_mfcc_by_hand(spec: AudioSpec, noise: np.ndarray) -> None:
    by_hand = lesson("02_extract_mfcc")
    filters = mel_filterbank(spec).numpy()
    np.testing.assert_allclose(by_hand.filters_by_hand(spec), filters, atol=1e-5)
    magnitudes = by_hand.magnitudes_by_hand(by_hand.frames_by_hand(noise, spec))
    np.testing.assert_allclose(magnitudes, spectrogram(noise, spec), atol=1e-3)
    ours = by_hand.log_mel_by_hand(noise, spec)
    np.testing.assert_allclose(ours, mel_spectrogram(noise, spec), atol=2e-3)
    np.testing.assert_allclose(by_hand.mfcc_by_hand(noise, spec), mfcc(noise, spec, 13), atol=5e-3)


def test_the_cosines_are_at_right_angles() -> None:
    cosines = lesson("02_extract_mfcc").dct_by_hand(100, 100)
    np.testing.assert_allclose(cosines @ cosines.T, np.eye(100), atol=1e-12)


@pytest.mark.parametrize("level", [1.0, 0.05])
def test_loudness_by_hand(spoken: np.ndarray, level: float) -> None:
    by_hand = lesson("03_preprocess_audio")
    audio = (level * spoken).astype(np.float32)
    at_48k = np.repeat(audio, 2)  # any signal at 48 kHz will do
    assert by_hand.loudness_by_hand(at_48k, 48_000) == pytest.approx(
        loudness_lufs(at_48k, 48_000), abs=0.01
    )
    assert by_hand.rms_by_hand(audio) == pytest.approx(rms_dbfs(audio), abs=1e-4)


def test_the_gate_by_hand(spoken: np.ndarray, rng: np.random.Generator) -> None:
    by_hand = lesson("04_reduce_noise")
    noisy = spoken + (0.01 * rng.standard_normal(len(spoken))).astype(np.float32)
    profile = noise_profile(noisy[:12_000])
    np.testing.assert_allclose(by_hand.profile_by_hand(noisy[:12_000]), profile, rtol=1e-3)
    ours = by_hand.gate_by_hand(noisy, profile.astype(np.float64))
    difference = np.abs(ours - spectral_gate(noisy, profile))
    # A point exactly at the threshold may fall on either side in 32 and in 64 bits.
    assert np.mean(difference > 1e-4) < 0.01
    spectrum = by_hand.stft_by_hand(noisy)
    np.testing.assert_allclose(by_hand.istft_by_hand(spectrum, len(noisy)), noisy, atol=1e-6)


def test_levels_by_hand(spoken: np.ndarray) -> None:
    ours = lesson("05_segment_audio").levels_by_hand(spoken)
    theirs = frame_levels(spoken, 24_000)[0][: len(ours)]
    loud = theirs > -80
    np.testing.assert_allclose(ours[loud], theirs[loud], atol=0.05)


def test_a_step_of_griffin_lim_by_hand(spoken: np.ndarray) -> None:
    by_hand = lesson("06_invert_spectrograms")
    audio = spoken[12_000 : 12_000 + 100 * 256]
    magnitude = spectrogram(audio)
    generator = torch.Generator().manual_seed(3)  # as find_phase draws its start
    angles = 2 * torch.pi * torch.rand(magnitude.shape, generator=generator)
    start = np.exp(1j * angles.numpy().astype(np.float64))
    _, ours = by_hand.search_by_hand(magnitude.astype(np.float64), start, DEFAULT_SPEC, 12)
    _, theirs = find_phase(torch.from_numpy(magnitude), DEFAULT_SPEC, 12, seed=3, momentum=0.0)
    np.testing.assert_allclose(ours, theirs, rtol=1e-3)
    assert all(after <= before for before, after in itertools.pairwise(ours))


def test_aliases_are_where_the_lesson_says(rng: np.random.Generator) -> None:
    seeing = lesson("01_visualize_audio")
    for hz in rng.uniform(0, 12_000, 10):
        sampled = seeing.keep_one_in(seeing.tone(float(hz)), 3)
        assert seeing.strongest_hz(sampled, 8000) == pytest.approx(
            seeing.alias_hz(float(hz), 8000), abs=2
        )
