"""Bringing one voice closer to another by hand: pitch, tempo, formants, average spectrum.

This is what voice conversion did before neural networks: it changes what can be named, each by one
number or one curve for the whole recording. The speaker comes closer; he or she does not become
the other one, because a voice is more than its averages.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tts_utils.pitch import pitch_contour
from tts_utils.portrait import VoicePortrait, measure_voice
from tts_utils.protocol import Audio
from tts_utils.psola import psola
from tts_utils.spectrum import BANDS_HZ

Array = npt.NDArray[np.float64]

MAX_GAIN_DB = 15.0  # of one band: more would lift what is only noise
MAX_WARP = 1.25  # throats differ by about this much, from a tall man to a child
_FFT = 1024
_HOP = 256
_CEPSTRUM = 30  # coefficients of an envelope: finer than formants, coarser than harmonics


@dataclass(frozen=True)
class Adaptation:
    """What to change: fitted once on two recordings, applied to everything said afterwards."""

    pitch_ratio: float  # of the median F0
    liveliness: float  # factor on the pitch's distance from its median, in semitones
    tempo: float
    warp: float  # factor on the formants: above 1 is a shorter throat
    gain_db: Array  # (32,) of each band of BANDS_HZ, after the warp
    median_f0_hz: float  # of the voice that is to be changed


def fit_adaptation(source: Audio, reference: Audio) -> Adaptation:
    """What turns ``source`` (some seconds of a voice) into the averages of ``reference``."""
    own, wanted = measure_voice(source), measure_voice(reference)
    plan = Adaptation(
        pitch_ratio=wanted.median_f0_hz / own.median_f0_hz,
        liveliness=float(
            np.clip(wanted.f0_spread_semitones / max(own.f0_spread_semitones, 0.1), 0.5, 2.0)
        ),
        tempo=float(np.clip(wanted.syllables_per_second / own.syllables_per_second, 0.5, 2.0)),
        warp=formant_ratio(own, wanted),
        gain_db=np.zeros(len(own.spectrum_db)),
        median_f0_hz=own.median_f0_hz,
    )
    # The spectrum is compared after everything else: pitch and warp have moved it already.
    moved = measure_voice(adapt_voice(source, plan))
    difference = np.nan_to_num(wanted.spectrum_db - moved.spectrum_db)
    smooth = np.convolve(np.pad(difference, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
    gain = np.clip(smooth, -MAX_GAIN_DB, MAX_GAIN_DB)
    return Adaptation(**{**plan.__dict__, "gain_db": gain})


def formant_ratio(own: VoicePortrait, wanted: VoicePortrait) -> float:
    """How much higher the formants of ``wanted`` are: the geometric mean over F1 to F3, limited.

    All resonances of a tube move together with 1 / its length, so one factor stands for the
    length of the throat. 1.0 where no formants were found.
    """
    ratio = float(np.exp(np.nanmean(np.log(wanted.formants_hz / own.formants_hz))))
    return float(np.clip(ratio, 1 / MAX_WARP, MAX_WARP)) if np.isfinite(ratio) else 1.0


def adapt_voice(audio: Audio, plan: Adaptation) -> Audio:
    """``audio`` with pitch, tempo, formants and average spectrum of ``plan``, as loud as before."""
    samples, rate = audio
    f0 = pitch_contour(samples, rate)
    semitones = 12 * np.log2(np.where(f0 > 0, f0, 1.0) / plan.median_f0_hz)
    target = plan.median_f0_hz * plan.pitch_ratio * 2 ** (plan.liveliness * semitones / 12)
    moved = psola(samples, rate, f0, np.where(f0 > 0, target, 0.0), plan.tempo)
    shaped = shape_envelope(moved, rate, plan.warp, plan.gain_db)
    loudness = np.sqrt(np.mean(samples**2) / max(float(np.mean(shaped**2)), 1e-12))
    peak = float(np.abs(shaped).max()) * loudness
    return Audio((shaped * loudness / max(peak / 0.99, 1.0)).astype(np.float32), rate)


def shape_envelope(
    samples: npt.NDArray[np.floating], sample_rate: int, warp: float, gain_db: Array
) -> npt.NDArray[np.float32]:
    """Move the spectral envelope by the factor ``warp`` and add ``gain_db`` to its bands: ``(T,)``.

    Each frame is divided by its own envelope (which leaves the flat buzz of the source) and
    multiplied by the warped one. The phases stay as they are.
    """
    window = np.sqrt(np.hanning(_FFT + 1)[:-1])
    padded = np.pad(np.asarray(samples, dtype=np.float64), (_FFT, 2 * _FFT))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_HOP]
    spectrum = np.fft.rfft(frames * window, axis=1)
    envelope = log_envelope(np.abs(spectrum))
    bins = np.arange(envelope.shape[1], dtype=np.float64)
    warped = np.array([np.interp(bins / warp, bins, row) for row in envelope])
    centres = np.sqrt(BANDS_HZ[:-1] * BANDS_HZ[1:])
    frequency = np.fft.rfftfreq(_FFT, 1 / sample_rate)
    gain = np.interp(np.log(np.maximum(frequency, 1.0)), np.log(centres), gain_db)
    change = np.clip(warped - envelope + gain * np.log(10) / 20, -4.0, 4.0)
    shaped = np.fft.irfft(spectrum * np.exp(change), axis=1) * window
    output, weight = np.zeros(len(padded)), np.zeros(len(padded))
    for index, frame in enumerate(shaped):
        here = slice(index * _HOP, index * _HOP + _FFT)
        output[here] += frame
        weight[here] += window**2
    result = output / np.maximum(weight, 1e-6)
    return result[_FFT : _FFT + len(samples)].astype(np.float32)


def log_envelope(magnitude: Array) -> Array:
    """Smooth log spectra ``(F, K)`` of magnitudes ``(F, K)``: the first 30 cepstral coefficients.

    The cepstrum is the Fourier transform of the log spectrum; its beginning holds what changes
    slowly along the frequency (the throat), its end the ripple of the harmonics (the vocal folds).
    """
    cepstrum = np.fft.irfft(np.log(magnitude + 1e-5), axis=1)
    cepstrum[:, _CEPSTRUM:-_CEPSTRUM] = 0.0
    return np.asarray(np.fft.rfft(cepstrum, axis=1).real)
