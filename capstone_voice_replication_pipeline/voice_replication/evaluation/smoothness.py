"""How much a spectrum moves over time: what over-smoothed mels lack, as ratios to real speech.

A synthesizer trained on a mean error alone predicts mels that move too little. Two measures say
where: the standard deviation over time of each mel bin, averaged in each fifth of the mel axis, and
the global variance of the cepstra (T. Toda and K. Tokuda, 2007). Only frames within 40 dB of the
loudest count: pauses differ by their number, not by the voice.

A recording holds nothing above the Nyquist frequency of its source, so bins above 0.47 times the
source's rate are left out of all rows that are compared with it::

    mel bin   0        20        40        60        80   85       100
    16 kHz    |--------|---------|---------|---------|----|xxxxxxxxx|   x = above 7.5 kHz, left out
    48 kHz    |--------|---------|---------|---------|--------------|

Shapes: ``F`` frames, ``M`` mel bins, ``K`` = 13 cepstra.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC, AudioSpec
from audio_utils.mel import mel_centers_hz

from voice_replication.evaluation.objective import TRIM_DB, mel_cepstra, speech_band
from voice_replication.synthesizer.treble import NYQUIST_SHARE

Mel = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]

FIFTHS = 5


@dataclass(frozen=True)
class Movement:
    """How one mel moves. ``mel_std (M,)``: standard deviation over time of each bin, natural-log
    units; ``cepstral_variance (K,)``: variance over time of cepstra 1..13 of the bins below 7 kHz,
    squared natural-log units."""

    mel_std: tuple[float, ...]
    cepstral_variance: tuple[float, ...]


def movement(mel: Mel, spec: AudioSpec = DEFAULT_SPEC) -> Movement:
    """The :class:`Movement` of a log-mel ``(M, F)``, over its loud frames."""
    frames = mel[:, loud_frames(mel)]
    deviation = frames.astype(np.float64).std(axis=1)
    cepstra = mel_cepstra(speech_band(frames, spec))
    return Movement(_rounded(deviation), _rounded(cepstra.var(axis=0)))


def loud_frames(mel: Mel, range_db: float = TRIM_DB) -> npt.NDArray[np.bool_]:
    """Which frames of a log-mel ``(M, F)`` lie within ``range_db`` of the loudest ones."""
    level = 10.0 * np.log10(np.exp(2.0 * mel.astype(np.float64)).sum(axis=0))
    return np.asarray(level > np.percentile(level, 98) - range_db)


def below_nyquist(source_rate: int | None, spec: AudioSpec = DEFAULT_SPEC) -> npt.NDArray[np.bool_]:
    """Which of the ``(M,)`` mel bins a recording made at ``source_rate`` Hz holds; None: all."""
    centers = mel_centers_hz(spec)
    if not source_rate:
        return np.ones(len(centers), dtype=bool)
    return np.asarray(centers <= NYQUIST_SHARE * source_rate)


def fifths(
    values: Sequence[float] | Values, source_rate: int | None = None, spec: AudioSpec = DEFAULT_SPEC
) -> Values:
    """Mean of ``(M,)`` values in each fifth of the mel axis, lowest first -> ``(5,)``.

    Bins above 0.47 ``source_rate`` are left out; NaN for a fifth of which no bin remains.
    """
    kept = np.where(below_nyquist(source_rate, spec), np.asarray(values, dtype=np.float64), np.nan)
    parts = [part[~np.isnan(part)] for part in np.array_split(kept, FIFTHS)]
    return np.array([part.mean() if part.size else np.nan for part in parts])


@dataclass(frozen=True)
class Smoothness:
    """Ratios to real speech, 1 = moves as much: per fifth of the mel axis (standard deviation, NaN
    where there is nothing to compare), and the mean over 13 cepstra (variance)."""

    mel_std: tuple[float, ...]
    global_variance: float


def compare_movement(
    pairs: Sequence[tuple[Movement, Movement, int | None]], spec: AudioSpec = DEFAULT_SPEC
) -> Smoothness | None:
    """Ratio of the summed movements of many (candidate, real, source rate in Hz); None for none."""
    if not pairs:
        return None
    ours = np.stack([fifths(a.mel_std, rate, spec) for a, _, rate in pairs])
    real = np.stack([fifths(b.mel_std, rate, spec) for _, b, rate in pairs])
    with np.errstate(invalid="ignore"):
        spread = np.nansum(ours, axis=0) / np.nansum(real, axis=0)
    variance = np.sum([a.cepstral_variance for a, _, _ in pairs], axis=0) / np.sum(
        [b.cepstral_variance for _, b, _ in pairs], axis=0
    )
    return Smoothness(tuple(float(x) for x in spread), float(variance.mean()))


def mean_movement(movements: Sequence[Movement]) -> Movement:
    """The average over several recordings (at least one)."""
    return Movement(
        _rounded(np.mean([m.mel_std for m in movements], axis=0)),
        _rounded(np.mean([m.cepstral_variance for m in movements], axis=0)),
    )


def _rounded(values: Values) -> tuple[float, ...]:
    return tuple(round(float(x), 6) for x in values)
