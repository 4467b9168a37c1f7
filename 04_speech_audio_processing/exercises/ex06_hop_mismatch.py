"""04.e6  The loudness that runs away  (broken on purpose)

A model is given, for each frame of a mel spectrogram, the level of the sound in that frame. The
level is computed in steps of 10 ms, "because everybody uses 10 ms"; the mel has a hop of 256
samples at 24 kHz, which is 10.67 ms. The shorter one decides how many frames are kept, so the
shapes fit, there is no error message, and after ten seconds the level belongs to a sound of 0.6 s
earlier.

Repair frame_levels so that value k describes frame k of audio_utils.mel_spectrogram under the
AudioSpec: the mean square of the n_fft samples centred on sample k * hop_length (beyond the ends
of the signal they are 0), in dB, 10 log10(mean square + 1e-10); spec.frames(T) values for T
samples. Then repair frame_times, which says where frame k is, in seconds.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC, AudioSpec

Array = npt.NDArray[np.float64]


def frame_levels(audio: Array, spec: AudioSpec = DEFAULT_SPEC) -> Array:
    """``(T,) -> (spec.frames(T),)`` dB, frame by frame beside the mel."""
    step = spec.sample_rate // 100  # 10 ms
    starts = np.arange(0, len(audio) - step + 1, step)
    power = np.array([np.mean(audio[start : start + step] ** 2) for start in starts])
    return 10 * np.log10(power[: spec.frames(len(audio))] + 1e-10)


def frame_times(count: int, spec: AudioSpec = DEFAULT_SPEC) -> Array:
    """Seconds at the centres of frames 0 to ``count - 1``: ``(count,)``."""
    return np.arange(count) * spec.hop_length / 22_050
