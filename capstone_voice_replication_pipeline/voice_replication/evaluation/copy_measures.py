"""What a vocoder does to a recording that it copies: stripes, lost voicing, noise in the harmonics.

**Spectral stripes.** A vocoder with a bias at single frequencies (a checkerboard of upsampling
layers, a head that prefers some bins of its transform, buzz at multiples of the frame rate) draws
horizontal lines into the spectrogram that no listener takes for a voice. They stand still, so they
survive averaging over time and sentences, which everything that belongs to speech does not::

    D(k)      = mean over frames of  20 log10 |copy(k)|  -  the same of the recording
    stripes   = root mean square over k of  D(k) - (D averaged over 17 bins around k)      in dB

with ``D`` first averaged over all sentences of a row, bins of 23 Hz (1024 points at 24 kHz, so that
the frame rate's multiples fall on every fourth bin), from 70 Hz up to 0.47 times the source's rate.
Taking the difference removes what the recordings' room and microphone did; subtracting the average
removes a wrong tilt or a dull treble, which is another defect. A copy without stripes measures what
chance leaves: about ``8 / sqrt(frames / 3)`` dB, 0.2 for ten recordings of a few seconds.

Shapes: ``T`` samples at ``spec.sample_rate``, ``F`` frames, ``K`` bins of the spectrum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC, AudioSpec, f0_contour, mel_spectrogram, spectrogram

from voice_replication.evaluation.signal_measures import harmonics_to_noise_db
from voice_replication.evaluation.smoothness import loud_frames
from voice_replication.synthesizer.treble import NYQUIST_SHARE

Audio = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]

LOWEST_STRIPE_HZ = 70.0  # below lie hum and rumble of the recordings
SMOOTHING_BINS = 17
_MAGNITUDE_FLOOR = 1e-4  # about the rounding noise of 16-bit files in this transform


@dataclass(frozen=True)
class CopyMeasures:
    """A copy against the recording it follows sample by sample; NaN where nothing was voiced."""

    voiced_lost: float  # share of the recording's voiced frames that are unvoiced in the copy
    hnr_difference_db: float  # harmonics-to-noise of the copy minus the recording's


def measure_copy(recording: Audio, copy: Audio, spec: AudioSpec = DEFAULT_SPEC) -> CopyMeasures:
    """Compare ``(T,)`` signals with the same words at the same times.

    Only loud frames count (within 40 dB of the loudest). Harmonics-to-noise is the difference of
    the medians over frames voiced in both, both measured at the recording's pitch.
    """
    length = min(len(recording), len(copy))
    recording, copy = recording[:length], copy[:length]
    loud = loud_frames(mel_spectrogram(recording, spec))
    contours = [f0_contour(audio, spec)[: len(loud)] for audio in (recording, copy)]
    voiced, still = (contour > 0 for contour in contours)
    voiced &= loud[: len(voiced)]
    both = np.where(voiced & still, contours[0], 0.0).astype(np.float32)
    if not both.any():
        return CopyMeasures(1.0 if voiced.any() else float("nan"), float("nan"))
    medians = [np.median(harmonics_to_noise_db(x, both, spec)) for x in (recording, copy)]
    lost = float((voiced & ~still).sum() / voiced.sum())
    return CopyMeasures(lost, float(medians[1] - medians[0]))


def mean_spectrum_db(audio: Audio, spec: AudioSpec = DEFAULT_SPEC) -> Values:
    """Average over the loud frames of the log magnitude spectrum, in dB: ``(T,) -> (K,)``."""
    loud = loud_frames(mel_spectrogram(audio, spec))
    magnitude = spectrogram(audio, spec)[:, : len(loud)][:, loud].astype(np.float64)
    return np.asarray(20.0 * np.log10(np.maximum(magnitude, _MAGNITUDE_FLOOR)).mean(axis=1))


def stripes_db(
    pairs: Sequence[tuple[Sequence[float], Sequence[float], int | None]],
    spec: AudioSpec = DEFAULT_SPEC,
) -> float | None:
    """Stripes of a row, from (mean spectrum of ours, of the recording, source rate in Hz) pairs.

    Each bin is averaged over the pairs whose source holds it. None without pairs.
    """
    if not pairs:
        return None
    frequency = np.fft.rfftfreq(spec.n_fft, 1.0 / spec.sample_rate)
    differences = np.stack([np.subtract(ours, real) for ours, real, _ in pairs])
    tops = np.array([NYQUIST_SHARE * (rate or spec.sample_rate) for _, _, rate in pairs])
    held = (frequency >= LOWEST_STRIPE_HZ) & (frequency <= tops[:, None])
    counted = held.any(axis=0)
    mean = (differences * held).sum(axis=0)[counted] / held.sum(axis=0)[counted]
    return float(np.sqrt(np.mean((mean - _smoothed(mean)) ** 2)))


def _smoothed(values: Values) -> Values:
    """Running mean over 17 bins, over fewer at the ends: ``(K,) -> (K,)``."""
    window = np.ones(SMOOTHING_BINS)
    total = np.convolve(values, window, "same")
    return np.asarray(total / np.convolve(np.ones(len(values)), window, "same"))
