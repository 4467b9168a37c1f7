"""How far long work is, for whoever watches it: a page, a log, a job of the studio."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class FinishedFile:
    """A file that is complete while the work goes on: its ``name`` in the output folder."""

    name: str
    title: str
    seconds: float


@dataclass(frozen=True)
class Progress:
    """``fraction`` done (0 to 1), ``seconds_left`` (None: not known yet), and finished files."""

    fraction: float
    seconds_left: float | None = None
    files: tuple[FinishedFile, ...] = ()


OnProgress = Callable[[Progress], None]


def unwatched(_: Progress) -> None:
    """For work that nobody watches."""


class Pace:
    """Turns amounts of work into progress; what an earlier run did counts, but takes no time.

    ``share`` is the part (low, high) of the whole that this work makes up.
    """

    def __init__(self, total: float, share: tuple[float, float] = (0.0, 1.0)) -> None:
        self.total, self.share = total, share
        self._done = self._worked = 0.0
        self._started: float | None = None  # after the first piece, for which models are loaded

    def advance(self, amount: float, worked: bool = True) -> None:
        """Note that ``amount`` is done; ``worked``: in this run, so that it tells the speed."""
        self._done += amount
        if worked and self._started is not None:
            self._worked += amount
        elif worked:
            self._started = time.monotonic()

    @property
    def seconds_left(self) -> float | None:
        """At the speed of this run so far; None before that is known."""
        if self._done >= self.total:
            return 0.0
        if self._started is None or not self._worked:
            return None
        elapsed = time.monotonic() - self._started
        return elapsed / self._worked * (self.total - self._done)

    def progress(self, files: tuple[FinishedFile, ...] = ()) -> Progress:
        """Where the work is now."""
        low, high = self.share
        fraction = self._done / self.total if self.total else 1.0
        return Progress(low + (high - low) * fraction, self.seconds_left, files)
