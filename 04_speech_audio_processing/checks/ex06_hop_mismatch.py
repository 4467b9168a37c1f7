"""Checks 04.e6: levels and times belong to the mel's own frames, late in a signal too."""

from __future__ import annotations

from types import ModuleType

import numpy as np
from audio_utils import DEFAULT_SPEC, AudioSpec, mel_spectrogram
from course.expect import expect, expect_close, expect_equal

RATE = DEFAULT_SPEC.sample_rate


def check(exercise: ModuleType) -> None:
    """A beep after eight seconds is where the mel sees it; counts and values are exact."""
    audio = np.zeros(10 * RATE)
    audio[8 * RATE : 8 * RATE + 2400] = np.sin(np.arange(2400) * 0.3)
    levels = np.asarray(exercise.frame_levels(audio))
    mel = mel_spectrogram(audio.astype(np.float32), DEFAULT_SPEC)
    expect_equal(
        len(levels), mel.shape[1], what="the number of levels for 10 s",
        hint="One for each frame of the mel: spec.frames(T) = T // hop_length + 1.",
    )  # fmt: skip
    seen, heard = int(mel.sum(axis=0).argmax()), int(levels.argmax())
    expect(
        abs(seen - heard) <= 5,
        f"A beep at 8.0 s is in frame {seen} of the mel, but the level is highest in frame {heard}"
        f".\n  A step of {RATE // 100} samples against a hop of {DEFAULT_SPEC.hop_length}: the two"
        " drift apart by 6 % of the time.",
    )
    other = AudioSpec(sample_rate=16_000, n_fft=512, hop_length=200, f_max_hz=8000.0)
    for spec in (DEFAULT_SPEC, other):
        noise = np.random.default_rng(0).standard_normal(3000)
        padded = np.pad(noise, spec.n_fft // 2)
        wanted = [
            10 * np.log10(np.mean(padded[s : s + spec.n_fft] ** 2) + 1e-10)
            for s in range(0, len(noise) + 1, spec.hop_length)
        ]
        expect_close(
            exercise.frame_levels(noise, spec), wanted,
            what=f"frame_levels of noise (hop {spec.hop_length}, n_fft {spec.n_fft})",
            formula="mean square of the n_fft samples centred on k * hop_length, 0 outside",
        )  # fmt: skip
        times = np.arange(6) * spec.hop_length / spec.sample_rate
        expect_close(
            exercise.frame_times(6, spec), times, what=f"frame_times(6) at {spec.sample_rate} Hz",
            formula="k * hop_length / sample_rate; the rate is the spec's, never a number by heart",
        )  # fmt: skip
