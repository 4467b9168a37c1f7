"""Whether a recording carries the mark of ``watermark``, at whatever offset and however edited.

    audio ─ band levels in dB ─ minus their neighbors ─ times the signs ─ evidence (time, offset)
                                                                              │
                          log-likelihood ratio  ◄─ hidden Markov model ◄──────┘

What speech itself does to a level is mostly the same in the bands and frames around it; subtracting
their mean leaves ``x``, which follows the signs ``s`` if the recording is marked there. For one
frame and one offset of the pattern the evidence is

    e = sum over bands of  y·s - y²/2,   y = SLOPE · x · (share of the power that is not noise)

For an unmarked recording and random signs ``exp(e)`` is at most 1 on average whatever ``y`` is,
because ``cosh(y) <= exp(y²/2)``; so a likelihood ratio built of it exceeds ``r`` with a probability
of at most ``1 / r`` (Markov's inequality; compare de la Peña, 1999, on self-normalized sums).

The hidden state is "unmarked", or "marked, and the pattern is at this offset". The offset changes
where a new line begins and drifts if the recording was sped up; marked and unmarked parts follow
each other where recordings were cut together. The sum over all paths (the forward algorithm) is
the likelihood ratio of the whole recording; its logarithm is the ``score``.

Shapes: ``T`` samples, ``F`` frames, ``N`` bands, ``P`` rows of the pattern, ``R`` frames in a row's
time, ``C = F / R`` steps. An offset is one of ``P R`` states.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from audio_utils import resample

from voice_replication.watermark import (
    BAND_BINS,
    BANDS,
    FIRST_BIN,
    FRAME,
    HOP,
    PERIOD,
    SAMPLE_RATE,
    pattern,
)

Audio = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float32]

THRESHOLD = 10.0  # of the score: one unmarked recording in 22,000, by the bound above

STEPS_PER_ROW = 4
STRIDE = HOP // STEPS_PER_ROW  # samples between the detector's frames
CONTEXT = 2 * STEPS_PER_ROW  # frames before and after that a contrast needs
BLOCK_ROWS = 2812  # 60 s at a time
SLOPE = 0.07  # per dB; the best one depends on the attack, and 0.05 to 0.1 differ little
CLIP_DB = 6.0  # a level further from its neighbors than this says no more
FLOOR_DB = 60.0  # below the loud frames nothing is looked at
QUIET_SHARE = 0.1  # of the frames: their level in a band is taken for steady noise

UNMARKED_AT_FIRST = 0.05
NEW_OFFSET = 1 / 100  # a row: a new line every two seconds
DRIFT = 1 / 100  # a row, to each side
MARK_ENDS = 1 / 500  # a row: every ten seconds
MARK_BEGINS = 1 / 28_000  # a row: every ten minutes


@dataclass(frozen=True)
class Detection:
    """``score``: log-likelihood ratio of marked against unmarked, in nats; ``confidence``: the
    probability of a mark if both were equally likely before; 0.5 where nothing could be heard."""

    marked: bool
    score: float
    confidence: float
    checked_seconds: float  # that were loud enough to say something


def detect(audio: Audio, sample_rate: int) -> Detection:
    """Look for the mark in ``(T,)`` mono audio of any length and level."""
    audio = resample(np.asarray(audio, dtype=np.float32), sample_rate, SAMPLE_RATE)
    model = _OffsetModel()
    heard = 0
    for power in _blocks(audio):
        x = _weighted_contrast(power)
        heard += int(np.count_nonzero(x.any(axis=1)))
        model.update(x)
    confidence = 1.0 / (1.0 + math.exp(-max(-700.0, min(700.0, model.score))))
    return Detection(
        model.score >= THRESHOLD, model.score, confidence, heard * STRIDE / SAMPLE_RATE
    )


def _blocks(audio: Audio) -> Iterator[Floats]:
    """Band powers ``(F + 2 context, N)`` of one stretch of about a minute after the other."""
    rows = len(audio) // HOP
    count = max(1, -(-rows // BLOCK_ROWS))
    edges = np.linspace(0, rows, count + 1).round().astype(int) * HOP
    beside = CONTEXT * STRIDE + FRAME // 2
    padded = np.pad(audio, beside)
    for start, stop in itertools.pairwise(edges):
        if stop > start:
            yield _band_power(padded[start : stop + 2 * beside - STRIDE])


def _band_power(audio: Audio) -> Floats:
    """Power in each band of every whole frame, ``(T,) -> (F, N)``."""
    window = torch.hann_window(FRAME)
    frames = torch.from_numpy(audio).unfold(0, FRAME, STRIDE)
    stop = FIRST_BIN + BANDS * BAND_BINS
    spectrum = torch.view_as_real(torch.fft.rfft(frames * window)[:, FIRST_BIN:stop])
    blocks = spectrum.square().reshape(len(spectrum), BANDS, BAND_BINS, 2)
    power: Floats = blocks.sum((2, 3)).numpy()
    return power


def _weighted_contrast(power: Floats) -> Floats:
    """Levels minus those around them, in dB, as far as they are the speech's: ``(F, N)``.

    If a band's steady noise has the share ``1 - w`` of the power in a frame, a change of the
    speech by 1 dB changes the level by ``w`` dB.
    """
    loud = float(np.quantile(power.mean(axis=1), 0.95))
    floor = max(loud * 10 ** (-FLOOR_DB / 10), 1e-20)
    noise = np.quantile(power, QUIET_SHARE, axis=0)
    weight = 1.0 - np.minimum(1.0, noise / (power + 1e-20))
    contrast = _contrast(10.0 * np.log10(power + floor))
    return np.asarray(contrast * weight[CONTEXT : len(weight) - CONTEXT], dtype=np.float32)


def _contrast(levels: Floats) -> Floats:
    """Levels minus those around them, clipped: ``(F + 2 CONTEXT, N) -> (F, N)``.

    The neighbors are the two bands on either side, then the two rows before and after.
    """
    padded = np.pad(levels, ((0, 0), (2, 2)), mode="reflect")
    across = levels - 0.25 * (padded[:, :-4] + padded[:, 1:-3] + padded[:, 3:-1] + padded[:, 4:])
    frames = len(levels) - 2 * CONTEXT
    places = (0, STEPS_PER_ROW, 3 * STEPS_PER_ROW, 4 * STEPS_PER_ROW)
    around = sum(across[i : i + frames] for i in places)
    return np.clip(across[CONTEXT : CONTEXT + frames] - 0.25 * around, -CLIP_DB, CLIP_DB)


class _OffsetModel:
    """The hidden Markov model; ``score`` is that of all frames so far.

    State ``u * R + r``: the pattern began ``u`` rows and ``r`` frames after the recording did.
    """

    def __init__(self) -> None:
        states = PERIOD * STEPS_PER_ROW
        self.score = 0.0
        self._unmarked = UNMARKED_AT_FIRST
        self._marked = np.full(states, (1.0 - UNMARKED_AT_FIRST) / states)
        self._row = 0

    def update(self, contrast: Floats) -> None:
        """Take the next ``(F, N)``."""
        for likelihood in self._likelihoods(contrast):
            self._marked *= likelihood
            total = self._unmarked + float(self._marked.sum())
            self.score += math.log(total)
            self._unmarked /= total
            self._marked /= total
            self._move()

    def _likelihoods(self, contrast: Floats) -> npt.NDArray[np.float64]:
        """Of every step and state, against "unmarked": ``(F, N) -> (C, P R)``."""
        steps = len(contrast) // STEPS_PER_ROW
        contrast = SLOPE * contrast[: steps * STEPS_PER_ROW]
        evidence = contrast @ pattern().T - 0.5 * (contrast**2).sum(axis=1, keepdims=True)
        evidence = evidence.reshape(steps, STEPS_PER_ROW, PERIOD)
        row = self._row + np.arange(steps)
        self._row += steps
        met = (row[:, None] - np.arange(PERIOD)) % PERIOD  # which row of the pattern, by u
        by_state = np.take_along_axis(evidence, met[:, None, :], axis=2).transpose(0, 2, 1)
        return np.exp(by_state.reshape(steps, -1).astype(np.float64))

    def _move(self) -> None:
        """From one row's time to the next."""
        marked = self._marked
        everywhere = float(marked.sum())
        stay = 1.0 - NEW_OFFSET - 2.0 * DRIFT - MARK_ENDS
        begin = (NEW_OFFSET * everywhere + MARK_BEGINS * self._unmarked) / len(marked)
        moved = stay * marked + begin
        drifting = DRIFT * marked  # to the states beside; they form a circle
        moved[1:] += drifting[:-1]
        moved[:-1] += drifting[1:]
        moved[0] += drifting[-1]
        moved[-1] += drifting[0]
        self._marked = moved
        self._unmarked = (1.0 - MARK_BEGINS) * self._unmarked + MARK_ENDS * everywhere
