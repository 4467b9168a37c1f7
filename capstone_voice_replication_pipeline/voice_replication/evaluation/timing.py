"""Timing on a machine that is never quiet: interleaved, in one process, the best of many.

Other programs only ever make a measurement slower, so the minimum is the least wrong number; and
two systems are comparable only if they are measured in turns, so that both meet the same weather.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

ROUNDS = 12


@dataclass(frozen=True)
class Measurement:
    """One number and the bar it is held against.

    ``value`` is None when it could not be measured; ``note`` then says why.
    """

    what: str
    value: float | None
    unit: str
    bar: float | None = None
    at_least: bool = True  # False: the bar is an upper limit
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the bar is reached; None without a bar or a value."""
        if self.bar is None or self.value is None:
            return None
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    @property
    def wanted(self) -> str:
        """The bar for people: ``>= 60`` or ``<= 4``, empty if there is none."""
        return "" if self.bar is None else f"{'≥' if self.at_least else '≤'} {self.bar:g}"


def best_of(calls: Mapping[str, Callable[[], Any]], rounds: int = ROUNDS) -> dict[str, float]:
    """Seconds of the fastest of ``rounds`` runs of each call, the calls taking turns.

    Every call is made once before anything counts: caches, lazy imports and compilers are warm.
    """
    for call in calls.values():
        call()
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """PyTorch computes with ``count`` threads inside."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
