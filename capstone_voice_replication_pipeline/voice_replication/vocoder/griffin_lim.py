"""A vocoder without weights: Griffin-Lim, behind the same interface as the trained ones.

It needs no training and no checkpoint, so it lets a synthesizer be heard before there is a vocoder,
and it is the lower bound that every trained vocoder has to beat: the mel is followed faithfully,
but the guessed phase sounds hollow.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC, AudioSpec
from audio_utils.griffin_lim import griffin_lim

Audio = npt.NDArray[np.float32]


class GriffinLimVocoder:
    """``decode`` and ``stream`` as :class:`~voice_replication.vocoder.inference.Vocoder` has them.

    ``iterations`` of the phase search (32: acceptable; above 100 little is gained); ``seed`` of
    the random phase it starts from, so that the same mel gives the same audio.
    """

    def __init__(self, spec: AudioSpec = DEFAULT_SPEC, iterations: int = 60, seed: int = 0) -> None:
        self.spec, self.iterations, self.seed = spec, iterations, seed
        self.device = "cpu"

    def decode(self, mel: Audio, f0_hz: Audio | None = None) -> Audio:
        """``(M, F)`` log-mel -> ``(T,)`` float32 audio, ``T = (F - 1) * hop_length``; the pitch is
        what the mel shows, whatever ``f0_hz`` says."""
        del f0_hz
        return griffin_lim(mel, self.spec, self.iterations, self.seed)

    def stream(
        self,
        mel: Audio,
        f0_hz: Audio | None = None,
        *,
        first_frames: int = 24,
        chunk_frames: int = 128,
    ) -> Iterator[Audio]:
        """:meth:`decode` cut into chunks. Nothing arrives early: every sample's phase depends on
        the whole signal, so the first chunk waits for all of it."""
        audio = self.decode(mel, f0_hz)
        start, size = 0, first_frames * self.spec.hop_length
        while start < len(audio):
            yield audio[start : start + size]
            start, size = start + size, chunk_frames * self.spec.hop_length
