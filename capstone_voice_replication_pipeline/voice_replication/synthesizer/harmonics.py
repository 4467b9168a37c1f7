"""Putting back the harmonics that a mean-squared mel has blurred away.

A voice with a low pitch has its harmonics two or three mel bins apart. Where exactly they lie
depends on the pitch in every frame, which the decoder knows only per symbol, so it predicts the
average of all possibilities: a smooth spectrum, which a vocoder renders as a whisper. But the pitch
that was predicted says where the harmonics belong. The ripple that a pulse train of that pitch
leaves in a mel is added until it is 0.55 times as strong there.

More is not better. Sixty held-out recordings, and the system saying the same text: without ripple
52 % of the system's speech was voiced and 15 sentences, all of men, were a whisper; with a
strength of 0.8 it was 73 % (recordings: 59 %), and words and similarity suffered a little.

Shapes: ``M`` mel bins, ``F`` frames, ``L`` symbols, ``P`` pitches of the table.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from audio_utils import AudioSpec, log_mel_spectrogram
from audio_utils.mel import mel_centers_hz

Floats = npt.NDArray[np.float32]

STRENGTH = 0.55  # of the ripple, relative to a pulse train; see the docstring
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


def frame_pitch(
    f0_hz: Floats, durations: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Pitch of each frame, drawn as a line between the centres of voiced symbols.

    ``f0_hz (L,)`` with 0 where unvoiced, ``durations (L,)`` frames -> ``(F,)`` Hz and whether the
    frame's symbol is voiced.
    """
    ends = np.cumsum(durations)
    frames = np.arange(ends[-1]) + 0.5
    owner = np.searchsorted(ends, frames, side="right")
    known = (f0_hz > 0) & (durations > 0)
    if not known.any():
        return np.full(len(frames), PITCHES_HZ[0]), np.zeros(len(frames), dtype=bool)
    centers = ends - durations / 2
    pitch = np.exp(np.interp(frames, centers[known], np.log(f0_hz[known])))
    return pitch, known[owner]


def restore_harmonics(
    mel: Floats, f0_hz: Floats, durations: npt.NDArray[np.int64], spec: AudioSpec
) -> Floats:
    """``mel (M, F)`` with the ripple of its own pitch brought to the strength of real speech.

    What is there already is measured by regression over all voiced frames and only the rest is
    added, so that a mel with clear harmonics stays as it is.
    """
    pitch, voiced = frame_pitch(f0_hz, durations)
    if not voiced.any():
        return mel
    nearest = np.round(
        np.interp(np.log(pitch), np.log(PITCHES_HZ), np.arange(len(PITCHES_HZ)))
    ).astype(int)
    ripple = ripples(spec)[:, nearest] * voiced
    present = float((_rapid(mel) * ripple).sum() / (ripple**2).sum())
    missing = max(0.0, STRENGTH - max(0.0, present))
    return np.asarray(mel + np.float32(missing) * ripple, dtype=np.float32)
