"""What can be measured on one recording alone, without its text or a reference.

These are the defects that a listener calls muffled, buzzy or dull: a mel that is too smooth (its
values move too little over time), harmonics drowned in noise, nothing above 8 kHz.

Shapes: ``T`` samples, ``F`` frames, ``M`` mel bins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC, AudioSpec, f0_contour, mel_spectrogram

from voice_replication.evaluation.smoothness import Movement, loud_frames, movement

Audio = npt.NDArray[np.float32]

HIGH_BAND_HZ = 8_000.0
_HNR_PERIODS = 4.5  # periods inside one window, as in Boersma (1993)


@dataclass(frozen=True)
class SignalMeasures:
    """Measures of one signal; NaN where there is nothing to measure (no voiced frame, silence)."""

    seconds: float
    rms_dbfs: float
    movement: Movement  # of the mel of the audio
    hnr_db: float  # median over voiced frames
    voiced_share: float  # of the frames with sound
    high_band_db: float  # energy above 8 kHz relative to all of it
    f0_median_hz: float
    f0_hz: tuple[float, ...]  # of every voiced frame with sound


def measure_signal(audio: Audio, spec: AudioSpec = DEFAULT_SPEC) -> SignalMeasures:
    """Measure ``(T,)`` audio at ``spec.sample_rate``; every frame within 40 dB of the loudest."""
    mel = mel_spectrogram(audio, spec)
    loud = loud_frames(mel)
    f0 = f0_contour(audio, spec)[: mel.shape[1]]
    voiced = (f0 > 0) & loud[: len(f0)]
    hnr = harmonics_to_noise_db(audio, f0, spec)
    rms = float(np.sqrt(np.mean(audio.astype(np.float64) ** 2))) if audio.size else 0.0
    return SignalMeasures(
        seconds=len(audio) / spec.sample_rate,
        rms_dbfs=20.0 * float(np.log10(max(rms, 1e-9))),
        movement=movement(mel, spec),
        hnr_db=float(np.median(hnr)) if hnr.size else float("nan"),
        voiced_share=float(voiced.sum() / max(1, loud.sum())),
        high_band_db=high_band_db(audio, spec.sample_rate),
        f0_median_hz=float(np.median(f0[voiced])) if voiced.any() else float("nan"),
        f0_hz=tuple(round(float(x), 1) for x in f0[voiced]),
    )


def pitch_range(contours: Sequence[Sequence[float]]) -> tuple[float, float]:
    """5th and 95th percentile in Hz over the voiced frames of several recordings; NaN for none."""
    voiced = np.concatenate([np.asarray(contour, dtype=np.float64) for contour in contours or [[]]])
    if voiced.size == 0:
        return float("nan"), float("nan")
    low, high = np.percentile(voiced, [5, 95])
    return float(low), float(high)


def harmonics_to_noise_db(
    audio: Audio, f0: npt.NDArray[np.float32], spec: AudioSpec = DEFAULT_SPEC
) -> npt.NDArray[np.float64]:
    """Harmonics-to-noise ratio of every voiced frame, in dB (P. Boersma, 1993, equation 4).

    ``10 log10(r / (1 - r))`` where ``r`` is the autocorrelation at the pitch period, normalized and
    divided by that of the Hann window. ``f0`` is ``(F,)`` in Hz, 0 where unvoiced; the result has
    one value per voiced frame. White noise at -20 dB under a periodic signal gives about 20.
    """
    voiced = np.flatnonzero(f0 > 0)
    if voiced.size == 0:
        return np.zeros(0)
    size = int(_HNR_PERIODS * spec.sample_rate / float(f0[voiced].min()))
    window = np.hanning(size + 2)[1:-1]
    padded = np.pad(audio.astype(np.float64), size)
    starts = voiced * spec.hop_length + size - size // 2
    starts = starts[starts + size <= len(padded)]
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[starts]
    frames = (frames - frames.mean(axis=1, keepdims=True)) * window
    correlation = _autocorrelation(frames) / _autocorrelation(window[None])
    period = spec.sample_rate / f0[voiced][: len(starts)]
    peak = np.clip(_peak_near(correlation, period), 1e-3, 1.0 - 1e-6)
    return np.asarray(10.0 * np.log10(peak / (1.0 - peak)))


def _autocorrelation(frames: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Autocorrelation ``(N, W) -> (N, W // 2)``, 1 at lag 0."""
    size = frames.shape[1]
    power = np.abs(np.fft.rfft(frames, 2 * size, axis=1)) ** 2
    correlation = np.fft.irfft(power, axis=1)[:, : size // 2]
    return np.asarray(correlation / np.maximum(correlation[:, :1], 1e-12))


def _peak_near(
    correlation: npt.NDArray[np.float64], period: npt.NDArray[np.floating]
) -> npt.NDArray[np.float64]:
    """Height of the highest point within 10 % of each period, refined by a parabola."""
    best = np.zeros(len(period))
    for row, lag in enumerate(period):
        low = max(1, int(0.9 * lag))
        high = min(correlation.shape[1] - 2, int(1.1 * lag) + 1)
        index = low + int(correlation[row, low : high + 1].argmax())
        left, middle, right = correlation[row, index - 1 : index + 2]
        curve = left - 2.0 * middle + right
        shift = 0.5 * (left - right) / curve if curve < 0 else 0.0
        best[row] = middle - 0.25 * (left - right) * np.clip(shift, -0.5, 0.5)
    return best


def high_band_db(audio: Audio, sample_rate: int, above_hz: float = HIGH_BAND_HZ) -> float:
    """Energy above ``above_hz`` relative to the whole, in dB (0 = all of it); NaN for silence."""
    power = np.abs(np.fft.rfft(audio.astype(np.float64))) ** 2
    total = float(power.sum())
    if total <= 0.0:
        return float("nan")
    frequency = np.fft.rfftfreq(len(audio), 1.0 / sample_rate)
    return 10.0 * float(np.log10(max(float(power[frequency >= above_hz].sum()) / total, 1e-12)))


def times_real_time(compute_seconds: float, audio_seconds: float) -> float:
    """Seconds of audio made per second of computing: 60 means sixty times real time."""
    return audio_seconds / compute_seconds if compute_seconds > 0 else float("inf")
