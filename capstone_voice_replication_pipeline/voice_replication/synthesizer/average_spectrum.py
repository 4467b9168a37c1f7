"""The average spectrum of a voice, which its embedding does not hold.

An embedding is trained to tell speakers apart, from a few hundred of whom the synthesizer learned
what it means; a voice never heard comes out as one of those, a little changed. But five seconds of
a recording say directly how loud each mel bin is on average in this voice, and how much it moves.
So the synthesizer speaks a few fixed sentences, once per voice, and the difference between its
average spectrum and that of the recordings is added to all it says, together with the treble that
it lacks (``treble.py``)::

    recordings ─ mean, spread of voiced frames ─┐
                                                ├─ difference, as far as it is certain ─► mel + ...
    fixed sentences in this voice ─ the same ───┘

The classic of channel and speaker normalization (cepstral mean and variance, Atal 1974; Viikki and
Laurila 1998), used backwards. A mean of few frames also reflects which vowels happened to be in
them; that error is estimated, and the difference shrunk by it (James and Stein 1961). Only voiced
frames are measured: which of the others hold speech, a recording does not say reliably.

Shapes: ``M`` mel bins, ``N`` of them known from the recordings, ``F`` frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC, AudioSpec
from audio_utils.mel import mel_centers_hz

from voice_replication.synthesizer.treble import AS_IT_IS, KNOWN_HZ, VoiceTreble, voice_treble
from voice_replication.timbre import FEWEST_BINS, Timbre

Floats = npt.NDArray[np.float32]

SENTENCES = (  # spoken by the synthesizer to hear itself
    "The old clock in the hall had stopped, and nobody knew why.",
    "She opened the window and listened to the rain on the roof.",
    "Far away a dog was barking at the moon above the quiet fields.",
    "Five brown boxes were pushed under the table before they could choose.",
    "You may leave your shoes beside the garden door until Thursday.",
)
BLOCK_FRAMES = 47  # half a second: neighbours in time are not independent
FEWEST_FRAMES = 94  # voiced ones, one second: fewer say nothing about an average
QUIETEST_SHARE = 0.2  # of the voiced frames: onsets and fading ends do not count
LARGEST_NATS = 1.5  # 13 dB
SPREADS = (0.7, 1.5)
SMOOTHING_BINS = 1.0
VOICING_FRAMES = 5  # over which the stretch of voiced frames fades in and out


@dataclass(frozen=True, eq=False)
class Correction:
    """What to do to a mel: add ``offset (M,)``, and stretch voiced frames by ``ratio (M,)`` around
    ``center (M,)``; then make the ``treble``."""

    center: Floats
    ratio: Floats
    offset: Floats
    treble: VoiceTreble = AS_IT_IS

    @classmethod
    def nothing(cls, n_mels: int = DEFAULT_SPEC.n_mels) -> Correction:
        """What leaves a mel as it is."""
        zeros = np.zeros(n_mels, np.float32)
        return cls(zeros, np.ones(n_mels, np.float32), zeros)

    def apply(self, mel: Floats, f0_hz: Floats, spec: AudioSpec = DEFAULT_SPEC) -> Floats:
        """``mel (M, F)`` with this timbre; ``f0_hz (F,)`` says which frames are voiced."""
        box = np.ones(VOICING_FRAMES) / VOICING_FRAMES
        voicing = np.convolve(f0_hz > 0, box, "same")[None]
        stretch = 1 + voicing * (self.ratio[:, None] - 1)
        wide = self.center[:, None] + (mel - self.center[:, None]) * stretch
        moved = self.treble.apply((wide + self.offset[:, None]).astype(np.float32), spec)
        return np.maximum(moved, np.float32(np.log(spec.log_floor)))


def measure_timbre(
    mels: Sequence[Floats],
    contours: Sequence[Floats],
    bandwidth_hz: float = KNOWN_HZ,
    spec: AudioSpec = DEFAULT_SPEC,
) -> Timbre | None:
    """The timbre of recordings: log-mels ``(M, F)`` and their F0 ``(F,)``, 0 where unvoiced.

    ``bandwidth_hz``: what lies above is not in the recordings. None if there is too little speech.
    """
    bins = int(np.searchsorted(mel_centers_hz(spec), min(KNOWN_HZ, 0.94 * bandwidth_hz)))
    pairs = [(m[:bins, : len(f)], f[: m.shape[1]]) for m, f in zip(mels, contours, strict=True)]
    mel = np.concatenate([m for m, _ in pairs], axis=1).astype(np.float64)
    voiced = np.concatenate([f for _, f in pairs]) > 0
    if bins < FEWEST_BINS or int(voiced.sum()) < FEWEST_FRAMES:
        return None
    loudness = mel.mean(axis=0)
    threshold = np.quantile(loudness[voiced], QUIETEST_SHARE)
    loud = mel[:, voiced & (loudness > threshold)]
    blocks = np.array_split(loud, max(2, loud.shape[1] // BLOCK_FRAMES), axis=1)
    means = np.stack([block.mean(axis=1) - block.mean() for block in blocks])
    error = means.std(axis=0, ddof=1) / len(blocks) ** 0.5
    rows = (loud.mean(axis=1), loud.std(axis=1), error)
    return Timbre(*(np.asarray(row, np.float32) for row in rows))


def voice_correction(
    wanted: Timbre | None, mels: Sequence[Floats], contours: Sequence[Floats]
) -> Correction:
    """What a voice needs whose recordings have the timbre ``wanted``, if that is known, and which
    says :data:`SENTENCES` with these log-mels ``(M, F)`` and F0 ``(F,)``."""
    spoken = measure_timbre(mels, contours)
    known = correction(wanted, spoken) if wanted and spoken else Correction.nothing()
    colored = [known.apply(mel, f0) for mel, f0 in zip(mels, contours, strict=True)]
    return replace(known, treble=voice_treble(colored))


def correction(wanted: Timbre, spoken: Timbre, n_mels: int = DEFAULT_SPEC.n_mels) -> Correction:
    """What turns the timbre of what is ``spoken`` into the one ``wanted``, as far as both are
    certain, over the bins that both know."""
    bins = min(len(wanted.voiced), len(spoken.voiced))
    wanted, spoken = (Timbre(*t.to_array()[:, :bins]) for t in (wanted, spoken))
    difference = wanted.voiced - spoken.voiced
    difference = difference - difference.mean()  # loudness is set elsewhere
    doubt = np.mean(wanted.error**2 + spoken.error**2)
    certain = float(np.clip(1 - doubt / max(np.mean(difference**2), 1e-9), 0.0, 1.0))
    ratio = np.asarray(wanted.spread / spoken.spread.clip(min=1e-3), np.float32)
    stretch = np.clip(1 + (_smooth(ratio) - 1) * certain, *SPREADS).astype(np.float32)
    return Correction(
        center=_extended(spoken.voiced, n_mels, float(spoken.voiced[-1])),
        ratio=_extended(stretch, n_mels, 1.0),
        offset=_extended(_limited(difference, certain), n_mels, 0.0),
    )


def _limited(difference: Floats, certain: float) -> Floats:
    limited = np.clip(_smooth(difference) * certain, -LARGEST_NATS, LARGEST_NATS)
    return np.asarray(limited, np.float32)


def _smooth(row: Floats) -> Floats:
    reach = int(3 * SMOOTHING_BINS)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / SMOOTHING_BINS) ** 2)
    smooth = np.convolve(np.pad(row, reach, mode="edge"), kernel / kernel.sum(), "valid")
    return np.asarray(smooth, np.float32)


def _extended(row: Floats, size: int, beyond: float) -> Floats:
    """``row`` to ``size`` bins; from its end it fades to ``beyond`` over ten bins."""
    missing = size - len(row)
    fade = np.clip(1 - np.arange(1, missing + 1) / 10, 0.0, 1.0)
    tail = beyond + fade * (row[-1] - beyond)
    return np.concatenate([row, tail]).astype(np.float32)
