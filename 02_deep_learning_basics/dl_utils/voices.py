"""Vowels from arithmetic: the source–filter model of the voice in a few lines of numpy.

A train of pulses (the vocal folds; their rate is the pitch) passes through resonances (the vocal
tract; where they lie makes the vowel). Scaling all resonances alike is a longer or shorter tract:
another speaker. Resonators after D. Klatt, "Software for a cascade/parallel formant synthesizer",
JASA 67 (1980), eq. 2; formants of VOWELS after Peterson & Barney, JASA 24 (1952), mean of men.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from env_utils import InputError, atomic_path

SAMPLE_RATE = 24_000
VOWELS: dict[str, tuple[float, float, float]] = {  # the first three formants in Hz
    "ee": (270, 2290, 3010),  # as in heed
    "eh": (530, 1840, 2480),  # head
    "ah": (730, 1090, 2440),  # hod
    "aw": (570, 840, 2410),  # hawed
    "oo": (300, 870, 2240),  # who'd
}
BANDWIDTHS_HZ = (60.0, 90.0, 150.0, 250.0, 300.0)
UPPER_FORMANTS_HZ = (3500.0, 4500.0)  # about the same for every vowel

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Voice:
    """What makes a speaker here: pitch in Hz, and the formants' scale (1 = a long, male tract)."""

    f0_hz: float
    formant_scale: float


LOW_VOICE = Voice(f0_hz=115.0, formant_scale=1.0)
HIGH_VOICE = Voice(f0_hz=220.0, formant_scale=1.16)


def synthesize_vowel(
    voice: Voice, vowel: str, rng: np.random.Generator, seconds: float = 0.3
) -> Samples:
    """One vowel, float32 ``(T,)`` at 24 kHz with peak 0.5.

    Pitch and formants differ a little every time (3 % and 4 % standard deviation), as they do when
    a person repeats a vowel. Raises ``InputError`` for an unknown vowel.
    """
    from scipy.signal import lfilter

    if vowel not in VOWELS:
        raise InputError(f"vowel '{vowel}': known are {', '.join(VOWELS)}.")
    count = round(seconds * SAMPLE_RATE)
    excitation = _pulses(voice.f0_hz * rng.normal(1.0, 0.03), count, rng)
    excitation += rng.normal(0.0, 0.003, count)  # breath
    # The folds' pulses lose 12 dB an octave (two poles at 0.97), the lips give 6 dB back and keep
    # the constant part of the air flow inside (a difference).
    sound = lfilter([1.0, -1.0], [1.0, -1.94, 0.9409], excitation)
    formants = voice.formant_scale * np.array([*VOWELS[vowel], *UPPER_FORMANTS_HZ])
    for formant, bandwidth in zip(
        formants * rng.normal(1.0, 0.04, len(formants)), BANDWIDTHS_HZ, strict=True
    ):
        sound = lfilter(*_resonator(formant, bandwidth), sound)
    fade = min(round(0.02 * SAMPLE_RATE), count // 2)
    ramp = np.linspace(0.0, 1.0, fade)
    sound[:fade] *= ramp
    sound[count - fade :] *= ramp[::-1]
    quiet: Samples = (0.5 * sound / np.abs(sound).max()).astype(np.float32)
    return quiet


def _pulses(f0_hz: float, count: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """A pulse a period; periods differ by about 1 %; each pulse is shared by two samples."""
    periods = (
        SAMPLE_RATE / f0_hz * rng.normal(1.0, 0.01, int(count * f0_hz / SAMPLE_RATE * 1.2) + 2)
    )
    places = np.cumsum(periods)
    places = places[places < count - 1]
    whole = places.astype(int)
    pulses = np.zeros(count)
    np.add.at(pulses, whole, 1.0 - (places - whole))
    np.add.at(pulses, whole + 1, places - whole)
    return pulses


def _resonator(frequency_hz: float, bandwidth_hz: float) -> tuple[list[float], list[float]]:
    """Coefficients (b, a) of a two-pole resonance with gain 1 at 0 Hz."""
    c = -np.exp(-2 * np.pi * bandwidth_hz / SAMPLE_RATE)
    b = (
        2
        * np.exp(-np.pi * bandwidth_hz / SAMPLE_RATE)
        * np.cos(2 * np.pi * frequency_hz / SAMPLE_RATE)
    )
    return [1 - b - c], [1.0, -b, -c]


def write_wav(path: str | Path, samples: npt.ArrayLike) -> None:
    """24 kHz mono WAV, 16 bit, atomically. (Module 04 reads and writes sound properly.)"""
    import soundfile

    with atomic_path(path) as temporary:
        soundfile.write(temporary, np.asarray(samples, np.float32), SAMPLE_RATE, subtype="PCM_16")
