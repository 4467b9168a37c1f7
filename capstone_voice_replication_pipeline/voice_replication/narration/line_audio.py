"""What is known about a spoken line before its samples exist, and the last steps on the samples.

    mel of the synthesizer   [^ silence|phones ... pause ... phones|final silence]
    prepared mel                    [..|phones .. pause .. phones|..]

A recording-like silence stays at both ends; the rest of the pause between two lines is digital
silence of exactly the length that was asked for (``Pacing``). Inner pauses are cut to their limit.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC
from text_utils import Symbols, Word

from voice_replication.narration.loudness import HEAD_FRAMES, gain_for, soft_limit
from voice_replication.narration.script import Break
from voice_replication.narration.settings import Pauses, Settings
from voice_replication.narration.timestamps import WordTime
from voice_replication.synthesizer.inference import Synthesis
from voice_replication.watermark import Marker

Audio = npt.NDArray[np.float32]
Frames = npt.NDArray[np.int64]

EDGE_FRAMES = 6  # of silence kept at both ends: 64 ms, the onset and release of the phones there
FEWEST_FRAMES = 4  # of a line: the vocoder's inverse transform needs more than one
FADE_SAMPLES = 120  # 5 ms: no click where speech meets digital silence


@dataclass(frozen=True, eq=False)
class PreparedLine:
    """``mel (M, F)`` and its pitch ``f0_hz (F,)`` (None: the vocoder reads it off the mel),
    ``durations (L,)`` in frames of ``ids``, ``words`` in seconds of the line's audio, which will
    have ``samples`` samples."""

    mel: npt.NDArray[np.float32]
    f0_hz: npt.NDArray[np.float32] | None
    durations: Frames
    ids: list[int]
    words: tuple[WordTime, ...]
    samples: int

    def finish(self, audio: Audio) -> Audio:
        """Watermark, gain, fades and limiter on all of the line's decoded ``audio (T,)``."""
        return Finishing(self).push(audio)


class Finishing:
    """The last steps on a line's audio, piece by piece; joined, the pieces are those of the whole.

    The gain is that of the first piece, which must be the line's head (``HEAD_FRAMES`` hops, or all
    of a shorter line). The watermark holds back the last 43 ms of every piece but the last.
    """

    def __init__(self, line: PreparedLine) -> None:
        self.place = 0  # samples that have left
        self._line, self._decoded = line, 0
        self._gain: float | None = None
        self._marker = Marker()

    def push(self, audio: Audio) -> Audio:
        """Take the next ``(T,)`` decoded samples; give those that are finished."""
        if self._gain is None:
            head = audio[: HEAD_FRAMES * DEFAULT_SPEC.hop_length]
            self._gain = gain_for(head, DEFAULT_SPEC)
        self._decoded += len(audio)
        audio = self._marker.push(audio)
        samples = self._line.samples
        if self._decoded >= samples:
            audio = np.concatenate([audio, self._marker.finish()])
        place = np.arange(self.place, self.place + len(audio))
        self.place += len(audio)
        fade = np.minimum(place + 1, samples - place) / FADE_SAMPLES
        return soft_limit(audio * (self._gain * np.clip(fade, 0.0, 1.0)).astype(np.float32))

    def copy(self) -> Finishing:
        """The same state, to go on from twice."""
        other = copy.copy(self)
        other._marker = copy.copy(self._marker)
        return other


def prepare(words: Sequence[Word], synthesis: Synthesis, settings: Settings) -> PreparedLine:
    """Shorten the silences of ``synthesis`` and work out the word times."""
    durations = np.asarray(synthesis.durations, dtype=np.int64)
    limits = _limits(synthesis.ids, settings)
    kept = _kept(durations, limits)
    mel = synthesis.mel[:, kept]
    f0_hz = None if synthesis.f0_hz is None else synthesis.f0_hz[kept]
    durations = np.minimum(durations, limits)
    missing = FEWEST_FRAMES - mel.shape[1]
    if missing > 0:
        mel = np.pad(mel, ((0, 0), (0, missing)), mode="edge")
        f0_hz = None if f0_hz is None else np.pad(f0_hz, (0, missing))
        durations[-1] += missing
    samples = (mel.shape[1] - 1) * DEFAULT_SPEC.hop_length
    times = tuple(_word_times(words, durations, samples))
    return PreparedLine(
        np.ascontiguousarray(mel), f0_hz, durations, list(synthesis.ids), times, samples
    )


def _limits(ids: Sequence[int], settings: Settings) -> Frames:
    """The most frames that each symbol may keep."""
    symbols = Symbols()
    limits = np.full(len(ids), np.iinfo(np.int64).max)
    per_second = DEFAULT_SPEC.frames_per_second / settings.speed
    for place, symbol in enumerate(ids):
        if place in (0, len(ids) - 1):
            limits[place] = EDGE_FRAMES
        elif symbols.is_pause(symbol):
            written = symbols.decode([symbol])[0] != " "
            pauses = settings.pauses
            longest = pauses.longest_inner if written else pauses.longest_unwritten
            limits[place] = round(longest * per_second)
    return limits


def _kept(durations: Frames, limits: Frames) -> npt.NDArray[np.bool_]:
    """Frames to keep, ``(F,)``: of a silence that is too long, the parts next to the phones."""
    ends = np.cumsum(durations)
    kept = np.ones(int(ends[-1]), dtype=bool)
    for place in np.flatnonzero(durations > limits):
        start, end, limit = ends[place] - durations[place], ends[place], limits[place]
        before = {0: 0, len(durations) - 1: limit}.get(int(place), (limit + 1) // 2)
        kept[start + before : end - (limit - before)] = False
    return kept


def _word_times(words: Sequence[Word], durations: Frames, samples: int) -> list[WordTime]:
    """Where each word's phones lie. Frame ``f`` is centred on sample ``f * hop_length``, so it
    begins half a hop earlier."""
    ends = np.cumsum(durations)
    edges = np.clip((ends - 0.5) * DEFAULT_SPEC.hop_length, 0, samples) / DEFAULT_SPEC.sample_rate
    times: list[WordTime] = []
    before = 0  # the symbol before the word's phones
    for word in words:
        last = before + len(word.phones)
        start, end = float(edges[before]), float(edges[last])
        times.append(WordTime(word.text, start, end, word.pause.strip()))
        before = last + 1
    return times


class Pacing:
    """How much silence goes between lines, given what the lines themselves begin and end with."""

    def __init__(self, settings: Settings) -> None:
        self._pauses: Pauses = settings.pauses
        self._speed = settings.speed
        self._wanted = 0.0  # seconds from the last word so far to the next one

    def silence(self, words: Sequence[WordTime]) -> int:
        """Samples of silence before a line with ``words``; 0 before the first."""
        missing = self._wanted - words[0].start
        return max(0, round(missing * DEFAULT_SPEC.sample_rate))

    def spoken(self, words: Sequence[WordTime], samples: int, follows: Break) -> None:
        """Note that a line was spoken and which break follows it."""
        pause: float = getattr(self._pauses, follows)
        tail = samples / DEFAULT_SPEC.sample_rate - words[-1].end
        self._wanted = pause / self._speed - tail
