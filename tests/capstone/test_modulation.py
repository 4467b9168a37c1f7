"""Blurred mels get back what blurring took, and nothing else changes."""

from __future__ import annotations

import pytest
import torch
from audio_utils import DEFAULT_SPEC
from torch import Tensor
from torch.nn import functional
from voice_replication.synthesizer.modulation import (
    GAINS,
    TAPS,
    cosines,
    fit_filters,
    loud_frames,
    sharpen,
)

LOW = 84
RATE = DEFAULT_SPEC.frames_per_second


def mel(frames: int = 600, seed: int = 0) -> Tensor:
    """Something that moves at all speeds, slow ones most, around a tilted mean: ``(M, F)``."""
    noise = torch.randn(DEFAULT_SPEC.n_mels, frames, generator=torch.Generator().manual_seed(seed))
    smooth = functional.avg_pool1d(noise[None], 3, 1, 1)[0]
    return 0.7 * smooth + 0.3 * noise.cumsum(dim=1) / 10 - torch.linspace(2, 6, 100)[:, None]


def blurred(real: Tensor) -> Tensor:
    """Averages over neighbours, as a decoder that is unsure of the place gives."""
    for _ in range(2):
        real = functional.avg_pool1d(real[None], 3, 1, 1, count_include_pad=False)[0]
    return real


def amplitude(x: Tensor, low_hz: float, high_hz: float) -> float:
    """How much ``x (M, F)`` moves between two modulation frequencies, over its lowest bins."""
    spectrum = torch.fft.rfft(x[:LOW] - x[:LOW].mean(dim=1, keepdim=True), dim=1).abs()
    hz = torch.fft.rfftfreq(x.shape[1], 1 / RATE)
    return float(spectrum[:, (hz >= low_hz) & (hz < high_hz)].square().sum().sqrt())


def test_cosines_are_an_orthonormal_transform() -> None:
    basis = cosines(LOW)
    assert torch.allclose(basis @ basis.T, torch.eye(LOW), atol=1e-5)
    assert torch.allclose(basis[0], torch.full((LOW,), LOW**-0.5), atol=1e-6)


def test_what_was_blurred_moves_as_before() -> None:
    pairs = [(real, blurred(real)) for real in (mel(seed=seed) for seed in range(6))]
    filters = fit_filters(pairs, LOW)
    assert filters.shape == (LOW, TAPS)
    real = mel(seed=9)
    soft = blurred(real)
    sharp = sharpen(soft[None], filters)[0]
    before = amplitude(soft, 8, 16) / amplitude(real, 8, 16)
    after = amplitude(sharp, 8, 16) / amplitude(real, 8, 16)
    assert before < 0.85
    assert after == pytest.approx(1.0, abs=0.1)
    assert amplitude(sharp, 0, 4) == pytest.approx(amplitude(real, 0, 4), rel=0.1)
    assert amplitude(sharp, 35, 47) < 1.3 * amplitude(soft, 35, 47), "noise is left alone"
    assert torch.allclose(sharp.mean(dim=1), soft.mean(dim=1), atol=0.05)
    assert torch.equal(sharp[LOW:], soft[LOW:]), "these bins not every recording holds"


def test_a_mel_that_needs_nothing_is_left_alone() -> None:
    real = mel()
    filters = fit_filters([(real, real)], LOW)
    assert torch.allclose(sharpen(real[None], filters)[0], real, atol=1e-4)
    assert torch.equal(sharpen(real[None], torch.zeros(LOW, TAPS))[0], real)


def test_gains_stay_within_limits() -> None:
    """A prediction that hardly moves is not stretched without end."""
    real = mel()
    still = real.mean(dim=1, keepdim=True) + 0.01 * (real - real.mean(dim=1, keepdim=True))
    lively = sharpen(still[None], fit_filters([(real, still)], LOW))[0]
    assert float(lively[:LOW].std(dim=1).mean()) < 1.3 * GAINS[1] * float(still.std(dim=1).mean())


def test_recordings_that_are_too_short_teach_nothing() -> None:
    short = mel(frames=20)
    assert not bool(fit_filters([(short, short)], LOW).any())
    assert not bool(fit_filters([], LOW).any())


def test_pauses_do_not_count() -> None:
    speech = mel()
    pause = torch.full((DEFAULT_SPEC.n_mels, 50), -11.5)
    loud = loud_frames(torch.cat([pause, speech, pause], dim=1))
    assert not bool(loud[:50].any()) and not bool(loud[-50:].any())
    assert float(loud[50:-50].float().mean()) > 0.9
