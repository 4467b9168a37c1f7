"""Several processes: every job once, and no process outlives a parent that dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from env_utils import VoiceReplicationError
from voice_replication.data_processing.workers import in_order_of_completion

PARENT = """
import sys, time
from voice_replication.data_processing.workers import in_order_of_completion
if __name__ == "__main__":
    for _ in in_order_of_completion(time.sleep, [0.05] * 400, 2):
        print("working", flush=True)
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_every_job_is_done_once(workers: int) -> None:
    assert sorted(in_order_of_completion(abs, range(-100, 0), workers)) == list(range(1, 101))


def test_a_killed_worker_is_an_error_with_advice() -> None:
    with pytest.raises(VoiceReplicationError, match="fewer --workers"):
        list(in_order_of_completion(os._exit, [1] * 20, 2))


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task")
    return [int(child) for task in tasks.glob("*/children") for child in task.read_text().split()]


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to list children")
def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    parent.stdout.readline()
    children = _children(parent.pid)
    assert len(children) >= 2
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 60
    while any(map(_alive, children)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_alive, children))
