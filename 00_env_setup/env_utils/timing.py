"""How long something takes: the minimum of several runs, after a warm-up, waited for to its end."""

from __future__ import annotations

import time
from collections.abc import Callable

from env_utils.errors import InputError


def best_seconds(
    call: Callable[[], object],
    *,
    repeat: int = 7,
    at_least: float = 0.01,
    wait: Callable[[], object] | None = None,
) -> float:
    """Seconds that one ``call()`` takes when nothing disturbs it.

    One call warms up (memory is allocated, kernels are chosen and compiled) and is not counted.
    Then ``repeat`` samples are taken, each of as many calls in a row as fill about ``at_least``
    seconds, so that the clock's own steps do not matter. The minimum is returned: other programs
    can only make a sample longer. ``wait`` ends a sample on devices that work in the background
    (``torch.cuda.synchronize``); without it a GPU's time is that of handing over the work.

    Raises ``InputError`` when ``repeat`` is below one.
    """
    if repeat < 1:
        raise InputError(f"best_seconds: repeat={repeat}; at least one run is needed.")
    _sample(call, 1, wait)
    once = _sample(call, 1, wait)
    calls = max(1, min(10_000, round(at_least / max(once, 1e-7))))
    return min(_sample(call, calls, wait) for _ in range(repeat)) / calls


def _sample(call: Callable[[], object], calls: int, wait: Callable[[], object] | None) -> float:
    """Seconds of ``calls`` calls in a row."""
    started = time.perf_counter()
    for _ in range(calls):
        call()
    if wait is not None:
        wait()
    return time.perf_counter() - started
