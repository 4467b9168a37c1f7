"""The vocoder's own transform against torch's, value by value."""

from __future__ import annotations

import pytest
import torch
from audio_utils import DEFAULT_SPEC
from voice_replication.vocoder.transform import (
    analyze,
    from_polar,
    magnitude,
    overlap_add,
    resynthesize,
    scaled,
)

WINDOW = torch.hann_window(DEFAULT_SPEC.n_fft)
BINS = DEFAULT_SPEC.n_fft // 2 + 1


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("frames", [3, 4, 50])
def test_it_is_torchs_inverse_transform_also_at_the_ends(frames: int) -> None:
    spectrum = torch.complex(noise(2, frames, BINS), noise(2, frames, BINS).flip(0))
    expected = torch.istft(
        spectrum.transpose(1, 2), DEFAULT_SPEC.n_fft, DEFAULT_SPEC.hop_length, window=WINDOW
    )
    ours = resynthesize(spectrum, DEFAULT_SPEC, WINDOW)
    assert ours.shape == expected.shape == (2, (frames - 1) * DEFAULT_SPEC.hop_length)
    assert torch.allclose(ours, expected, atol=1e-6)


def test_there_and_back_again_is_the_same_sound() -> None:
    sound = noise(1, 20 * DEFAULT_SPEC.hop_length)
    back = resynthesize(analyze(sound, DEFAULT_SPEC, WINDOW), DEFAULT_SPEC, WINDOW)
    assert torch.allclose(back, sound, atol=1e-5)


def test_overlapping_frames_add_up() -> None:
    frames = torch.tensor([[[1.0, 2.0, 3.0, 4.0], [10.0, 20.0, 30.0, 40.0]]])
    assert overlap_add(frames, 2).tolist() == [[1.0, 2.0, 13.0, 24.0, 30.0, 40.0]]


def test_quick_complex_arithmetic_is_torchs() -> None:
    size, angle = noise(2, 5, 7).exp(), noise(2, 5, 7)
    spectrum = from_polar(size, angle)
    assert torch.allclose(spectrum, torch.polar(size, angle), atol=1e-6)
    assert torch.allclose(magnitude(spectrum), size, atol=1e-6)
    assert torch.allclose(scaled(spectrum, angle), spectrum * angle, atol=1e-6)


def test_silence_has_a_gradient() -> None:
    silence = torch.zeros(1, 3, 5, dtype=torch.complex64, requires_grad=True)
    magnitude(silence).sum().backward()
    assert silence.grad is not None and bool((silence.grad == 0).all())
