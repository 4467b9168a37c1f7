"""Speech for many people at once: requests wait in a bounded queue, their lines are rendered
together, and each reader gets parts of sound in order, as they are made.

    speak() ─ lines ─► Turns ─► workers ─► engine.render(batch) ─► parts, with pauses between them

Only the reader moves a request on: at most ``AHEAD`` of its lines wait, are rendered, or lie
finished until they are fetched. So one that reads slowly, or not at all, costs no more memory than
that, and closing the iterator takes the rest back.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC
from env_utils import InputError, VoiceReplicationError

from voice_replication.narration import script
from voice_replication.narration.settings import Settings
from voice_replication.serving.engine import Engine, RenderedLine
from voice_replication.serving.metrics import Metrics
from voice_replication.serving.problems import Problem
from voice_replication.serving.spoken_text import SpokenPart, SpokenText
from voice_replication.serving.turns import Turn, Turns
from voice_replication.voices import Voice

log = logging.getLogger(__name__)
Audio = npt.NDArray[np.float32]

RESERVED = 4  # one place in so many of the queue is kept for other clients


class Scheduler:
    """Feeds one engine. ``deadline_seconds``: what a request waits for its next part at most."""

    def __init__(
        self, engine: Engine, *, max_queue: int, deadline_seconds: float, metrics: Metrics
    ) -> None:
        self.engine, self.max_queue, self.deadline_seconds = engine, max_queue, deadline_seconds
        self._metrics = metrics
        self._turns = Turns(engine.workers)
        self._lock = threading.Lock()
        self._waiting: Counter[str] = Counter()  # requests without a first part, by client
        self._seconds_per_line = 0.1  # of rendering, lately
        metrics.watch_queue(self.queue_length)
        self._workers = [
            threading.Thread(target=self._work, name=f"render-{number}", daemon=True)
            for number in range(engine.workers)
        ]
        for worker in self._workers:
            worker.start()

    def queue_length(self) -> int:
        """Requests that have not got their first part yet."""
        with self._lock:
            return self._waiting.total()

    def speak(
        self,
        text: str,
        voice: Voice,
        settings: Settings,
        client: str,
        gone: Callable[[], bool] | None = None,
    ) -> Generator[SpokenPart]:
        """What ``Speaker.speak`` gives, in parts. Nothing happens before the first is asked for.

        Close the generator to give up; ``gone`` tells whether the reader has left while it waits.
        Raises ``InputError`` (nothing to speak), ``Problem`` queue_full (429, with Retry-After),
        deadline_exceeded, not_ready (closing down) or client_gone.
        """
        started = time.monotonic()
        lines = script.lines(text)
        first = next(lines, None)
        if first is None:
            raise InputError(script.nothing_to_speak(text))
        self._admit(client)
        request = SpokenText(self._turns, first, lines, voice, settings, client, started, gone)
        waits = True
        try:
            for part in request.parts(self.deadline_seconds):
                if waits:
                    waits = False
                    self._leave(client)
                    self._metrics.first_audio_seconds.observe(time.monotonic() - started)
                yield part
        finally:
            if waits:
                self._leave(client)
            request.close()

    def close(self, timeout: float = 10.0) -> None:
        """Finish the batches that are being rendered and refuse everything else."""
        self._turns.close()
        for worker in self._workers:
            worker.join(timeout)
        self.engine.close()

    def _admit(self, client: str) -> None:
        """Let a request into the queue, if it has room; no client may fill it alone."""
        own = self.max_queue - self.max_queue // RESERVED
        with self._lock:
            full = self._waiting.total() >= self.max_queue
            if not full and self._waiting[client] < own:
                self._waiting[client] += 1
                return
            waiting = self._waiting.total()
        seconds = waiting * self._seconds_per_line / len(self._workers)
        whose = "" if full else " of yours"
        raise Problem(
            "queue_full",
            f"{waiting} requests{whose} are waiting to be spoken; try again in a moment.",
            headers={"Retry-After": str(max(1, math.ceil(seconds)))},
        )

    def _leave(self, client: str) -> None:
        with self._lock:
            self._waiting -= Counter((client,))

    def _work(self) -> None:
        finished = 0
        while batch := self._turns.take(self.engine.max_batch, finished):
            start = time.perf_counter()
            rendered = self._render(batch)
            seconds = time.perf_counter() - start
            finished = len(batch)
            self._seconds_per_line += 0.1 * (seconds / len(batch) - self._seconds_per_line)
            samples = sum(len(line.audio) for line in rendered)
            self._metrics.produced(samples / DEFAULT_SPEC.sample_rate, seconds, len(batch))

    def _render(self, batch: list[Turn]) -> list[RenderedLine]:
        """Render ``batch`` and hand out the results; an error reaches only the line at fault."""
        try:
            rendered = self.engine.render([turn.request for turn in batch])
        except Exception as error:
            if len(batch) == 1:
                batch[0].result.set_exception(_explained(error))
                return []
            return [line for turn in batch for line in self._render([turn])]
        for turn, line in zip(batch, rendered, strict=True):
            turn.result.set_result(line)
        return rendered


def _explained(error: Exception) -> Exception:
    """``error`` if it is one for people; else it goes to the log, and people get a sentence."""
    if isinstance(error, Problem | VoiceReplicationError):
        return error
    log.error("a line could not be rendered", exc_info=error)
    return Problem("internal_error", "Something went wrong while speaking; the log has more.")
