"""What speaking gives: audio, words with their times, and how it was made."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC

from voice_replication.narration.line_audio import PreparedLine
from voice_replication.narration.script import Line
from voice_replication.narration.timestamps import WordTime

Audio = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class SpokenLine:
    """One line of the text as it was spoken; ``start`` in seconds of the whole audio."""

    line: Line
    start: float
    prepared: PreparedLine

    @property
    def end(self) -> float:
        """Where its audio ends, in seconds."""
        return self.start + self.prepared.samples / DEFAULT_SPEC.sample_rate


@dataclass(frozen=True, eq=False)
class Speech:
    """A spoken text: ``audio (T,)`` float32 below 0.7, when each word is spoken, and how it was
    made: its lines (mel, durations, ids), seconds per stage, and what could not be read."""

    audio: Audio
    sample_rate: int
    words: list[WordTime]
    lines: list[SpokenLine]
    stages: dict[str, float]
    unreadable: str = ""

    @property
    def mel(self) -> npt.NDArray[np.float32]:
        """Log-mel of all lines, ``(M, F)``, without the silences between them."""
        return np.concatenate([spoken.prepared.mel for spoken in self.lines], axis=1)

    @property
    def seconds(self) -> float:
        """Length of the audio."""
        return len(self.audio) / self.sample_rate


class Clock:
    """Seconds per stage: every lap is added to the stage it is given."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        """Add the time since the last lap to ``stage``."""
        now = time.perf_counter()
        self.stages[stage] = self.stages.get(stage, 0.0) + now - self._last
        self._last = now
