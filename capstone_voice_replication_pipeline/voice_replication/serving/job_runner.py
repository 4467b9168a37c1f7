"""Runs jobs, each in a process of its own, and finds them again after a restart."""

from __future__ import annotations

import logging
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from env_utils import utc_now

from voice_replication.serving.database import Database
from voice_replication.serving.job_process import start_worker
from voice_replication.serving.job_reports import read_report
from voice_replication.serving.job_requests import FinetuneRequest, NarrationRequest, write_request
from voice_replication.serving.job_worker import FULL, is_full
from voice_replication.serving.jobs import ACTIVE, RUNNING, Job, JobStore, new_job_id
from voice_replication.serving.problems import Problem
from voice_replication.serving.settings import ServerSettings
from voice_replication.voices import VoiceStore

ATTEMPTS = 3  # of a process that ends without a word, before the job has failed
IDLE_SECONDS = 1.0
LOG = "log.txt"
SCRATCH = ("out/.sentences", "recordings", "work")  # what only a job that goes on needs
_log = logging.getLogger(__name__)


class JobDraft:
    """A job that does not exist yet: the folder into which its files are put."""

    def __init__(self, runner: JobRunner, job_id: str) -> None:
        self._runner, self.id = runner, job_id
        self.folder = runner.store.folder_of(job_id)

    def submit(self, request: NarrationRequest | FinetuneRequest, title: str, client: str) -> Job:
        """Queue it."""
        voices = [request.voice]
        if isinstance(request, NarrationRequest) and request.dialogue_voice:
            voices.append(request.dialogue_voice)
        write_request(self.folder, request)
        return self._runner.store.add(
            Job(self.id, request.kind, title, tuple(voices), client=client)
        )


