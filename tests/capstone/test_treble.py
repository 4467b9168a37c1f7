"""What nobody recorded above 8 kHz is inferred from what lies below; nothing is taken away."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from audio_utils import DEFAULT_SPEC, mel_filterbank
from audio_utils.mel import mel_centers_hz
from voice_replication.synthesizer.average_spectrum import voice_correction
from voice_replication.synthesizer.treble import (
    LARGEST_LIFT_DB,
    LEAST_TREBLE_DB,
    add_treble,
    fit_treble,
    low_bins,
    voice_treble,
)

LOW = low_bins(DEFAULT_SPEC)


def hissing(frames: int, seed: int) -> torch.Tensor:
    """Log-mels ``(M, F)`` whose highest bins follow the ones below, with some chance."""
    generator = torch.Generator().manual_seed(seed)
    hiss = torch.randn(1, frames, generator=generator)
    floor = torch.linspace(-2.0, -8.0, DEFAULT_SPEC.n_mels)[:, None]
    share = torch.linspace(0.0, 1.5, DEFAULT_SPEC.n_mels)[:, None]
    return (
        floor + share * hiss + 0.3 * torch.randn(DEFAULT_SPEC.n_mels, frames, generator=generator)
    )


def test_the_bins_that_16_khz_can_hold_are_the_known_ones() -> None:
    centers = mel_centers_hz(DEFAULT_SPEC)
    assert centers[LOW - 1] < 7520 <= centers[LOW]


def test_treble_follows_the_low_bins_and_moves_as_much_as_it_should() -> None:
    treble = fit_treble([hissing(2000, 0), hissing(2000, 1)], LOW)
    truth = hissing(500, 2)[None]
    dark = truth.clone()
    dark[:, LOW:] = -11.5
    bright = add_treble(dark, treble)
    assert torch.equal(bright[:, :LOW], truth[:, :LOW])
    error = (bright - truth)[:, LOW:].square().mean().sqrt()
    assert error < 0.6 < (dark - truth)[:, LOW:].square().mean().sqrt()
    spread = bright[0, LOW:].std(dim=1) / truth[0, LOW:].std(dim=1)
    assert (spread - 1).abs().max() < 0.1


def test_a_voice_that_has_treble_keeps_it() -> None:
    treble = fit_treble([hissing(2000, 0)], LOW)
    loud = hissing(300, 3)[None]
    loud[:, LOW:] += 5.0
    assert torch.equal(add_treble(loud, treble), loud)


def level_db(mel: np.ndarray) -> float:
    """Energy above 8 kHz relative to that below, of a log-mel ``(M, F)`` as a spectrum."""
    energy = np.exp(2.0 * mel).mean(axis=1) / mel_filterbank(DEFAULT_SPEC).sum(dim=1).numpy()
    high = mel_centers_hz(DEFAULT_SPEC) >= 8000
    return float(10 * np.log10(energy[high].sum() / energy[~high].sum()))


def test_a_dark_voice_is_lifted_to_the_least_treble_and_a_bright_one_is_left_alone() -> None:
    mel = hissing(400, 4).numpy().clip(min=-8.0)  # the floor of a mel is far below
    f0_hz = np.full(400, 120.0, np.float32)
    high = mel_centers_hz(DEFAULT_SPEC) >= 8000
    mel[high] += 3.0
    for darker, wanted in ((0.0, level_db(mel)), (1.0, LEAST_TREBLE_DB), (3.0, None)):
        dark = mel - (darker * high[:, None]).astype(np.float32)
        before = level_db(dark)
        lifted = voice_correction(None, [dark], [f0_hz]).apply(dark, f0_hz)
        expected = before + LARGEST_LIFT_DB if wanted is None else wanted
        assert level_db(lifted) == pytest.approx(expected, abs=0.1)
        assert np.allclose(lifted[~high], dark[~high], atol=1e-5)
    assert level_db(mel) > LEAST_TREBLE_DB > level_db(mel) - 8.0


def test_pauses_are_not_lifted() -> None:
    """What is added to a dark voice in a pause would be heard as hiss."""
    dark = hissing(400, 5).numpy().clip(min=-8.0).astype(np.float32)
    dark[:, 100:200] -= 6.0
    missing = voice_treble([dark])
    assert missing.lift > 0.5
    added = missing.apply(dark) - dark
    assert np.allclose(added[:, 100:200], 0.0, atol=1e-5)
    high = mel_centers_hz(DEFAULT_SPEC) >= 8000
    assert np.allclose(added[high][:, :100], missing.lift, atol=1e-5)
    assert np.allclose(added[~high], 0.0, atol=1e-5)
