"""A sound is brought closer to the mel it was made for, where the mel is trusted."""

from __future__ import annotations

import numpy as np
import torch
from audio_utils import DEFAULT_SPEC, log_mel_spectrogram
from torch import Tensor
from torch.nn import functional
from voice_replication.vocoder.consistency import LIMIT, match_mel

HOPS = 80


def buzz(f0_hz: float = 140.0) -> Tensor:
    """Harmonics whose loudness falls with frequency and moves over time: ``(1, T)``."""
    time = torch.arange(HOPS * DEFAULT_SPEC.hop_length) / DEFAULT_SPEC.sample_rate
    phase = 2 * np.pi * f0_hz * (time + 0.02 * torch.sin(3 * time))
    tones = torch.stack([torch.sin(k * phase) / k for k in range(1, 60)]).sum(dim=0)
    noise = torch.randn(len(time), generator=torch.Generator().manual_seed(0))
    return (0.1 * (1.2 + torch.sin(12 * time)) * tones + 1e-3 * noise)[None]


def colored(audio: Tensor) -> Tensor:
    """``audio`` through a filter that is 8 dB wrong here and there."""
    kernel = torch.tensor([0.6, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, -0.3])[None, None]
    return functional.conv1d(functional.pad(audio[:, None], (4, 4)), kernel)[:, 0]


def distance(audio: Tensor, mel: Tensor) -> Tensor:
    """Mean absolute difference of log-mels for each bin, edges left out: ``(M,)``."""
    return (log_mel_spectrogram(audio, DEFAULT_SPEC) - mel)[0, :, 4:-4].abs().mean(dim=1)


def corrected(audio: Tensor, mel: Tensor, trust: Tensor, rounds: int) -> Tensor:
    """``match_mel`` with mels ``(B, M, F)``, as everything else has them."""
    return match_mel(audio, mel.transpose(1, 2), trust.transpose(1, 2), DEFAULT_SPEC, rounds)


def test_every_round_brings_the_sound_closer_to_its_mel() -> None:
    real = buzz()
    mel = log_mel_spectrogram(real, DEFAULT_SPEC)
    trust = torch.ones_like(mel)
    wrong = [
        float(distance(corrected(colored(real), mel, trust, rounds), mel).mean())
        for rounds in range(4)
    ]
    assert wrong[0] > 0.4
    assert wrong[1] < 0.4 * wrong[0]
    assert wrong[3] < wrong[2] < wrong[1]


def test_a_mel_without_trust_changes_nothing() -> None:
    sound = colored(buzz())
    mel = log_mel_spectrogram(buzz(200.0), DEFAULT_SPEC)
    same = corrected(sound, mel, torch.zeros_like(mel), 2)
    assert same.shape == sound.shape
    assert float((same - sound).abs().max()) < 1e-5


def test_only_the_trusted_bins_are_corrected() -> None:
    real = buzz()
    mel = log_mel_spectrogram(real, DEFAULT_SPEC)
    trust = torch.zeros_like(mel)
    trust[:, :40] = 1.0
    before = distance(colored(real), mel)
    after = distance(corrected(colored(real), mel, trust, 2), mel)
    assert float(after[:36].mean()) < 0.4 * float(before[:36].mean())
    assert torch.allclose(after[46:], before[46:], atol=0.05)


def test_silence_and_impossible_mels_stay_finite() -> None:
    quiet = torch.zeros(1, HOPS * DEFAULT_SPEC.hop_length)
    mel = log_mel_spectrogram(buzz(), DEFAULT_SPEC)
    trust = torch.ones_like(mel)
    assert torch.equal(corrected(quiet, mel, trust, 2), quiet)
    floor = torch.full_like(mel, float(np.log(DEFAULT_SPEC.log_floor)))
    silenced = corrected(buzz(), floor, trust, 1)
    softer = log_mel_spectrogram(silenced, DEFAULT_SPEC) - mel
    assert -LIMIT - 1 < float(softer[0, :40, 10:-10].mean()) < -LIMIT + 1
    louder = corrected(buzz(), torch.full_like(mel, 50.0), trust, 1)
    assert bool(torch.isfinite(louder).all())


def test_gradients_pass_through_it() -> None:
    sound = colored(buzz()).requires_grad_()
    mel = log_mel_spectrogram(buzz(), DEFAULT_SPEC)
    trust = torch.full_like(mel, 0.5).requires_grad_()
    corrected(sound, mel, trust, 2).square().sum().backward()
    for gradient in (sound.grad, trust.grad):
        assert gradient is not None and bool(torch.isfinite(gradient).all())
        assert float(gradient.abs().sum()) > 0
