"""Waiting for something that may never answer, but not for long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T]) -> T:
    """``call()``, or ``TimeoutError`` when it has not returned after ``seconds``.

    It runs in a thread of its own, because the time-out of a connection does not cover the look-up
    of a name. The thread is a daemon: one that hangs does not keep the program from ending. What
    ``call`` raises is raised here.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(call())
        except BaseException as error:  # handed to the caller below
            errors.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError(f"no answer within {seconds:g} s")
    return results[0]
