"""Data sets of synthesized vowels: band levels as features, vowels or speakers as labels.

``N`` sounds, ``BANDS`` features each. Small enough that a laboratory trains a network in a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dl_utils.voices import SAMPLE_RATE, VOWELS, Voice, synthesize_vowel

BANDS = 24
BAND_WIDTH_HZ = 200.0  # 24 bands of 200 Hz: up to 4.8 kHz, where the formants are

Features = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class VowelData:
    """``features (N, BANDS)`` in dB; ``vowels (N,)`` and ``speakers (N,)`` count from 0."""

    features: Features
    vowels: Labels
    speakers: Labels


def band_centres_hz() -> Features:
    """The middle of every band in Hz, ``(BANDS,)``."""
    return BAND_WIDTH_HZ * (np.arange(BANDS, dtype=np.float64) + 0.5)


def band_levels(samples: npt.ArrayLike) -> Features:
    """Level of each band in dB relative to the mean of all bands, ``(T,) -> (BANDS,)``.

    The mean is taken away so that a loud voice is not another voice. Bands more than 80 dB below
    the strongest count as 80 dB below it.
    """
    sound = np.asarray(samples, np.float64)
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    band = (np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE) / BAND_WIDTH_HZ).astype(int)
    energy = np.bincount(band, weights=power, minlength=BANDS)[:BANDS]
    levels: Features = 10 * np.log10(np.maximum(energy, energy.max() * 1e-8))
    levels -= levels.mean()
    return levels


def draw_voices(count: int, rng: np.random.Generator) -> list[Voice]:
    """``count`` random speakers: pitch 90–240 Hz; formants 1–1.25 times those of a long tract."""
    return [Voice(rng.uniform(90, 240), rng.uniform(1.0, 1.25)) for _ in range(count)]


def vowel_data(
    voices: Sequence[Voice],
    repetitions: int,
    rng: np.random.Generator,
    noise_db: float | None = None,
    seconds: float = 0.15,
) -> VowelData:
    """Every voice says every vowel ``repetitions`` times.

    ``noise_db`` adds white noise at this level relative to the sound (-10 is a loud room).
    """
    rows: list[tuple[Features, int, int]] = []
    for speaker, voice in enumerate(voices):
        for number, vowel in enumerate(VOWELS):
            for _ in range(repetitions):
                sound = synthesize_vowel(voice, vowel, rng, seconds).astype(np.float64)
                if noise_db is not None:
                    loudness = float(np.sqrt(np.mean(sound**2)))
                    sound += rng.normal(0.0, loudness * 10 ** (noise_db / 20), len(sound))
                rows.append((band_levels(sound), number, speaker))
    features, vowels, speakers = zip(*rows, strict=True)
    return VowelData(np.stack(features), np.array(vowels), np.array(speakers))


def standardize(train: Features, *others: Features) -> tuple[Features, ...]:
    """Mean 0 and standard deviation 1 per feature, *measured on the training part only*."""
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    return tuple((part - mean) / np.maximum(deviation, 1e-8) for part in (train, *others))
