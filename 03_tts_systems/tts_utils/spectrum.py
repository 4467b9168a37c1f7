"""What the throat adds to the buzz of the vocal folds: spectral envelopes and formants, by hand.

Linear prediction says each sample as a weighted sum of the ones before it; the weights describe a
tube with resonances, and those are the formants (J. Makhoul, "Linear prediction: a tutorial
review", Proc. IEEE 63, 1975). The long-term average spectrum is simpler: the mean level of each
band over everything a voice says.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tts_utils.pitch import frames_of

Array = npt.NDArray[np.float64]

LPC_RATE = 10_000  # Hz: the first four formants lie below half of it
LPC_ORDER = 10  # two a formant, and two for the tilt of the source
FORMANT_RANGES_HZ = np.array([[200, 1_100], [600, 3_000], [1_600, 3_800]])  # F1, F2, F3 of speech
BANDS_HZ = np.geomspace(100.0, 7_500.0, 33)  # edges of 32 bands, about five an octave


def levinson_durbin(r: Array, order: int) -> tuple[Array, float]:
    """Predictor from an autocorrelation ``r[0..order]``: ``a``, ``(order + 1,)``, ``a[0] = 1``.

    The prediction error ``e[t] = sum_k a[k] x[t - k]`` has the least power; that power is returned
    too. Solves the Toeplitz equations in ``order`` steps instead of inverting a matrix.
    """
    a = np.zeros(order + 1)
    a[0], error = 1.0, float(r[0])
    for step in range(1, order + 1):
        reflection = -float(np.dot(a[:step], r[step:0:-1])) / max(error, 1e-30)
        a[1 : step + 1] += reflection * a[step - 1 :: -1][:step]
        error *= 1.0 - reflection**2
    return a, error


def formants_of_frame(frame: Array, sample_rate: int, order: int = LPC_ORDER) -> Array:
    """Resonances of one frame in Hz, ascending: poles with a bandwidth below 500 Hz."""
    emphasized = np.append(frame[0], frame[1:] - 0.97 * frame[:-1]) * np.hamming(len(frame))
    r = np.correlate(emphasized, emphasized, "full")[len(frame) - 1 : len(frame) + order]
    a, _ = levinson_durbin(r, order)
    poles = np.roots(a)
    poles = poles[poles.imag > 0]
    frequency = np.angle(poles) * sample_rate / (2 * np.pi)
    bandwidth = -np.log(np.maximum(np.abs(poles), 1e-9)) * sample_rate / np.pi
    return np.sort(frequency[(frequency > 150) & (bandwidth < 500)])


def median_formants(
    samples: npt.NDArray[np.floating], sample_rate: int, f0: Array, count: int = 3
) -> Array:
    """Median of the first ``count`` formants over the voiced frames: ``(count,)`` Hz.

    ``f0`` is :func:`tts_utils.pitch.pitch_contour` of the same samples. Frames in which fewer were
    found, or one outside of where speech has it, do not count; NaN where no frame is left.
    """
    import soxr

    slow = soxr.resample(np.asarray(samples, dtype=np.float64), sample_rate, LPC_RATE)
    frames = frames_of(slow, LPC_RATE)
    voiced = np.flatnonzero(f0[: len(frames)] > 0)
    found = [formants_of_frame(frames[i], LPC_RATE) for i in voiced[::2]]
    low, high = FORMANT_RANGES_HZ[:count].T
    rows = np.array([f[:count] for f in found if len(f) >= count]).reshape(-1, count)
    rows = rows[((rows > low) & (rows < high)).all(axis=1)]
    return np.median(rows, axis=0) if len(rows) else np.full(count, np.nan)


def band_levels(samples: npt.NDArray[np.floating], sample_rate: int) -> Array:
    """Level of each of 32 bands in each frame: ``(F, 32)`` dB; bands without a bin are NaN."""
    frames = frames_of(samples, sample_rate)
    power = np.abs(np.fft.rfft(frames * np.hanning(frames.shape[1]), axis=1)) ** 2
    frequency = np.fft.rfftfreq(frames.shape[1], 1 / sample_rate)
    band = np.digitize(frequency, BANDS_HZ) - 1
    levels = np.full((len(frames), len(BANDS_HZ) - 1), np.nan)
    for index in range(levels.shape[1]):
        if (band == index).any():
            levels[:, index] = 10 * np.log10(power[:, band == index].mean(axis=1) + 1e-10)
    return levels


def speech_spectrum(
    samples: npt.NDArray[np.floating], sample_rate: int
) -> tuple[Array, Array, Array]:
    """Band centres in Hz, the mean level and its standard deviation over time, each ``(32,)``.

    Only frames within 30 dB of the loud ones count, and the mean over the bands is taken off each
    spectrum: loudness is not the voice.
    """
    levels = band_levels(samples, sample_rate)
    loudness = np.nanmax(levels, axis=1)
    speech = levels[loudness > np.percentile(loudness, 95) - 30]
    mean, spread = speech.mean(axis=0), speech.std(axis=0)
    centres = np.sqrt(BANDS_HZ[:-1] * BANDS_HZ[1:])
    return centres, mean - np.nanmean(mean), spread
