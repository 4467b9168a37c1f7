"""Harmonics are put where the pitch says, as strong as wanted, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from audio_utils import DEFAULT_SPEC, mel_spectrogram
from voice_replication.synthesizer.harmonics import (
    STRENGTH,
    frame_pitch,
    restore_harmonics,
    ripples,
)

DURATIONS = np.array([10, 30, 0, 30, 10])
F0_HZ = np.array([0.0, 105.0, 0.0, 120.0, 0.0], dtype=np.float32)


def test_pitch_is_a_line_between_centres() -> None:
    pitch, voiced = frame_pitch(F0_HZ, DURATIONS)
    assert voiced.tolist() == [False] * 10 + [True] * 60 + [False] * 10
    assert pitch[25] == pytest.approx(105.0, rel=0.01)
    assert pitch[55] == pytest.approx(120.0, rel=0.01)
    assert (np.diff(pitch) >= 0).all()


def test_a_smooth_mel_gets_the_ripple_and_keeps_the_rest() -> None:
    tilt = np.linspace(0.0, -6.0, 100, dtype=np.float32)[:, None]
    mel = np.repeat(tilt, 80, axis=1)
    restored = restore_harmonics(mel, F0_HZ, DURATIONS, DEFAULT_SPEC)
    change = restored - mel
    assert np.abs(change[:, :10]).max() == 0.0, "unvoiced frames stay as they are"
    assert np.abs(change[60:]).max() == 0.0, "so do high frequencies"
    steady = change[:, 20]  # 105 Hz
    table = ripples(DEFAULT_SPEC)
    assert max(np.corrcoef(steady, table[:, p])[0, 1] for p in range(table.shape[1])) > 0.99
    assert np.ptp(steady) == pytest.approx(STRENGTH * 4.0, rel=0.4)


def test_harmonics_that_are_there_are_left_alone() -> None:
    time = np.arange(80 * 256) / 24_000
    pulses = sum(np.cos(2 * np.pi * 110 * n * time) for n in range(1, 109))
    mel = mel_spectrogram((0.05 * pulses).astype(np.float32), DEFAULT_SPEC)[:, :80]
    f0_hz, durations = np.array([110.0], dtype=np.float32), np.array([80])
    assert np.abs(restore_harmonics(mel, f0_hz, durations, DEFAULT_SPEC) - mel).max() < 0.15


def test_nothing_voiced_changes_nothing() -> None:
    mel = np.zeros((100, 80), dtype=np.float32)
    assert restore_harmonics(mel, np.zeros(5, dtype=np.float32), DURATIONS, DEFAULT_SPEC) is mel
