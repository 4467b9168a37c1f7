"""What a recording is worth: level, noise, clipping, bandwidth, silence — in one cheap pass."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
from env_utils import InputError

from audio_utils.activity import activity_of_levels, frame_levels
from audio_utils.loudness import loudness_lufs

Audio = npt.NDArray[np.float32]

MAX_SNR_DB = 100.0  # digital silence between the words
_SPECTRA = 2000  # frames of the long-term spectrum: at most, evenly spread
_CLIFF_DB = 11.5  # a band limit drops at least this much within 400 Hz, and nothing rises again
_CLIFF_FROM_HZ = 3000.0  # below this, speech itself has such cliffs
_EMPTY_DB = -105.0  # relative to the strongest bin: arithmetic noise, not sound


@dataclass(frozen=True)
class Quality:
    """Measurements of one recording. ``asdict(quality)`` is ready for a table or JSON."""

    seconds: float
    snr_db: float  # speech power over noise power, 0 .. 100; -100 .. 0 is reported as 0
    clipped_share: float  # share of samples flattened at the ceiling, 0 .. 1
    bandwidth_hz: float  # nothing lies above this; half the sample rate when nothing is missing
    loudness_lufs: float  # BS.1770-4; -70 when silent
    silent_share: float  # share of 10 ms frames without speech, 0 .. 1

    def to_dict(self) -> dict[str, float]:
        """The fields by name."""
        return asdict(self)


def measure_quality(audio: Audio, sample_rate: int) -> Quality:
    """Measure ``(T,)`` audio in [-1, 1]. Raises ``InputError`` when it is empty or not finite."""
    if len(audio) == 0:
        raise InputError("measure_quality: the audio is empty.")
    if not np.isfinite(np.abs(audio).max()):
        raise InputError("measure_quality: the audio contains NaN or infinite samples.")
    levels = frame_levels(audio, sample_rate)
    active = activity_of_levels(levels)
    return Quality(
        seconds=len(audio) / sample_rate,
        snr_db=_snr_db(levels[0], active),
        clipped_share=clipped_share(audio),
        bandwidth_hz=bandwidth_hz(audio, sample_rate),
        loudness_lufs=loudness_lufs(audio, sample_rate),
        silent_share=1.0 - float(active.mean()),
    )


def true_snr_db(clean: Audio, noisy: Audio) -> float:
    """Power of ``clean`` over that of what ``noisy`` adds to it, in dB, both ``(T,)``.

    Exact, but only where the clean signal is known; everything that was changed counts as noise,
    lost speech included. ``MAX_SNR_DB`` when nothing differs, ``-MAX_SNR_DB`` for a silent
    ``clean``. Raises ``InputError`` when the lengths differ.
    """
    if clean.shape != noisy.shape:
        raise InputError(f"true_snr_db: {len(clean)} clean samples, but {len(noisy)} noisy ones.")
    signal = float(np.sum(np.square(clean, dtype=np.float64)))
    noise = float(np.sum(np.square(noisy.astype(np.float64) - clean)))
    ratio = 10.0 * np.log10(max(signal, 1e-20) / max(noise, 1e-20))
    return float(np.clip(ratio, -MAX_SNR_DB, MAX_SNR_DB))


def _snr_db(levels: npt.NDArray[np.float32], active: npt.NDArray[np.bool_]) -> float:
    """Mean power of the active frames over that of the noise, the noise taken out of both.

    The noise is the median of the inactive frames; where somebody speaks all the time, the
    quietest 2 % of all frames stand for it.
    """
    if not active.any():
        return 0.0
    power = 10.0 ** (levels.astype(np.float64) / 10.0)
    silence = power[~active]
    noise = float(np.median(silence)) if silence.size >= 10 else float(np.percentile(power, 2))
    speech = float(power[active].mean()) - noise
    if speech <= noise:
        return 0.0
    return min(MAX_SNR_DB, 10.0 * float(np.log10(speech / max(noise, 1e-12))))


def clipped_share(audio: Audio) -> float:
    """Share of samples that were cut off, 0..1.

    Counted are samples at full scale (0.999 and more) and flat tops: three or more equal samples
    within 2 % of the highest, as they remain when a clipped recording was turned down later.
    """
    magnitude = np.abs(audio)
    highest = float(magnitude.max(initial=0.0))
    if highest == 0.0:
        return 0.0
    cut = magnitude >= min(0.999, highest)
    if highest < 0.999:
        near = np.flatnonzero(magnitude >= 0.98 * highest)
        equal = (np.diff(near) == 1) & (np.diff(audio[near]) == 0)
        middle = near[1:-1][equal[1:] & equal[:-1]]
        cut = np.zeros(len(audio), dtype=bool)
        for offset in (-1, 0, 1):
            cut[middle + offset] = True
    return float(cut.mean())


def bandwidth_hz(audio: Audio, sample_rate: int) -> float:
    """Highest frequency that the recording holds, in Hz, within about 300 Hz.

    A lower sample rate or a codec in the recording's past shows as a cliff in the long-term
    spectrum with nothing behind it. Without a cliff the answer is ``sample_rate / 2``.
    """
    spectrum = _long_term_spectrum_db(audio, sample_rate)
    nyquist = sample_rate / 2
    per_bin = nyquist / (len(spectrum) - 1)
    sounding = np.flatnonzero(spectrum > spectrum.max() + _EMPTY_DB)
    top = int(sounding[-1])
    width = max(2, round(400.0 / per_bin))
    # Lowest level just below each bin, against the highest level anywhere above it.
    before = np.lib.stride_tricks.sliding_window_view(spectrum, width).mean(axis=1)
    above = np.maximum.accumulate(spectrum[::-1])[::-1]
    bins = np.arange(round(_CLIFF_FROM_HZ / per_bin), len(spectrum) - width)
    drop = before[bins - width] - above[bins + width // 2]
    best = int(np.argmax(drop)) if drop.size else 0
    if drop.size and drop[best] >= _CLIFF_DB:
        edge = int(bins[best])
        half = 0.5 * (before[edge - width] + above[edge + width // 2])
        top = min(top, edge - width + int(np.flatnonzero(spectrum[edge - width :] >= half)[-1]))
    return nyquist if (nyquist - top * per_bin) < 300.0 else top * per_bin


def _long_term_spectrum_db(audio: Audio, sample_rate: int) -> npt.NDArray[np.float64]:
    """Mean power of each bin (about 23 Hz wide), smoothed over five bins, in dB: ``(K,)``."""
    from scipy import fft

    size = 2 ** round(np.log2(sample_rate * 1024 / 24_000))
    if len(audio) < size:
        audio = np.pad(audio, (0, size - len(audio)))
    count = min(_SPECTRA, len(audio) // size)
    starts = np.linspace(0, len(audio) - size, count).astype(np.int64)
    window = np.hanning(size).astype(np.float32)
    power = np.zeros(size // 2 + 1)
    views = np.lib.stride_tricks.sliding_window_view(audio, size)
    for first in range(0, count, 256):
        block = fft.rfft(views[starts[first : first + 256]] * window, axis=1)
        power += (block.real**2 + block.imag**2).sum(axis=0)
    smooth = np.convolve(np.pad(power / count, 2, mode="edge"), np.full(5, 0.2), mode="valid")
    return np.asarray(10.0 * np.log10(np.maximum(smooth, 1e-20)))
