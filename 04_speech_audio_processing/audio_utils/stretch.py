"""Tempo without pitch, and pitch without tempo.

Tempo: WSOLA (Verhelst & Roelands, "An overlap-add technique based on waveform similarity", ICASSP
1993). Short windows are taken from the signal at the new pace, and each is moved by up to 12 ms to
where it continues the previous one most smoothly. Pitch: a change of tempo undone by resampling.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr
from env_utils import InputError

_HOP_SECONDS = 0.012  # windows are twice as long and may move by this much either way
_SEARCH_RATE = 6_000  # Hz: where to move is found on a coarser copy of the signal

Audio = npt.NDArray[np.float32]


def change_tempo(audio: Audio, sample_rate: int, factor: float) -> Audio:
    """Speak faster (``factor > 1``) or slower at the same pitch: ``(T,) -> (round(T / factor),)``.

    ``factor`` in 0.5–2; raises ``InputError`` outside.
    """
    if not 0.5 <= factor <= 2.0:
        raise InputError(f"change_tempo: factor is {factor:g}, but must lie in 0.5 to 2.")
    samples = round(len(audio) / factor)
    if factor == 1.0 or samples == 0:
        return audio.copy()
    step = max(1, round(sample_rate / _SEARCH_RATE))
    hop = -(-round(_HOP_SECONDS * sample_rate) // step) * step
    margin = 2 * hop
    coarse = audio[: len(audio) // step * step].reshape(-1, step).mean(axis=1)
    starts = _window_starts(coarse, samples // hop + 2, hop // step, factor) * step
    padded = np.concatenate([np.zeros(margin, np.float32), audio, np.zeros(4 * hop, np.float32)])
    starts = np.clip(starts + margin, 0, len(padded) - 2 * hop)
    window = np.hanning(2 * hop + 1)[:-1].astype(np.float32)  # two of them add up to one
    pieces = np.lib.stride_tricks.sliding_window_view(padded, 2 * hop)[starts] * window
    result = np.zeros((len(starts) + 1, hop), dtype=np.float32)
    result[:-1] += pieces[:, :hop]
    result[1:] += pieces[:, hop:]
    return result.reshape(-1)[hop : hop + samples]


def pitch_shift(audio: Audio, sample_rate: int, semitones: float) -> Audio:
    """Raise or lower pitch by ``semitones`` (-12 to 12) at the same length: ``(T,) -> (T,)``.

    Formants move along, as if the speaker's mouth had changed size: for a training set this is a
    new voice, which is what augmentation wants. Raises ``InputError`` outside the range.
    """
    if not -12.0 <= semitones <= 12.0:
        raise InputError(f"pitch_shift: {semitones:g} semitones, but only -12 to 12 are possible.")
    if semitones == 0.0 or len(audio) == 0:
        return audio.copy()
    ratio = 2.0 ** (semitones / 12.0)
    stretched = change_tempo(audio, sample_rate, 1.0 / ratio)
    shifted = soxr.resample(stretched, sample_rate * ratio, sample_rate)[: len(audio)]
    return np.pad(shifted, (0, len(audio) - len(shifted))).astype(np.float32)


def _window_starts(coarse: Audio, count: int, hop: int, factor: float) -> npt.NDArray[np.int64]:
    """Where each window is taken from: ``(count,)``, the first one hop before the signal."""
    margin = 3 * hop
    padded = np.concatenate([np.zeros(margin, np.float32), coarse, np.zeros(8 * hop, np.float32)])
    energy = np.concatenate([[0.0], np.cumsum(np.square(padded, dtype=np.float64))])
    starts = np.empty(count, dtype=np.int64)
    starts[0] = -hop
    for k in range(1, count):
        nominal = round((k - 1) * hop * factor)
        low = min(max(0, nominal - hop + margin), len(padded) - 4 * hop)
        follow = min(starts[k - 1] + hop + margin, len(padded) - 2 * hop)
        wanted = padded[follow : follow + 2 * hop]
        match = np.correlate(padded[low : low + 4 * hop], wanted, mode="valid")
        power = energy[low + 2 * hop : low + 4 * hop + 1] - energy[low : low + 2 * hop + 1]
        starts[k] = low - margin + int(np.argmax(match / np.sqrt(power + 1e-6)))
    return starts
