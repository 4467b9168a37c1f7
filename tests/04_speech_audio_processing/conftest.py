"""Signals that behave like speech, made from nothing, so that no test needs a recording."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.signal import lfilter

RATE = 24_000
Audio = npt.NDArray[np.float32]


def pulse_train(f0_hz: npt.NDArray[np.float64], rate: int = RATE) -> Audio:
    """All harmonics below half the rate of a pitch given for every sample, falling by 1/k."""
    phase = 2 * np.pi * np.cumsum(f0_hz) / rate
    signal = np.zeros(len(f0_hz))
    for k in range(1, int(rate / 2 / f0_hz.max()) + 1):
        signal += np.sin(k * phase) / k
    return (0.1 * signal).astype(np.float32)


def resonate(
    signal: npt.NDArray[np.float64], hz: float, width_hz: float
) -> npt.NDArray[np.float64]:
    """One formant."""
    radius = np.exp(-np.pi * width_hz / RATE)
    poles = [1.0, -2 * radius * np.cos(2 * np.pi * hz / RATE), radius**2]
    return np.asarray(lfilter([sum(poles)], poles, signal))


def syllables(seconds: float, f0_hz: float = 130.0, seed: int = 0) -> Audio:
    """Something like speech without pauses: vowels and hisses, four a second, peak 0.5."""
    rng = np.random.default_rng(seed)
    samples = int(seconds * RATE)
    time = np.arange(samples) / RATE
    pitch = f0_hz * 2 ** (0.2 * np.sin(2 * np.pi * 0.7 * time))
    voiced = pulse_train(pitch).astype(np.float64)
    for hz, width in ((600.0, 80.0), (1400.0, 120.0), (2600.0, 180.0)):
        voiced = voiced + 0.8 * resonate(voiced, hz, width)
    envelope = np.clip(1.3 * np.sin(np.pi * ((4 * time) % 1)), 0, 1) ** 1.5
    hiss = np.diff(rng.normal(size=samples + 1)) * 0.03 * (((4 * time) % 1) < 0.2)
    signal = voiced * envelope + hiss
    return (0.5 * signal / np.abs(signal).max()).astype(np.float32)


@pytest.fixture(scope="session")
def spoken() -> Audio:
    """0.5 s silence, 2 s speech, 0.7 s silence, 1.5 s speech, 0.6 s silence: (T,) at 24 kHz."""
    return np.concatenate(
        [
            np.zeros(int(0.5 * RATE), np.float32),
            syllables(2.0),
            np.zeros(int(0.7 * RATE), np.float32),
            syllables(1.5, f0_hz=160.0, seed=1),
            np.zeros(int(0.6 * RATE), np.float32),
        ]
    )


@pytest.fixture(scope="session")
def spoken_spans() -> list[tuple[float, float]]:
    """Where ``spoken`` is speech, in seconds."""
    return [(0.5, 2.5), (3.2, 4.7)]
