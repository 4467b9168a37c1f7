"""One text on its way through the turns: which of its lines wait, and its sound in order."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC

from voice_replication.narration import script
from voice_replication.narration.line_audio import Pacing
from voice_replication.narration.settings import Settings
from voice_replication.narration.timestamps import WordTime
from voice_replication.serving.engine import Begun, LineRequest, RenderedLine
from voice_replication.serving.problems import Problem
from voice_replication.serving.turns import Turn, Turns, estimated_seconds
from voice_replication.voices import Voice

Audio = npt.NDArray[np.float32]

LOOK_SECONDS = 0.25  # between looks whether a reader is still there
WHOLE_SECONDS = 4.0  # a first line up to here is rendered in one go: its head is most of it
AHEAD = 3  # lines of one request that wait, are rendered or lie finished


@dataclass(frozen=True, eq=False)
class SpokenPart:
    """``audio (T,)`` float32 that follows what came before, and the words that begin in it, in
    seconds from the start of the whole speech."""

    audio: Audio
    words: tuple[WordTime, ...]


class SpokenText:
    """A text that is being spoken, from ``first`` to the last of ``rest``; ``started`` on the clock
    of ``time.monotonic``."""

    def __init__(
        self,
        turns: Turns,
        first: script.Line,
        rest: Iterator[script.Line],
        voice: Voice,
        settings: Settings,
        client: str,
        started: float,
        gone: Callable[[], bool] | None,
    ) -> None:
        self._turns, self._rest, self._gone = turns, rest, gone
        self._voice, self._settings, self._client = voice, settings, client
        self._started = started
        self._due = started  # of the next line
        self._pending: deque[Turn] = deque()
        request = LineRequest(first, voice, settings)
        long = estimated_seconds(request) > WHOLE_SECONDS
        self._pending.append(self._wait(replace(request, head_only=long)))

    def parts(self, deadline_seconds: float) -> Iterator[SpokenPart]:
        """The parts in order."""
        pacing = Pacing(self._settings)
        position = line_start = 0  # samples
        words: list[WordTime] = []  # of the line so far, in seconds of the line
        deadline = self._started + deadline_seconds
        while self._top_up():
            turn = self._pending[0]
            rendered = self._result(turn, deadline)
            self._pending.popleft()
            if rendered.begun is not None:
                self._pending.appendleft(self._go_on(turn.request, rendered.begun))
            silence = 0
            if turn.request.begun is None:
                silence = pacing.silence(rendered.words)
                line_start, words = position + silence, []
            words += rendered.words
            position += silence + len(rendered.audio)
            if rendered.begun is None:
                pacing.spoken(words, position - line_start, turn.request.line.follows)
            audio = np.concatenate([np.zeros(silence, np.float32), rendered.audio])
            shift = line_start / DEFAULT_SPEC.sample_rate
            yield SpokenPart(audio, tuple(word.shifted(shift) for word in rendered.words))
            deadline = time.monotonic() + deadline_seconds

    def close(self) -> None:
        """Take back what still waits."""
        for turn in self._pending:
            self._turns.drop(turn)
        self._pending.clear()

    def _top_up(self) -> bool:
        """Let more lines wait; whether there is anything left to be had."""
        while len(self._pending) < AHEAD and (line := next(self._rest, None)) is not None:
            self._pending.append(self._wait(LineRequest(line, self._voice, self._settings)))
        return bool(self._pending)

    def _wait(self, request: LineRequest) -> Turn:
        turn = Turn(request, self._client, self._due)
        self._due += estimated_seconds(request)
        self._turns.add(turn)
        return turn

    def _go_on(self, head: LineRequest, begun: Begun) -> Turn:
        """Let the rest of a line wait, of which the head has just been rendered."""
        request = LineRequest(head.line, head.voice, head.settings, begun=begun)
        turn = Turn(request, self._client, time.monotonic() + 1.0)
        self._turns.add(turn)
        return turn

    def _result(self, turn: Turn, deadline: float) -> RenderedLine:
        """Wait for ``turn``, looking now and then whether anybody still wants it."""
        while True:
            left = deadline - time.monotonic()
            try:
                return turn.result.result(min(max(0.0, left), LOOK_SECONDS))
            except CancelledError:
                raise Problem("not_ready", "The server is closing down.") from None
            except TimeoutError:
                if self._gone is not None and self._gone():
                    raise Problem("client_gone", "Nobody waits for the answer.") from None
                if left <= LOOK_SECONDS:
                    raise Problem(
                        "deadline_exceeded",
                        "So many requests are waiting that this one did not get its turn in time.",
                        headers={"Retry-After": "5"},
                    ) from None
