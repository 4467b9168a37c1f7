"""Pitch and tempo without touching the timbre: PSOLA, pitch-synchronous overlap and add.

Cut two periods around every pulse of the voice, and lay the pieces down closer together (higher)
or further apart (lower), repeating or leaving out some as the tempo asks. Every piece keeps its
shape, and with it the formants (E. Moulines and F. Charpentier, Speech Communication 9, 1990).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from env_utils import InputError

from tts_utils.pitch import HOP_SECONDS

Array = npt.NDArray[np.float64]

UNVOICED_SECONDS = 0.008  # distance of the marks where nothing repeats itself


def pitch_marks(samples: Array, sample_rate: int, f0: Array) -> npt.NDArray[np.int64]:
    """One place a period (the highest sample near where it is expected), every 8 ms elsewhere."""
    marks: list[int] = []
    place = 0.0
    while place < len(samples):
        pitch = f0[min(round(place / sample_rate / HOP_SECONDS), len(f0) - 1)]
        if pitch > 0:
            period = sample_rate / pitch
            low, high = int(max(place - 0.25 * period, 0)), int(place + 0.25 * period) + 1
            mark = low + int(np.argmax(samples[low:high]))
        else:
            period, mark = UNVOICED_SECONDS * sample_rate, int(place)
        if not marks or mark > marks[-1]:
            marks.append(mark)
        place = max(mark, marks[-1]) + period
    return np.array(marks, dtype=np.int64)


def psola(
    samples: npt.NDArray[np.floating],
    sample_rate: int,
    f0: Array,
    new_f0: Array,
    tempo: float = 1.0,
) -> npt.NDArray[np.float32]:
    """``samples`` spoken at ``new_f0`` and ``tempo`` times as fast: ``(round(T / tempo),)``.

    ``f0`` (the contour of ``samples``, one value every 10 ms, 0 where unvoiced) and ``new_f0`` have
    one shape; where ``f0`` is 0 nothing is changed but the tempo. Raises ``InputError`` for shapes
    that differ and for a tempo outside 0.25 to 4.
    """
    if f0.shape != new_f0.shape or f0.ndim != 1 or len(f0) == 0:
        raise InputError(f"psola: the contours have shapes {f0.shape} and {new_f0.shape}.")
    if not 0.25 <= tempo <= 4:
        raise InputError(f"psola: a tempo of {tempo} is outside 0.25 to 4.")
    source = np.asarray(samples, dtype=np.float64)
    marks = pitch_marks(source, sample_rate, f0)
    total = round(len(source) / tempo)
    output, weight = np.zeros(total), np.zeros(total)
    ratio = np.divide(f0, new_f0, out=np.ones_like(f0), where=(f0 > 0) & (new_f0 > 0))
    place = float(marks[0])
    while place < total:
        nearest = _nearest(marks, place * tempo)
        before = marks[nearest] - marks[max(nearest - 1, 0)]
        after = marks[min(nearest + 1, len(marks) - 1)] - marks[nearest]
        half = int(max(before, after, 1))
        _add(output, weight, source, int(marks[nearest]), round(place), half)
        frame = min(round(marks[nearest] / sample_rate / HOP_SECONDS), len(f0) - 1)
        place += float((after or before or half) * ratio[frame])
    return np.asarray(output / np.maximum(weight, 0.5), dtype=np.float32)


def _nearest(marks: npt.NDArray[np.int64], place: float) -> int:
    right = int(np.searchsorted(marks, place))
    if right == 0:
        return 0
    if right == len(marks) or place - marks[right - 1] <= marks[right] - place:
        return right - 1
    return right


def _add(output: Array, weight: Array, source: Array, centre: int, place: int, half: int) -> None:
    """Add the piece of ``source`` around ``centre`` to ``output`` around ``place``."""
    window = np.hanning(2 * half + 1)
    first = max(-half, -centre, -place)
    last = min(half + 1, len(source) - centre, len(output) - place)
    if last <= first:
        return
    piece = window[first + half : last + half]
    output[place + first : place + last] += piece * source[centre + first : centre + last]
    weight[place + first : place + last] += piece
