"""Distances between a recording and a synthesis of the same words: MCD, F0, voicing, PESQ, STOI.

**Mel-cepstral distortion** (R. Kubichek, 1993), stated exactly, because published numbers differ by
their details: cepstra are a type-II DCT of our natural-log mel (100 HTK bins, magnitude), scaled so
that ``log mel = c_0 + sum_k c_k cos(pi k (m + 1/2) / M)``; coefficients 1..13 (c_0, the level, is
left out); both signals trimmed to their speech; frames paired by dynamic time warping; and

    MCD = 10 / ln 10 * sqrt(2 * sum_k (c_k - c'_k)^2)   in dB, averaged over the warping path.

With this scaling the MCD of a frame is the root mean square, in dB over the mel axis, of the
difference between the two smoothed spectra: two envelopes that differ by a ripple of amplitude
``a`` dB have MCD ``a / sqrt(2)``.

Between recordings (:func:`compare`) only the bins below 7 kHz count. A recording that was made at
16 kHz holds nothing above 8, and speech that does have a treble would be 30 dB away from it.

Shapes: ``T`` samples at ``spec.sample_rate``, ``F`` frames, ``M`` mel bins, ``K`` coefficients.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC, AudioSpec, f0_contour, mel_spectrogram, resample
from audio_utils.mel import hz_to_mel, mel_to_hz
from env_utils import InputError, MissingDependencyError

from voice_replication.evaluation.dtw import WarpingPath, warp

Audio = npt.NDArray[np.float32]

MCD_COEFFICIENTS = 13
MCD_SCALE = 10.0 / np.log(10.0) * np.sqrt(2.0)
TRIM_DB = 40.0  # frames quieter than this below the loudest at either end are not speech
SPEECH_BAND_HZ = 7_000.0  # what every recording that a model may learn from holds
JUDGE_RATE = 16_000  # Hz: what PESQ-WB is defined at


def mel_cepstra(
    mel: npt.NDArray[np.float32], coefficients: int = MCD_COEFFICIENTS
) -> npt.NDArray[np.float64]:
    """Cepstra 1..K of a log-mel ``(M, F)`` -> ``(F, K)``, scaled as the module says."""
    bins = mel.shape[0]
    if not 0 < coefficients < bins:
        raise InputError(f"coefficients = {coefficients}: must lie between 1 and {bins - 1}.")
    order = np.arange(1, coefficients + 1)
    cosines = np.cos(np.pi / bins * np.outer(order, np.arange(bins) + 0.5))
    return np.asarray((2.0 / bins) * (cosines @ mel.astype(np.float64)).T)


def speech_span(mel: npt.NDArray[np.float32], trim_db: float = TRIM_DB) -> slice:
    """First to last frame of a log-mel ``(M, F)`` within ``trim_db`` of the loudest frames."""
    power = np.exp(2.0 * mel.astype(np.float64)).sum(axis=0)
    level_db = 10.0 * np.log10(power)
    loud = np.flatnonzero(level_db > np.percentile(level_db, 98) - trim_db)
    return slice(int(loud[0]), int(loud[-1]) + 1)


def speech_band(mel: npt.NDArray[np.float32], spec: AudioSpec) -> npt.NDArray[np.float32]:
    """The bins of a log-mel ``(M, F)`` whose filters end below 7 kHz: ``(M', F)``."""
    low, high = hz_to_mel(np.array([spec.f_min_hz, spec.f_max_hz]))
    upper_edges = mel_to_hz(np.linspace(low, high, spec.n_mels + 2))[2:]
    return mel[upper_edges <= SPEECH_BAND_HZ]


def mel_cepstral_distortion(
    reference: npt.NDArray[np.float32],
    candidate: npt.NDArray[np.float32],
    coefficients: int = MCD_COEFFICIENTS,
) -> float:
    """MCD in dB between two log-mels ``(M, F)``, ``(M, F')``, warped (see the module)."""
    return _aligned_distortion(reference, candidate, coefficients)[0]


def _aligned_distortion(
    reference: npt.NDArray[np.float32], candidate: npt.NDArray[np.float32], coefficients: int
) -> tuple[float, WarpingPath]:
    """The MCD in dB and the path ``(P, 2)`` in frames of the untrimmed mels."""
    spans = speech_span(reference), speech_span(candidate)
    cepstra = [
        mel_cepstra(mel[:, span], coefficients)
        for mel, span in zip((reference, candidate), spans, strict=True)
    ]
    path, distances = warp(*cepstra)
    starts = np.array([spans[0].start, spans[1].start])
    return float(MCD_SCALE * distances.mean()), path + starts


@dataclass(frozen=True)
class Comparison:
    """How far a candidate is from a recording of the same words."""

    mcd_db: float
    f0_rmse_hz: float  # over frame pairs voiced in both; NaN if there is none
    f0_rmse_cents: float
    voicing_error: float  # share of frame pairs of which one is voiced and one is not
    duration_ratio: float  # speech of the candidate / speech of the reference


def compare(
    reference: Audio,
    candidate: Audio,
    spec: AudioSpec = DEFAULT_SPEC,
    coefficients: int = MCD_COEFFICIENTS,
) -> Comparison:
    """Compare two ``(T,)`` signals at ``spec.sample_rate``; their lengths may differ.

    F0 is ours (``audio_utils.f0_contour``), read along the path that the cepstra were warped by.
    Raises ``InputError`` for an empty signal.
    """
    for name, audio in (("reference", reference), ("candidate", candidate)):
        if audio.size == 0:
            raise InputError(f"comparison: the {name} holds no samples.")
    mels = [speech_band(mel_spectrogram(audio, spec), spec) for audio in (reference, candidate)]
    mcd_db, path = _aligned_distortion(mels[0], mels[1], coefficients)
    a = f0_contour(reference, spec)[path[:, 0]]
    b = f0_contour(candidate, spec)[path[:, 1]]
    hz, cents = f0_rmse(a, b)
    spans = [speech_span(mel) for mel in mels]
    lengths = [span.stop - span.start for span in spans]
    return Comparison(mcd_db, hz, cents, voicing_error(a, b), lengths[1] / lengths[0])


def f0_rmse(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Root mean square F0 difference of aligned contours ``(P,)`` in Hz and in cents.

    Only pairs voiced (> 0) in both count; ``(nan, nan)`` if there is none. A semitone has
    100 cents.
    """
    both = (a > 0) & (b > 0)
    if not both.any():
        return float("nan"), float("nan")
    x, y = a[both].astype(np.float64), b[both].astype(np.float64)
    hz = np.sqrt(np.mean((x - y) ** 2))
    cents = np.sqrt(np.mean((1200.0 * np.log2(x / y)) ** 2))
    return float(hz), float(cents)


def voicing_error(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32]) -> float:
    """Share (0..1) of aligned frames ``(P,)`` on whose voicing the two contours disagree."""
    return float(np.mean((a > 0) != (b > 0)))


def pesq_wideband(reference: Audio, degraded: Audio, sample_rate: int) -> float:
    """PESQ-WB (ITU-T P.862.2) mean opinion score, 1.04 .. 4.64; only for copy-synthesis.

    The signals must hold the same words at the same times. Raises ``MissingDependencyError``
    without the ``pesq`` package, ``InputError`` if PESQ finds no speech in them.
    """
    try:
        import pesq
    except ImportError as error:
        raise _missing("pesq") from error
    pair = _pair_16k(reference, degraded, sample_rate)
    try:
        return float(pesq.pesq(JUDGE_RATE, *pair, "wb"))
    except pesq.PesqError as error:
        raise InputError(f"PESQ: no comparable speech in these signals ({error}).") from error


def stoi(reference: Audio, degraded: Audio, sample_rate: int) -> float:
    """Short-time objective intelligibility (C. Taal et al., 2011), about 0 .. 1; copy-synthesis.

    Raises ``MissingDependencyError`` without the ``pystoi`` package.
    """
    try:
        import pystoi
    except ImportError as error:
        raise _missing("pystoi") from error
    return float(pystoi.stoi(*_pair_16k(reference, degraded, sample_rate), JUDGE_RATE))


def _pair_16k(reference: Audio, degraded: Audio, sample_rate: int) -> tuple[Audio, Audio]:
    length = min(len(reference), len(degraded))
    if length < sample_rate // 4:
        raise InputError("PESQ and STOI need at least a quarter of a second of both signals.")
    return (
        resample(reference[:length], sample_rate, JUDGE_RATE),
        resample(degraded[:length], sample_rate, JUDGE_RATE),
    )


def _missing(package: str) -> MissingDependencyError:
    return MissingDependencyError(
        f'{package} is not installed; run: pip install "voice-cloning-pipeline[eval]"'
    )
