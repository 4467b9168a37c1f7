"""Checks 04.e8: one step, its distance, and a search that comes nearer and nearer."""

from __future__ import annotations

import itertools
from types import ModuleType

import numpy as np
from course.expect import expect, expect_close, expect_equal


def check(exercise: ModuleType) -> None:
    """A tone whose true phase is a fixed point, then a search from a random phase."""
    time = np.arange(40 * 128) / 8000
    audio = sum(np.sin(2 * np.pi * 200 * k * time**1.2) / k for k in range(1, 8))
    spectrum = exercise.stft(audio)
    magnitude = np.abs(spectrum)
    truth = spectrum / np.maximum(magnitude, 1e-12)
    again, distance = exercise.step(magnitude, truth)
    expect_close(
        distance, 0.0, what="the distance at the true phase",
        formula="|| |STFT(istft(magnitude * phase))| - magnitude || / || magnitude ||",
    )  # fmt: skip
    loud = magnitude > 1e-3 * magnitude.max()
    expect_close(np.asarray(again)[loud].real, truth[loud].real, tolerance=1e-6,
                 what="the true phase after one step: it must stay (real part)")  # fmt: skip
    start = np.exp(2j * np.pi * np.random.default_rng(0).random(magnitude.shape))
    phase, distance = exercise.step(magnitude, start)
    rebuilt = exercise.stft(exercise.istft(magnitude * start))
    expect_close(np.abs(phase)[loud], np.ones(loud.sum()), what="the length of the new phase",
                 formula="z / |z|: only the direction is kept")  # fmt: skip
    expect_close(np.asarray(phase).real, (rebuilt / np.maximum(np.abs(rebuilt), 1e-12)).real,
                 what="the phase after one step from a random one (real part)",
                 formula="STFT(istft(magnitude * phase)), divided by its length")  # fmt: skip
    wanted = np.linalg.norm(np.abs(rebuilt) - magnitude) / np.linalg.norm(magnitude)
    expect_close(distance, wanted, what="the spectral convergence of a random phase",
                 formula="|| |rebuilt| - magnitude || / || magnitude ||")  # fmt: skip
    signal, history = exercise.search(magnitude, start, 30)
    expect_equal(len(history), 30, what="the number of distances after 30 iterations")
    expect_equal(np.shape(signal), audio.shape, what="the shape of the signal")
    falling = all(after <= before + 1e-9 for before, after in itertools.pairwise(history))
    expect(
        falling and history[-1] < 0.6 * history[0],
        f"search: the distance went from {history[0]:.3f} to {history[-1]:.3f}; it should fall at "
        "every step, to less than 0.6 of its start. Is the new phase given to the next step?",
    )
    last = np.linalg.norm(np.abs(exercise.stft(signal)) - magnitude) / np.linalg.norm(magnitude)
    expect(
        last <= history[-1] + 1e-9,
        "search: the signal does not belong to the last phase; return istft(magnitude * phase).",
    )
