"""What a job's process tells the server: one JSON object a line, through a pipe.

{"progress": 0.4, "seconds_left": 12.5, "files": [...]}      while it works
{"succeeded": {...result}, "files": [...]}                   the last line, or
{"failed": {"code": "storage_full", "detail": "..."}}        the last line

A pipe needs no disk, so a job can still say that the disk is full.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from voice_replication.progress import FinishedFile, Progress
from voice_replication.serving.jobs import JobFile

INTERVAL_SECONDS = 0.25  # between two reports of progress


class Reporter:
    """Writes reports to ``stream``: progress at most four times a second, files at once."""

    def __init__(self, stream: TextIO, folder: Path) -> None:
        self._stream, self._folder = stream, folder
        self._last = -INTERVAL_SECONDS
        self._files: tuple[FinishedFile, ...] = ()

    def progress(self, progress: Progress) -> None:
        """Report ``progress``, unless one was reported just now and no file came since."""
        now = time.monotonic()
        if progress.files == self._files and now - self._last < INTERVAL_SECONDS:
            return
        self._last = now
        report: dict[str, Any] = {
            "progress": round(progress.fraction, 4),
            "seconds_left": _rounded(progress.seconds_left),
        }
        if progress.files != self._files:
            self._files = progress.files
            report["files"] = [asdict(file) for file in self.files()]
        self._send(report)

    def files(self) -> Sequence[JobFile]:
        """The finished files with their sizes."""
        return [
            JobFile(f.name, f.title, round(f.seconds, 3), (self._folder / f.name).stat().st_size)
            for f in self._files
        ]

    def succeeded(self, result: Mapping[str, Any]) -> None:
        """The last report of a job that is done."""
        self._send({"succeeded": dict(result), "files": [asdict(file) for file in self.files()]})

    def failed(self, code: str, detail: str) -> None:
        """The last report of a job that cannot go on."""
        self._send({"failed": {"code": code, "detail": detail}})

    def _send(self, report: Mapping[str, Any]) -> None:
        self._stream.write(json.dumps(report) + "\n")
        self._stream.flush()


def reports_on_stdout() -> TextIO:
    """The stream for reports. What else is printed from now on goes to standard error."""
    stream = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return stream


def read_report(line: str) -> dict[str, Any]:
    """A report as changes of a job, or as its end (see the top of this file); {} if garbled."""
    try:
        report = json.loads(line)
    except ValueError:
        return {}
    if not isinstance(report, dict):
        return {}
    if "files" in report:
        report["files"] = tuple(JobFile(**file) for file in report["files"])
    return report


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
