"""Other processes: lessons, whose output is streamed, and checks, which are stopped in time.

Everything heavy (numpy, torch) is imported there and not here, which is why ``course`` answers at
once, and why a learner's endless loop or crash can not take the command with it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

TAIL = 4000  # how many of the last characters that a check printed are kept


@dataclass(frozen=True)
class Verdict:
    """What came of a check, and the end of what the learner's code printed meanwhile."""

    passed: bool
    message: str
    printed: str


def run_script(script: Path, arguments: Sequence[str], patience: float = 5.0) -> int:
    """Run a lesson with its output going where ours goes; returns its exit code.

    On Ctrl-C the lesson is given ``patience`` seconds to end by itself (it got the signal too),
    then is asked once more, then killed. The exit code is 130.
    """
    command = [sys.executable, str(script), *arguments]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        return process.wait()
    except KeyboardInterrupt:
        for stop in (process.terminate if os.name == "nt" else _interrupt(process), process.kill):
            try:
                process.wait(patience)
                break
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                stop()
        process.wait()
        return 130


def _interrupt(process: subprocess.Popen[bytes]) -> Callable[[], None]:
    return lambda: process.send_signal(signal.SIGINT)


def run_check(exercise: Path, check: Path, limit_seconds: float) -> Verdict:
    """Judge ``exercise`` in a process of its own, which is stopped after ``limit_seconds``."""
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        result = Path(folder) / "result.json"
        process = subprocess.Popen(
            [sys.executable, "-m", "course.checking", str(exercise), str(check), str(result)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONIOENCODING": "utf-8", "MPLBACKEND": "Agg"},
            start_new_session=True,  # so that what it starts can be stopped with it
        )
        printed = _Tail(process.stdout)
        try:
            process.wait(limit_seconds)
        except subprocess.TimeoutExpired:
            return Verdict(
                False,
                f"Stopped: the check was not finished after {limit_seconds:g} seconds. "
                "Is there a loop that never ends?",
                printed.text(),
            )
        finally:
            _stop_all(process)
        return _verdict(process.returncode, result, printed.text())


def _verdict(code: int, result: Path, printed: str) -> Verdict:
    try:
        outcome = json.loads(result.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # it ended before the verdict: os._exit, out of memory, a crash
        reason = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        return Verdict(False, f"Python ended in the middle of the check ({reason}).", printed)
    return Verdict(outcome["kind"] == "passed", outcome["message"], printed)


def _stop_all(process: subprocess.Popen[bytes]) -> None:
    """End the process and whatever it started."""
    if os.name == "posix":
        with suppress(ProcessLookupError, PermissionError):  # all of them have ended already
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


class _Tail:
    """Reads a stream to its end in the background and remembers the last characters."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        self._stream = stream
        self._bytes = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        if self._stream is not None:
            with self._stream as stream:
                while chunk := os.read(stream.fileno(), 65536):
                    self._bytes = (self._bytes + chunk)[-TAIL:]

    def text(self) -> str:
        self._thread.join(1.0)
        return self._bytes.decode("utf-8", errors="replace").strip()
