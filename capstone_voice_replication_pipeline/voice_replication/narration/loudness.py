"""Even loudness of all lines, known as soon as the first seconds of a line are there.

Measuring finished audio would need finished audio, which a stream does not have. So the level of a
line is that of its first ``HEAD_FRAMES``; against whole sentences that is right within half a
decibel. It is measured on a mel: its magnitudes give the power in each band (Parseval), the
K-weighting of ITU-R BS.1770 turns power into loudness, and frames far below the others are pauses
and do not count. What would exceed the ceiling, a memoryless curve bends.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from audio_utils import AudioSpec, mel_filterbank, mel_spectrogram
from audio_utils.mel import mel_centers_hz

Audio = npt.NDArray[np.float32]
Mel = npt.NDArray[np.float32]

TARGET_LUFS = -20.0  # what audiobook publishers ask for: -23 to -18 dB, peaks below -3 dB
HEAD_FRAMES = 234  # 2.5 s: all of a short sentence, and quickly decoded
MAX_GAIN_DB = 9.0  # a whisper stays one
BIAS_DB = 0.6  # what mel_lufs measures above BS.1770, on recordings of four corpora (±0.4)
CEILING = 0.70  # -3.1 dBFS
KNEE = 0.45  # below this the curve is the identity
GATE_LU = 10.0  # relative gate of BS.1770: frames this far below the mean are pauses


@lru_cache(maxsize=4)
def _band_weights(spec: AudioSpec) -> npt.NDArray[np.float64]:
    """``(M,)``: squared mel magnitude -> K-weighted mean square of the audio.

    A filter of height 1 sums the magnitudes of the bins below it, so ``mel / area`` is their mean
    and ``mean² · width`` their power, the width being the bins between neighbouring centres. The
    Hann window passes 3/8 of the power; each bin stands for its mirror image too.
    """
    area = mel_filterbank(spec).numpy().sum(axis=1).astype(np.float64)
    centers = mel_centers_hz(spec)
    width = np.gradient(centers) * spec.n_fft / spec.sample_rate
    scale = 2.0 / (spec.n_fft**2 * 3 / 8)
    return np.asarray(scale * width / area**2 * _k_weight(centers))


def _k_weight(f_hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Power response of the K-weighting: a shelf of +4 dB above 1.7 kHz, a high pass at 38 Hz.

    The two analogue prototypes from which the digital filters of BS.1770 are derived
    (B. De Man, "Evaluation of implementations of the EBU R128 loudness measurement", 2018).
    """
    s = 1j * f_hz / 1681.97
    high, band, q = 10 ** (3.99984 / 20), 10 ** (3.99984 / 20 * 0.49967), 0.70718
    shelf = (high * s**2 + band * s / q + 1) / (s**2 + s / q + 1)
    s = 1j * f_hz / 38.135
    high_pass = s**2 / (s**2 + s / 0.50033 + 1)
    return np.asarray(np.abs(shelf * high_pass) ** 2)


def mel_lufs(mel: Mel, spec: AudioSpec) -> float:
    """Loudness in LUFS, about, of the audio that ``(M, F)`` log-mel describes; -inf if silent."""
    power = _band_weights(spec) @ np.exp(2.0 * mel.astype(np.float64))  # (F,)
    loud = power[power > 10 ** ((-70 + 0.691) / 10)]
    if loud.size == 0:
        return -np.inf
    loud = loud[loud > loud.mean() * 10 ** (-GATE_LU / 10)]
    return float(-0.691 - BIAS_DB + 10 * np.log10(loud.mean()))


def gain_for(head: Audio, spec: AudioSpec) -> float:
    """The factor that brings a line whose audio begins with ``head`` to ``TARGET_LUFS``.

    Within ±9 dB; 1 for silence. ``head``: ``HEAD_FRAMES`` hops, or all of a shorter line.
    """
    measured = mel_lufs(mel_spectrogram(head, spec), spec)
    if not np.isfinite(measured):
        return 1.0
    return float(10 ** (np.clip(TARGET_LUFS - measured, -MAX_GAIN_DB, MAX_GAIN_DB) / 20))


def soft_limit(audio: Audio) -> Audio:
    """Keep ``|x| < CEILING``: the identity below ``KNEE``, above it a tanh that joins smoothly."""
    room = CEILING - KNEE
    size = np.abs(audio)
    bent = KNEE + room * np.tanh((size - KNEE) / room)
    return np.asarray(np.where(size > KNEE, np.sign(audio) * bent, audio), dtype=np.float32)
