"""Where the harmonics of a pitch lie in a mel, as a picture that a network can read.

A voice with a low pitch has its harmonics two or three mel bins apart. A decoder that is told the
pitch as one number would have to learn, for every number, a comb of its own; one that does not know
it frame by frame predicts the average of all combs: a smooth spectrum, which sounds like a whisper.
So the decoder is shown the ripple that a pulse train of the frame's pitch leaves in the mel.

Shapes: ``M`` mel bins, ``F`` frames, ``L`` symbols, ``P`` pitches of the table.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from audio_utils import AudioSpec, log_mel_spectrogram
from audio_utils.mel import mel_centers_hz

Floats = npt.NDArray[np.float32]

HIGHEST_HZ = 2500.0  # above, harmonics fall together in one mel bin
PITCHES_HZ = np.geomspace(60.0, 420.0, 118)  # 1.7 % apart
SMOOTHING_BINS = 9


def _rapid(x: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """What varies quickly along the first axis: ``x`` minus its average over nine bins."""
    half = SMOOTHING_BINS // 2
    padded = np.pad(x, ((half, half), (0, 0)), mode="edge")
    total = np.cumsum(np.vstack([np.zeros((1, x.shape[1])), padded]), axis=0)
    return np.asarray(x - (total[SMOOTHING_BINS:] - total[:-SMOOTHING_BINS]) / SMOOTHING_BINS)


@lru_cache(maxsize=2)
def ripples(spec: AudioSpec) -> Floats:
    """Ripple of a pulse train in the mel for every pitch of the table: ``(M, P)``."""
    import torch

    time = np.arange(12 * spec.hop_length) / spec.sample_rate
    angle = np.pi * PITCHES_HZ[:, None] * time + 1e-4
    count = np.floor(spec.sample_rate / 2 / PITCHES_HZ)[:, None]
    # the sum of cos(2 n angle) over the harmonics n = 1 .. count, in closed form
    pulses = 0.5 * np.sin((2 * count + 1) * angle) / np.sin(angle) - 0.5
    mel = log_mel_spectrogram(torch.from_numpy(0.05 * pulses.astype(np.float32)), spec)
    table = _rapid(mel[:, :, 4:-4].mean(dim=2).numpy().T)
    table[mel_centers_hz(spec) > HIGHEST_HZ] = 0.0
    return np.asarray(table, dtype=np.float32)


def frame_pitch(f0_hz: Floats, durations: npt.NDArray[np.int64]) -> Floats:
    """Pitch of each frame, drawn as a line between the centres of voiced symbols.

    ``f0_hz (L,)`` with 0 where unvoiced, ``durations (L,)`` frames -> ``(F,)`` Hz, 0 in the frames
    of unvoiced symbols.
    """
    ends = np.cumsum(durations)
    frames = np.arange(ends[-1]) + 0.5
    owner = np.searchsorted(ends, frames, side="right")
    known = (f0_hz > 0) & (durations > 0)
    if not known.any():
        return np.zeros(len(frames), dtype=np.float32)
    centers = ends - durations / 2
    pitch = np.exp(np.interp(frames, centers[known], np.log(f0_hz[known])))
    return np.asarray(pitch * known[owner], dtype=np.float32)
