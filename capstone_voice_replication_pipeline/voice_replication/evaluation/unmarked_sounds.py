"""Sounds without a watermark that a detector must not take for marked: music, noise, silence.

They are made here, so they need no file and no licence: ``SOUNDS[name](samples)`` at 24 kHz. They
are regular where music is, because what repeats with a pattern's period could imitate it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC
from audio_utils.augment import pink_noise, white_noise

from voice_replication.watermark import HOP, PERIOD

Audio = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

RATE = DEFAULT_SPEC.sample_rate
SEED = 3
SYLLABLE = RATE // 4  # samples
SCALE = (0, 2, 4, 5, 7, 9, 11)  # semitones of a major scale


class Unmarked:
    """Stands where ``watermark.Marker`` does and changes nothing, to hear what it does."""

    def push(self, chunk: Audio) -> Audio:
        """``chunk``."""
        return chunk

    def finish(self) -> Audio:
        """Nothing was held back."""
        return np.zeros(0, np.float32)


def melody(samples: int, note_seconds: float) -> Audio:
    """Three voices of decaying notes with ten harmonics each, all of the same length."""
    rng = np.random.default_rng(SEED)
    note = round(note_seconds * RATE)
    time = np.arange(note) / RATE
    kinds = {}
    for degree in range(-7, 15):
        semitones = SCALE[degree % 7] + 12 * (degree // 7)
        kinds[degree] = _tone(220.0 * 2.0 ** (semitones / 12.0), time)
    degrees = rng.integers(-7, 15, (samples // note, 3))
    notes = [sum(kinds[int(d)] for d in chord) for chord in degrees]
    return np.concatenate(notes).astype(np.float32)


def _tone(hz: float, time: Floats) -> Floats:
    """A plucked string, roughly: harmonics that fall off and die away, higher ones sooner."""
    order = np.arange(1, 11)[:, None]
    waves = np.sin(2 * np.pi * order * hz * time) / order * np.exp(-3.0 * np.sqrt(order) * time)
    return np.asarray(0.1 * waves.sum(axis=0))


def held_chord(samples: int) -> Audio:
    """An organ's chord with a slow vibrato, unchanged all the time."""
    time = np.arange(samples) / RATE
    vibrato = 0.004 * np.sin(2 * np.pi * 5.5 * time) / (2 * np.pi * 5.5)
    waves = [
        np.sin(2 * np.pi * order * hz * (time + vibrato)) / order
        for hz in (130.8, 164.8, 196.0)
        for order in range(1, 16)
    ]
    return np.asarray(0.05 * np.sum(waves, axis=0), dtype=np.float32)


def drum_loop(samples: int, seconds: float) -> Audio:
    """The same bar of noise bursts over and over."""
    rng = np.random.default_rng(SEED)
    bar = np.zeros(round(seconds * RATE))
    for start in np.arange(0, len(bar), len(bar) / 8).astype(int):
        length = min(len(bar) - start, RATE // 8)
        decay = np.exp(-np.arange(length) / (0.02 * RATE * rng.uniform(0.5, 2.0)))
        bar[start : start + length] += 0.3 * rng.standard_normal(length) * decay
    return np.tile(bar, -(-samples // len(bar)))[:samples].astype(np.float32)


def steady_noise(samples: int, kind: Callable[[int, np.random.Generator], Audio]) -> Audio:
    """``kind`` of noise at -26 dB of full scale."""
    return np.asarray(0.05 * kind(samples, np.random.default_rng(SEED)), dtype=np.float32)


def modulated_noise(samples: int) -> Audio:
    """Pink noise in syllables, four a second."""
    rng = np.random.default_rng(SEED)
    levels = rng.uniform(0.0, 1.0, -(-samples // SYLLABLE)) ** 2
    envelope = np.repeat(levels, SYLLABLE)[:samples].astype(np.float32)
    return envelope * steady_noise(samples, pink_noise)


SOUNDS: Mapping[str, Callable[[int], Audio]] = {
    "melody, 4 notes a second": partial(melody, note_seconds=0.25),
    "melody, notes of four rows": partial(melody, note_seconds=4 * HOP / RATE),
    "held chord": held_chord,
    "drum loop, 2 s": partial(drum_loop, seconds=2.0),
    "drum loop, the pattern's period": partial(drum_loop, seconds=PERIOD * HOP / RATE),
    "white noise": partial(steady_noise, kind=white_noise),
    "pink noise": partial(steady_noise, kind=pink_noise),
    "noise in syllables": modulated_noise,
    "silence": lambda samples: np.zeros(samples, np.float32),
}
