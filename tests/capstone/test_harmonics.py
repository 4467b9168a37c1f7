"""Harmonics are drawn where the pitch says, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from audio_utils import DEFAULT_SPEC, mel_spectrogram
from voice_replication.synthesizer.harmonics import PITCHES_HZ, frame_pitch, ripples

DURATIONS = np.array([10, 30, 0, 30, 10])
F0_HZ = np.array([0.0, 105.0, 0.0, 120.0, 0.0], dtype=np.float32)


def test_pitch_is_a_line_between_centres() -> None:
    pitch = frame_pitch(F0_HZ, DURATIONS)
    assert (pitch > 0).tolist() == [False] * 10 + [True] * 60 + [False] * 10
    assert pitch[25] == pytest.approx(105.0, rel=0.01)
    assert pitch[55] == pytest.approx(120.0, rel=0.01)
    assert (np.diff(pitch[10:70]) >= 0).all()


def test_nothing_voiced_has_no_pitch() -> None:
    assert not frame_pitch(np.zeros(5, dtype=np.float32), DURATIONS).any()


@pytest.mark.parametrize("f0_hz", [80.0, 110.0, 160.0])
def test_the_ripple_of_a_pitch_is_the_one_in_the_mel_of_that_pitch(f0_hz: float) -> None:
    time = np.arange(40 * 256) / 24_000
    pulses = sum(np.cos(2 * np.pi * f0_hz * n * time) for n in range(1, int(12_000 / f0_hz)))
    mel = mel_spectrogram((0.02 * pulses).astype(np.float32), DEFAULT_SPEC)[:, 10:30].mean(axis=1)
    table = ripples(DEFAULT_SPEC)
    low = np.arange(40)  # below 1.2 kHz
    fit = [np.corrcoef(mel[low], table[low, p])[0, 1] for p in range(len(PITCHES_HZ))]
    assert PITCHES_HZ[int(np.argmax(fit))] == pytest.approx(f0_hz, rel=0.02)
    assert not table[70:].any(), "high up, harmonics can not be told apart"
