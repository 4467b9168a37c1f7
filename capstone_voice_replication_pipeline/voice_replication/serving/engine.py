"""What turns lines into sound for many people at once.

An engine renders a few lines together, of any voices and settings, and gives each the audio that it
would get alone: what leaves it is what ``Speaker`` speaks. One pass of the networks for several
lines is cheaper than several passes, because every pass has costs of its own.

A line may be asked for in two steps, so that a listener hears its first seconds while the rest is
made: first ``head_only``, then with what ``begun`` says.

    line ─ synthesizer ─► whole mel ─┬─ vocoder ─► head (at most 2.5 s)
                                     └─ begun ─ vocoder ─► the rest
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC
from env_utils import VoiceReplicationError, usable_cores

from voice_replication.home import checkpoint_path
from voice_replication.narration.line_audio import Finishing, PreparedLine
from voice_replication.narration.loudness import HEAD_FRAMES
from voice_replication.narration.script import Line, lines
from voice_replication.narration.settings import Settings
from voice_replication.narration.text_to_speech import Speaker
from voice_replication.narration.timestamps import WordTime
from voice_replication.serving.process_memory import keep_memory_small, return_freed_memory
from voice_replication.voices import Voice

Audio = npt.NDArray[np.float32]

TRIM_BATCHES = 25
WARM_UP = "The models are ready."


@dataclass(frozen=True, eq=False)
class Begun:
    """A line whose head has been rendered: all that its rest depends on."""

    prepared: PreparedLine
    finishing: Finishing


@dataclass(frozen=True, eq=False)
class LineRequest:
    """A line to be rendered: all of it, only its head, or what follows a head."""

    line: Line
    voice: Voice
    settings: Settings
    head_only: bool = False
    begun: Begun | None = None


@dataclass(frozen=True, eq=False)
class RenderedLine:
    """``audio (T,)`` float32, and the words that begin in it, in seconds of the *line's* audio.

    ``begun`` is what the rest needs; None when the line is complete.
    """

    audio: Audio
    words: tuple[WordTime, ...]
    begun: Begun | None = None


class Engine(Protocol):
    """Renders lines. Called from several threads, at most ``workers`` at a time."""

    workers: int  # batches rendered at once
    max_batch: int  # lines in one batch

    def render(self, requests: Sequence[LineRequest]) -> list[RenderedLine]:
        """Each line as if it were alone. Any error of the house; then none of them is rendered."""
        ...

    def close(self) -> None:
        """Give back what the engine holds."""
        ...


class LocalEngine:
    """The models in this process; every worker computes on one core.

    Two batches on a core each are faster than one on both: the networks are so small that cores
    wait for each other at the end of every layer. ``set_num_threads`` holds for the whole process.
    """

    def __init__(self, speaker: Speaker, max_batch: int, workers: int = 0) -> None:
        keep_memory_small()
        import torch

        cores = usable_cores()
        self.speaker, self.max_batch = speaker, max_batch
        self.workers = workers or cores
        torch.set_num_threads(max(1, cores // self.workers))
        self._batches = itertools.count(1)
        self.warm_up()

    def warm_up(self) -> None:
        """Read the models and speak once, so that the first request finds everything ready.

        Raises ``CheckpointError`` if a model is missing or damaged.
        """
        line = next(lines(WARM_UP))
        _ = self.speaker.vocoder
        checkpoint_path("synthesizer", self.speaker.models_dir)
        for name in self.speaker.store.names():
            with contextlib.suppress(VoiceReplicationError):  # damaged, or of other models
                self.render([LineRequest(line, self.speaker.voice(name), Settings())])
                return

    def render(self, requests: Sequence[LineRequest]) -> list[RenderedLine]:
        """See :class:`Engine`."""
        prepared = self._prepared(requests)
        spans = [_span(request, line) for request, line in zip(requests, prepared, strict=True)]
        decoded = self.speaker.vocoder.decode_many(
            [line.mel for line in prepared], [line.f0_hz for line in prepared], spans
        )
        if next(self._batches) % TRIM_BATCHES == 0:
            return_freed_memory()
        return [
            _finished(request, line, audio)
            for request, line, audio in zip(requests, prepared, decoded, strict=True)
        ]

    def close(self) -> None:
        """Nothing is held."""

    def _prepared(self, requests: Sequence[LineRequest]) -> list[PreparedLine]:
        """The lines with their mels; those that were begun have one already."""
        fresh = [(r.line, r.voice, r.settings) for r in requests if r.begun is None]
        made = iter(self.speaker.prepare_many(fresh))
        return [r.begun.prepared if r.begun else next(made) for r in requests]


def _span(request: LineRequest, line: PreparedLine) -> tuple[int, int]:
    """The hops of audio that are asked for."""
    hops = line.mel.shape[1] - 1
    if request.begun:
        return min(HEAD_FRAMES, hops), hops
    return 0, min(HEAD_FRAMES, hops) if request.head_only else hops


def _finished(request: LineRequest, line: PreparedLine, audio: Audio) -> RenderedLine:
    """Watermark, gain, fades and limiter, and the words that begin in what comes out."""
    finishing = request.begun.finishing.copy() if request.begun else Finishing(line)
    rate = DEFAULT_SPEC.sample_rate
    first = finishing.place
    audio = finishing.push(audio)
    complete = finishing.place == line.samples
    ends = np.inf if complete else finishing.place / rate
    words = tuple(word for word in line.words if first / rate <= word.start < ends)
    return RenderedLine(audio, words, None if complete else Begun(line, finishing))
