"""Jobs: long work that outlives a request and a restart of the server.

home/server/jobs/job_0123456789abcdef/   request.json, what was uploaded, out/, log.txt
home/server/studio.sqlite3, table jobs   what is known about each; the truth after a restart

queued ─► running ─► succeeded
   │         ├─────► failed     ─► queued (retry)
   └─────────┴─────► cancelled  ─► queued (retry)
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from env_utils import StorageFullError, utc_now

from voice_replication.serving.database import Database
from voice_replication.serving.problems import Problem

Kind = Literal["narration", "finetune"]
State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
STATES: tuple[State, ...] = get_args(State)
ACTIVE: tuple[State, ...] = ("queued", "running")
RUNNING: tuple[State, ...] = ("running",)
FINAL: tuple[State, ...] = ("succeeded", "failed", "cancelled")
LIVE_FIELDS = {"progress", "seconds_left"}  # known again soon after a restart, so never stored


@dataclass(frozen=True)
class JobFile:
    """A finished file in a job's ``out`` folder."""

    name: str
    title: str
    seconds: float
    bytes: int


@dataclass(frozen=True)
class Job:
    """A job as it is now. Times are ISO 8601 in UTC; ``error`` is the body of a problem."""

    id: str
    kind: Kind
    title: str
    voices: tuple[str, ...]  # the first is the narrator, or the voice that is fine-tuned
    client: str = "local"
    state: State = "queued"
    progress: float = 0.0
    seconds_left: float | None = None
    created: str = ""
    started: str | None = None
    finished: str | None = None
    error: dict[str, Any] | None = None
    result: dict[str, Any] | None = None
    files: tuple[JobFile, ...] = ()

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.state in FINAL

    def to_json(self) -> str:
        """What the database keeps."""
        values = {k: v for k, v in asdict(self).items() if k not in LIVE_FIELDS}
        return json.dumps(values, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Job:
        """Inverse of :meth:`to_json`."""
        values = json.loads(text)
        values["voices"] = tuple(values["voices"])
        values["files"] = tuple(JobFile(**file) for file in values["files"])
        return cls(**values, progress=1.0 if values["state"] == "succeeded" else 0.0)


def new_job_id() -> str:
    """``job_`` and sixteen random hexadecimal digits."""
    return f"job_{secrets.token_hex(8)}"


class JobStore:
    """All jobs, in memory and in the database. One server writes it; its threads share it."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.folder = folder
        self._database = database
        self._changed = threading.Condition()
        rows = database.query("SELECT job FROM jobs ORDER BY number")
        self._jobs = {job.id: job for job in (Job.from_json(row["job"]) for row in rows)}
        self._unsaved: set[str] = set()

    def folder_of(self, job_id: str) -> Path:
        """Where the job's files are."""
        return self.folder / job_id

    def all(self) -> list[Job]:
        """Every job, newest first."""
        with self._changed:
            return list(self._jobs.values())[::-1]

    def get(self, job_id: str) -> Job:
        """The job; ``Problem`` (``job_not_found``) if there is none."""
        with self._changed:
            job = self._jobs.get(job_id)
        if job is None:
            raise Problem("job_not_found", "There is no job of this id.", field="job_id")
        return job

    def add(self, job: Job) -> Job:
        """Store a new job. ``StorageFullError`` when that is so."""
        job = replace(job, created=utc_now())
        with self._changed:
            sql = "INSERT INTO jobs (id, job) VALUES (?, ?)"
            self._database.execute(sql, (job.id, job.to_json()))
            self._jobs[job.id] = job
            self._changed.notify_all()
        return job

    def change(
        self, job_id: str, *, if_state: Collection[State] = STATES, **values: Any
    ) -> Job | None:
        """Change a job that is in one of the states ``if_state``; None if it is not, or is gone.

        On a full disk the change holds for this process and is stored with a later one.
        """
        with self._changed:
            job = self._jobs.get(job_id)
            if job is None or job.state not in if_state:
                return None
            job = self._jobs[job_id] = replace(job, **values)
            if values.keys() - LIVE_FIELDS:
                self._unsaved.add(job_id)
            self._save()
            self._changed.notify_all()
        return job

    def remove(self, job_id: str) -> None:
        """Forget a job."""
        with self._changed:
            self._database.execute("DELETE FROM jobs WHERE id = ?", (job_id,))
            self._jobs.pop(job_id, None)
            self._unsaved.discard(job_id)
            self._changed.notify_all()

    def take_next(self) -> Job | None:
        """Mark the oldest queued job as running and return it; None if there is none."""
        with self._changed:
            for job in self._jobs.values():
                if job.state == "queued":
                    return self.change(job.id, state="running", started=utc_now())
        return None

    def wait(self, job: Job, seconds: float) -> Job | None:
        """The job once it differs from ``job``, or after ``seconds``; None if it was removed."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs.get(job.id) is not job, seconds)
            return self._jobs.get(job.id)

    def wait_for_work(self, seconds: float) -> None:
        """Return when a job may have been queued, at the latest after ``seconds``."""
        with self._changed:
            if not any(job.state == "queued" for job in self._jobs.values()):
                self._changed.wait(seconds)

    def count(self, state: State) -> int:
        """How many jobs are in this state."""
        with self._changed:
            return sum(job.state == state for job in self._jobs.values())

    def wake(self) -> None:
        """Let everybody who waits look again."""
        with self._changed:
            self._changed.notify_all()

    def state_of(self, job_id: str) -> State | None:
        """The job's state; None if there is no such job (any more)."""
        with self._changed:
            job = self._jobs.get(job_id)
        return job.state if job else None

    def _save(self) -> None:
        for job_id in tuple(self._unsaved):
            sql = "UPDATE jobs SET job = ? WHERE id = ?"
            try:
                self._database.execute(sql, (self._jobs[job_id].to_json(), job_id))
            except StorageFullError:
                return
            self._unsaved.discard(job_id)
