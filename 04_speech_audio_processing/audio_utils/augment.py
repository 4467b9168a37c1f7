"""Making one recording into many: gain, noise, rooms, telephones, and a seeded mixture of them.

Every function is pure, takes mono float32 ``(T,)`` and returns the same length. Nothing is clipped;
who writes the result to a file in 16 bits clips there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from env_utils import InputError

NoiseKind = Literal["white", "pink", "babble"]

Audio = npt.NDArray[np.float32]


def change_gain(audio: Audio, gain_db: float) -> Audio:
    """``audio`` louder by ``gain_db`` decibels."""
    return np.asarray(audio * np.float32(10.0 ** (gain_db / 20.0)), dtype=np.float32)


def add_noise(audio: Audio, noise: Audio, snr_db: float) -> Audio:
    """``audio + noise`` with the noise scaled so that their mean powers differ by ``snr_db``.

    ``noise`` is repeated or cut to the length of ``audio``. Silent audio, or silent noise, leaves
    ``audio`` as it is. Raises ``InputError`` when the noise is empty.
    """
    if len(noise) == 0:
        raise InputError("add_noise: the noise is empty.")
    noise = np.resize(noise, len(audio)).astype(np.float32)
    signal_power = float(np.mean(np.square(audio, dtype=np.float64))) if len(audio) else 0.0
    noise_power = float(np.mean(np.square(noise, dtype=np.float64))) if len(audio) else 0.0
    if signal_power == 0.0 or noise_power == 0.0:
        return audio.copy()
    gain = np.sqrt(signal_power / noise_power / 10.0 ** (snr_db / 10.0))
    return np.asarray(audio + np.float32(gain) * noise, dtype=np.float32)


def white_noise(samples: int, rng: np.random.Generator) -> Audio:
    """Equal power at every frequency, unit variance: ``(samples,)``."""
    return rng.standard_normal(samples, dtype=np.float32)


def pink_noise(samples: int, rng: np.random.Generator) -> Audio:
    """Power falling by 3 dB per octave, as in many rooms and machines, unit variance."""
    from scipy import fft

    size = int(fft.next_fast_len(max(samples, 2), real=True))
    spectrum = fft.rfft(rng.standard_normal(size, dtype=np.float32))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum), dtype=np.float32))
    spectrum[0] = 0.0
    noise = fft.irfft(spectrum, size)[:samples]
    return np.asarray(noise / max(float(noise.std()), 1e-12), dtype=np.float32)


def babble_noise(
    recordings: Sequence[Audio], samples: int, rng: np.random.Generator, voices: int = 5
) -> Audio:
    """Several people speaking at once: ``voices`` random places of ``recordings``, summed.

    Raises ``InputError`` when there is no recording to take them from.
    """
    usable = [recording for recording in recordings if len(recording) and np.any(recording)]
    if not usable:
        raise InputError("babble_noise: needs at least one recording that is not silent.")
    mixture = np.zeros(samples, dtype=np.float32)
    for _ in range(voices):
        voice = usable[int(rng.integers(len(usable)))]
        start = int(rng.integers(len(voice)))
        level = np.sqrt(np.mean(np.square(voice, dtype=np.float64)))
        mixture += np.resize(np.roll(voice, -start), samples) / np.float32(level)
    return mixture


def room_response(
    sample_rate: int, rt60_seconds: float, direct_to_reverb_db: float, rng: np.random.Generator
) -> Audio:
    """Impulse response of an imagined room: ``(T,)``, direct sound first, total energy 1.

    Exponentially decaying noise (Polack's model: the late sound of a room is that) which starts
    2 ms after the direct sound and falls by 60 dB in ``rt60_seconds``; ``direct_to_reverb_db`` is
    the direct sound's energy over that of all the rest.
    """
    if not 0.01 <= rt60_seconds <= 10.0:
        raise InputError(f"room_response: rt60_seconds is {rt60_seconds:g}; use 0.01 to 10.")
    samples = int(1.2 * rt60_seconds * sample_rate) + 1
    decay = 10.0 ** (-3.0 * np.arange(samples) / (rt60_seconds * sample_rate))
    response = rng.standard_normal(samples) * decay
    response[: round(0.002 * sample_rate)] = 0.0
    tail = float(np.sum(response**2))
    response *= np.sqrt(10.0 ** (-direct_to_reverb_db / 10.0) / max(tail, 1e-12))
    response[0] = 1.0
    return np.asarray(response / np.sqrt(np.sum(response**2)), dtype=np.float32)


def room_reverb(
    audio: Audio,
    sample_rate: int,
    rt60_seconds: float,
    direct_to_reverb_db: float,
    rng: np.random.Generator,
) -> Audio:
    """``audio`` as heard in a room of that reverberation time; see :func:`room_response`.

    The direct sound stays where it was, so transcripts and alignments still fit; the tail beyond
    the end is cut. The level (RMS) stays the same.
    """
    from scipy.signal import oaconvolve

    if len(audio) == 0:
        return audio.copy()
    response = room_response(sample_rate, rt60_seconds, direct_to_reverb_db, rng)
    wet = oaconvolve(audio, response)[: len(audio)]
    level, wet_level = (float(np.sqrt(np.mean(np.square(x)))) for x in (audio, wet))
    return np.asarray(wet * (level / wet_level if wet_level > 0 else 1.0), dtype=np.float32)


def telephone_band(audio: Audio, sample_rate: int) -> Audio:
    """Only 300–3400 Hz, as through a telephone line: ``(T,) -> (T,)``."""
    return _band(audio, sample_rate, 300.0, 3400.0)


def low_pass(audio: Audio, sample_rate: int, cutoff_hz: float) -> Audio:
    """Nothing above ``cutoff_hz``, as if recorded at twice that rate: ``(T,) -> (T,)``.

    A cut-off at or above half the sample rate changes nothing.
    """
    if cutoff_hz <= 0:
        raise InputError(f"low_pass: cutoff_hz is {cutoff_hz:g}, but must be above 0.")
    return _band(audio, sample_rate, 0.0, cutoff_hz)


def _band(audio: Audio, sample_rate: int, low_hz: float, high_hz: float) -> Audio:
    """Linear-phase FIR filter without delay; -100 dB within 150 Hz outside of the band."""
    from scipy.signal import firwin, oaconvolve

    nyquist, transition = sample_rate / 2, 150.0
    if high_hz + transition / 2 >= nyquist and low_hz <= 0:
        return audio.copy()
    taps = int(sample_rate / transition * 6.4) | 1  # Kaiser's formula for 100 dB
    edges = [low_hz, min(high_hz, nyquist - 1)] if low_hz > 0 else high_hz
    kernel = firwin(taps, edges, window=("kaiser", 10.06), pass_zero=low_hz <= 0, fs=sample_rate)
    half = taps // 2
    filtered = oaconvolve(audio, kernel.astype(np.float32))
    return np.asarray(filtered[half : half + len(audio)], dtype=np.float32)
