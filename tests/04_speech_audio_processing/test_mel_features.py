"""The mel is the contract between all models: it must be exactly what the AudioSpec says."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from audio_utils import (
    DEFAULT_SPEC,
    AudioSpec,
    log_mel_spectrogram,
    mel_filterbank,
    mel_spectrogram,
    mfcc,
    spectrogram,
)
from audio_utils.mel import mel_centers_hz
from env_utils import CheckpointError, InputError
from hypothesis import given, settings
from hypothesis import strategies as st


def librosa_log_mel(audio: np.ndarray, spec: AudioSpec) -> np.ndarray:
    librosa = pytest.importorskip("librosa")
    mel = librosa.feature.melspectrogram(
        y=audio,
        sr=spec.sample_rate,
        n_fft=spec.n_fft,
        hop_length=spec.hop_length,
        n_mels=spec.n_mels,
        fmin=spec.f_min_hz,
        fmax=spec.f_max_hz,
        power=1.0,
        htk=True,
        norm=None,
        pad_mode="reflect",
    )
    return np.log(np.maximum(mel, spec.log_floor))


@pytest.mark.parametrize("spec", [DEFAULT_SPEC, AudioSpec(n_mels=80, f_min_hz=40, f_max_hz=8000)])
def test_equals_librosa_on_noise_and_on_speech(spec: AudioSpec, spoken, rng) -> None:
    for audio in (0.3 * rng.standard_normal(30_000).astype(np.float32), spoken):
        ours, theirs = mel_spectrogram(audio, spec), librosa_log_mel(audio, spec)
        assert ours.shape == theirs.shape == (spec.n_mels, spec.frames(len(audio)))
        # In silence a difference of 1e-7 in magnitude is visible after the logarithm.
        assert np.abs(np.exp(ours) - np.exp(theirs)).max() < 2e-4
        loud = theirs > -6
        assert np.abs(ours - theirs)[loud].max() < 1e-3


def test_filters_equal_librosas() -> None:
    librosa = pytest.importorskip("librosa")
    theirs = librosa.filters.mel(
        sr=24_000, n_fft=1024, n_mels=100, fmin=0, fmax=12_000, htk=True, norm=None
    )
    np.testing.assert_allclose(mel_filterbank(DEFAULT_SPEC).numpy(), theirs, atol=1e-6)


@given(samples=st.integers(0, 4000))
@settings(max_examples=40, deadline=None)
def test_frame_count_is_what_the_spec_says_for_every_length(samples: int) -> None:
    audio = np.full(samples, 0.1, np.float32)
    frames = DEFAULT_SPEC.frames(samples)
    mel = mel_spectrogram(audio, DEFAULT_SPEC)
    assert np.isfinite(mel).all()
    # Signals below half a window are padded so that reflection is possible.
    assert mel.shape == (100, frames if samples > 512 else DEFAULT_SPEC.frames(513))


def test_a_batch_gives_what_each_signal_gives_alone(rng) -> None:
    audio = torch.from_numpy(rng.standard_normal((3, 9000)).astype(np.float32))
    batch = log_mel_spectrogram(audio, DEFAULT_SPEC)
    for i in range(3):
        alone = log_mel_spectrogram(audio[i : i + 1], DEFAULT_SPEC)[0]
        torch.testing.assert_close(batch[i], alone, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("hz", [200.0, 1000.0, 5000.0])
def test_a_tone_lands_in_the_bin_of_its_frequency(hz: float) -> None:
    tone = np.sin(2 * np.pi * hz * np.arange(24_000) / 24_000).astype(np.float32)
    loudest = mel_spectrogram(tone, DEFAULT_SPEC)[:, 40].argmax()
    nearest = np.abs(mel_centers_hz(DEFAULT_SPEC) - hz).argmin()
    assert abs(int(loudest) - int(nearest)) <= 1
    strongest = spectrogram(tone, DEFAULT_SPEC)[:, 40].argmax()
    assert strongest * 24_000 / 1024 == pytest.approx(hz, abs=12)


def test_silence_is_the_floor_everywhere() -> None:
    mel = mel_spectrogram(np.zeros(5000, np.float32), DEFAULT_SPEC)
    np.testing.assert_allclose(mel, np.log(1e-5), rtol=1e-6)


def test_mfcc_equals_librosas_on_the_same_mel(spoken) -> None:
    librosa = pytest.importorskip("librosa")
    mel = mel_spectrogram(spoken, DEFAULT_SPEC)
    ours = mfcc(spoken, DEFAULT_SPEC, n=20)
    np.testing.assert_allclose(ours, librosa.feature.mfcc(S=mel, n_mfcc=20), atol=2e-3)
    with pytest.raises(InputError, match="n is 101"):
        mfcc(spoken, DEFAULT_SPEC, n=101)


def test_every_field_changes_the_fingerprint_and_a_mismatch_names_it() -> None:
    prints = {DEFAULT_SPEC.fingerprint}
    for name, value in DEFAULT_SPEC.to_dict().items():
        other = AudioSpec.from_dict({**DEFAULT_SPEC.to_dict(), name: value * 2 + 1})
        prints.add(other.fingerprint)
        with pytest.raises(CheckpointError, match=name):
            DEFAULT_SPEC.require_match(other, "shard.safetensors")
    assert len(prints) == 1 + len(DEFAULT_SPEC.to_dict())
    with pytest.raises(CheckpointError, match="colour"):
        AudioSpec.from_dict({**DEFAULT_SPEC.to_dict(), "colour": 1})


def test_filters_first_made_while_nothing_is_trained_can_be_trained_through() -> None:
    mel_filterbank.cache_clear()
    with torch.inference_mode():
        log_mel_spectrogram(torch.ones(1, 2048), DEFAULT_SPEC)
    audio = torch.linspace(-0.5, 0.5, 2048)[None].requires_grad_()
    log_mel_spectrogram(audio, DEFAULT_SPEC).sum().backward()
    assert audio.grad is not None and float(audio.grad.abs().sum()) > 0
