"""Whose turn it is: the lines that wait to be rendered, and which of them go next, together.

A line is *due* when its listener has nothing left to hear: the first line of a request at once, a
later one when the sound before it has been played. Due lines go first, so that speech starts
quickly and does not break off; what nobody waits for yet is rendered in what time is left.
Clients take turns, however many requests each of them has.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from voice_replication.serving.engine import LineRequest, RenderedLine

URGENT_SYMBOLS = 200  # in one batch, as in the longest line: more would only need more memory
EARLY_SYMBOLS = 100  # in one that nobody waits for yet: it must not keep a newcomer waiting
LINGER_SECONDS = 0.03  # that a worker waits for lines to render together; see Turns.take
SECONDS_PER_SYMBOL = 0.072  # of speech at normal speed, pauses included


@dataclass(eq=False)
class Turn:
    """A line that waits; ``due`` on the clock of ``time.monotonic``, ``result`` when it is done."""

    request: LineRequest
    client: str
    due: float
    result: Future[RenderedLine] = field(default_factory=Future)

    @property
    def symbols(self) -> int:
        """How much there is to compute, about."""
        return symbols(self.request)


def symbols(request: LineRequest) -> int:
    """Phones and pauses of the line."""
    return sum(len(word.phones) + 1 for word in request.line.words)


def estimated_seconds(request: LineRequest) -> float:
    """About how long the line will sound."""
    return symbols(request) * SECONDS_PER_SYMBOL / request.settings.speed


class Turns:
    """The waiting lines of all clients. Safe to use from many threads."""

    def __init__(self, workers: int = 1, now: Callable[[], float] = time.monotonic) -> None:
        self._workers, self._now = workers, now
        self._changed = threading.Condition()
        self._waiting: OrderedDict[str, list[Turn]] = OrderedDict()  # next client first
        self._rendering = 0  # lines that workers have taken
        self._open = True

    def __len__(self) -> int:
        with self._changed:
            return self._count()

    def add(self, turn: Turn) -> None:
        """Let ``turn`` wait; after :meth:`close` it is cancelled at once."""
        with self._changed:
            if not self._open:
                turn.result.cancel()
                return
            self._waiting.setdefault(turn.client, []).append(turn)
            self._changed.notify()

    def drop(self, turn: Turn) -> None:
        """Nobody waits for ``turn`` any more."""
        turn.result.cancel()
        with self._changed:
            waiting = self._waiting.get(turn.client, [])
            if turn in waiting:
                self._remove(turn)

    def take(self, most: int, finished: int = 0) -> list[Turn]:
        """Wait for lines and take those that go next, at most ``most``; empty after :meth:`close`.

        ``finished``: how many the caller took before and has done. Their listeners may ask again at
        once, so as many are given a moment to come, and are then rendered together.
        """
        with self._changed:
            self._rendering -= finished
            batch: list[Turn] = []
            while self._open and not batch:
                self._changed.wait_for(lambda: self._waiting or not self._open)
                self._changed.wait_for(
                    lambda: self._count() >= finished or not self._open, LINGER_SECONDS
                )
                batch = self._share(most)
            self._rendering += len(batch)
            if self._waiting:
                self._changed.notify()
            return batch

    def close(self) -> None:
        """Cancel everything that waits and let no one wait any more."""
        with self._changed:
            self._open = False
            for waiting in self._waiting.values():
                for turn in waiting:
                    turn.result.cancel()
            self._waiting.clear()
            self._changed.notify_all()

    def _share(self, most: int) -> list[Turn]:
        """One worker's share of the lines that are due, or of all if none is: as many as leave
        all workers with equally much to do."""
        now = self._now()
        due = sum(turn.due <= now for waiting in self._waiting.values() for turn in waiting)
        share = math.ceil(((due or self._count()) + self._rendering) / self._workers)
        if due:
            return self._batch(now, min(most, share), URGENT_SYMBOLS)
        return self._batch(math.inf, min(most, share), EARLY_SYMBOLS)

    def _batch(self, due: float, most: int, most_symbols: int) -> list[Turn]:
        """Up to ``most`` turns that are due by ``due``, from one client after the other."""
        batch: list[Turn] = []
        work = 0
        while len(batch) < most and (turn := self._next(due)) is not None:
            work += turn.symbols
            if batch and work > most_symbols:
                break
            self._remove(turn)
            if turn.client in self._waiting:
                self._waiting.move_to_end(turn.client)
            if turn.result.set_running_or_notify_cancel():
                batch.append(turn)
        return batch

    def _next(self, due: float) -> Turn | None:
        """The most urgent line of the first client that has one due by ``due``."""
        for waiting in self._waiting.values():
            turn = min(waiting, key=lambda turn: turn.due)
            if turn.due <= due:
                return turn
        return None

    def _remove(self, turn: Turn) -> None:
        waiting = self._waiting[turn.client]
        waiting.remove(turn)
        if not waiting:
            del self._waiting[turn.client]

    def _count(self) -> int:
        return sum(map(len, self._waiting.values()))
