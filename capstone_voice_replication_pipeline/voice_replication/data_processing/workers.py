"""Several processes over a list of jobs, with nothing left behind when one of them dies."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, as_completed, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from env_utils import VoiceReplicationError

Job = TypeVar("Job")
Result = TypeVar("Result")

JOBS_PER_CALL = 8  # a call costs about a millisecond; a short utterance takes ten
CALLS_AHEAD = 4  # per worker: enough that none waits, few enough to stop quickly


def in_order_of_completion(
    work: Callable[[Job], Result], jobs: Sequence[Job], workers: int
) -> Iterator[Result]:
    """``work(job)`` for every job, in the order in which they are done.

    With one worker in this process; otherwise in ``workers`` new processes, which end when this one
    ends, however it ends. ``work`` must be importable by name.
    """
    if workers <= 1:
        yield from map(work, jobs)
        return
    size = max(1, min(JOBS_PER_CALL, len(jobs) // (workers * CALLS_AHEAD)))
    batches = (jobs[i : i + size] for i in range(0, len(jobs), size))
    context = multiprocessing.get_context(
        "spawn"
    )  # the same on every system, and safe with threads
    pool = ProcessPoolExecutor(min(workers, len(jobs)), context, initializer=_start_worker)
    pending: set[Future[list[Result]]] = set()
    try:
        for batch in batches:
            pending.add(pool.submit(_work_through, work, batch))
            while len(pending) >= workers * CALLS_AHEAD:
                finished, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield from future.result()
        for future in as_completed(pending):
            yield from future.result()
    except BrokenProcessPool as error:
        raise VoiceReplicationError(
            "a worker process was killed, probably because the memory was full. Finished work is "
            "kept; run the same command again, perhaps with fewer --workers."
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _work_through(work: Callable[[Job], Result], jobs: Sequence[Job]) -> list[Result]:
    return [work(job) for job in jobs]


def _start_worker() -> None:
    """Ctrl-C is the parent's to handle; and a worker must not outlive a parent that was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["OMP_NUM_THREADS"] = "1"
    parent = multiprocessing.parent_process()
    assert parent is not None

    def leave_with_parent() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=leave_with_parent, daemon=True).start()