class JobRunner:
    """The jobs of one server. ``store`` says how they are; threads of this object move them on."""

    def __init__(self, settings: ServerSettings, database: Database, voices: VoiceStore) -> None:
        self.settings, self._voices = settings, voices
        folder = settings.folder / "jobs"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # books and voices are private
        self.store = JobStore(database, folder)
        self.followers = threading.BoundedSemaphore(max(1, settings.threads // 3))
        self._running: set[str] = set()  # jobs that a thread has taken
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._ended = threading.Condition()
        self._closing = False
        self._threads = [
            threading.Thread(target=self._work, name=f"job-{number}", daemon=True)
            for number in range(settings.jobs_at_once)
        ]

    def __enter__(self) -> JobRunner:
        """Take up what a server before this one left, and begin to work."""
        known, voices = set(), set(self._voices.names())
        for job in self.store.all():
            known.add(job.id)
            self._remove_scratch(job)
            self.store.change(job.id, if_state=RUNNING, state="queued")
            for voice in set(job.voices) - voices:  # it was deleted while no server was running
                self.forget_voice(voice)
        for folder in self.store.folder.iterdir():
            if folder.name not in known:  # a request that never became a job
                shutil.rmtree(folder, ignore_errors=True)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop all processes. Their jobs go on when a server starts again."""
        with self._ended:
            self._closing = True
            for process in self._processes.values():
                process.kill()
        self.store.wake()
        for thread in self._threads:
            thread.join()

    @contextmanager
    def draft(self) -> Iterator[JobDraft]:
        """A folder for the files of a new job; it is removed again if no job comes of it.

        Raises ``Problem`` (``queue_full``) when too many jobs are waiting.
        """
        waiting = sum(self.store.count(state) for state in ACTIVE)
        if waiting >= self.settings.max_jobs:
            raise Problem(
                "queue_full",
                f"{waiting} jobs are waiting or running already. Try again when some are done.",
                headers={"Retry-After": "60"},
            )
        draft = JobDraft(self, new_job_id())
        draft.folder.mkdir(mode=0o700)
        try:
            yield draft
        finally:
            if draft.id not in {job.id for job in self.store.all()}:
                shutil.rmtree(draft.folder, ignore_errors=True)

    def cancel(self, job_id: str) -> Job:
        """Stop a job that is queued or running; what it has finished stays."""
        self.store.change(job_id, if_state=ACTIVE, state="cancelled", finished=utc_now())
        self._stop(job_id)
        return self.store.get(job_id)

    def remove(self, job_id: str) -> None:
        """Remove a finished job and its files."""
        self._stop(job_id)
        shutil.rmtree(self.store.folder_of(job_id), ignore_errors=True)  # makes room to note it
        self.store.remove(job_id)

    def retry(self, job_id: str) -> Job:
        """Queue a failed or cancelled job again; it goes on where it was.

        Raises ``Problem``: ``job_not_found``; ``job_not_resumable`` if it is in no state for that.
        """
        job = self.store.get(job_id)
        folder = self.store.folder_of(job_id)
        again = None
        if folder.is_dir():
            self._stop(job_id)
            again = self.store.change(
                job_id,
                if_state=("failed", "cancelled"),
                state="queued",
                error=None,
                finished=None,
                seconds_left=None,
            )
        if again is None:
            raise Problem("job_not_resumable", f"This job is {job.state}; nothing is left to do.")
        return again

    def forget_voice(self, name: str) -> None:
        """Cancel what uses the voice ``name`` and remove all that was spoken or made with it."""
        for job in self.store.all():
            folder = self.store.folder_of(job.id)
            if name not in job.voices or not folder.is_dir():
                continue
            self.cancel(job.id)
            shutil.rmtree(folder, ignore_errors=True)
            gone = Problem("voice_not_found", f"The voice '{name}' was deleted with all its files.")
            self.store.change(job.id, files=(), result=None, error=_body(gone))

    def _stop(self, job_id: str) -> None:
        """End the job's process, if there is one; it is gone when this returns."""
        with self._ended:
            process = self._processes.get(job_id)
            if process is not None:
                process.kill()
            self._ended.wait_for(lambda: job_id not in self._running)

    # --- the threads ------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._closing:
            with self._ended:
                job = self.store.take_next()
                if job is not None:
                    self._running.add(job.id)
            if job is None:
                self.store.wait_for_work(IDLE_SECONDS)
                continue
            try:
                self._run(job)
            except Exception as error:  # this thread has to live
                if is_full(error):
                    self._fail(job, "storage_full", FULL)
                else:
                    _log.exception("job %s", job.id)
                    self._fail(job, "internal_error", "The server could not run this job.")
            finally:
                with self._ended:
                    self._running.discard(job.id)
                    self._ended.notify_all()

    def _run(self, job: Job) -> None:
        """Run the job's process, again if it ended without a word, until the job is decided."""
        for _ in range(ATTEMPTS):
            status, done = self._attempt(job)
            if done or not self._is_running(job):
                return
            _log.warning("job %s: its process ended with status %d", job.id, status)
        self._fail(job, "internal_error", f"Its process ended {ATTEMPTS} times without a result.")

    def _attempt(self, job: Job) -> tuple[int, bool]:
        """Run the job's process once: its exit status, and whether it said how the job ended."""
        folder = self.store.folder_of(job.id)
        done = False
        with (folder / LOG).open("ab") as log, self._process(job, folder, log) as process:
            assert process.stdout is not None
            for line in process.stdout:
                done |= self._take(job, read_report(line))
            status = process.wait()
        self._remove_scratch(job)
        return status, done

    def _remove_scratch(self, job: Job) -> None:
        if self.store.state_of(job.id) == "succeeded":
            for name in SCRATCH:
                shutil.rmtree(self.store.folder_of(job.id) / name, ignore_errors=True)

    @contextmanager
    def _process(self, job: Job, folder: Path, log: IO[bytes]) -> Iterator[subprocess.Popen[str]]:
        with self._ended:
            process = start_worker(self.settings, folder, log)
            self._processes[job.id] = process
            if not self._is_running(job):  # cancelled just now
                process.kill()
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            with self._ended:
                del self._processes[job.id]

    def _is_running(self, job: Job) -> bool:
        return self.store.state_of(job.id) == "running" and not self._closing

    def _take(self, job: Job, report: dict[str, Any]) -> bool:
        """Apply a report of the job's process; True if it was the last one."""
        shown = ("progress", "seconds_left", "files")
        values: dict[str, Any] = {name: report[name] for name in shown if name in report}
        if "failed" in report:
            self._fail(job, report["failed"]["code"], report["failed"]["detail"])
            return True
        if "succeeded" not in report:
            self.store.change(job.id, if_state=RUNNING, **values)
            return False
        values |= {"result": report["succeeded"], "progress": 1.0, "seconds_left": 0.0}
        self.store.change(job.id, if_state=RUNNING, state="succeeded", finished=utc_now(), **values)
        return True

    def _fail(self, job: Job, code: str, detail: str) -> None:
        self.store.change(
            job.id,
            if_state=RUNNING,
            state="failed",
            finished=utc_now(),
            seconds_left=None,
            error=_body(Problem(code, detail)),
        )


def _body(problem: Problem) -> dict[str, Any]:
    return problem.details().model_dump(exclude_none=True)
