"""Jobs: what is known about them survives, one process works on each, and they can be stopped."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from env_utils import StorageFullError, folder_lock
from voice_replication.serving.database import Database, open_database
from voice_replication.serving.job_process import WORKER
from voice_replication.serving.job_requests import NarrationRequest
from voice_replication.serving.job_runner import JobRunner
from voice_replication.serving.job_worker import SERVER_GONE
from voice_replication.serving.jobs import RUNNING, Job, JobFile, JobStore
from voice_replication.serving.problems import Problem
from voice_replication.serving.settings import ServerSettings
from voice_replication.voices import VoiceStore

OpenRunner = Callable[..., JobRunner]
EndOf = Callable[[JobStore, str], Job]
BOOK = "# One\n\nIt was late. Nobody came.\n\n# Two\n\nThe lamp burned low.\n"
LONG = "\n\n".join(f"Sentence number {n} of a long book, which goes on." for n in range(60))


def submit(runner: JobRunner, text: str = BOOK, **options: object) -> Job:
    with runner.draft() as draft:
        (draft.folder / "book").write_text(text)
        request = NarrationRequest.model_validate(
            {"book": "book", "title": "A Book", "voice": "nobody", "format": "wav", **options}
        )
        return draft.submit(request, "A Book", "local")


def spoken(runner: JobRunner, job: Job) -> list[Path]:
    return list((runner.store.folder_of(job.id) / "out" / ".sentences").glob("[!.]*.flac"))


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 600
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


# --- what is known ------------------------------------------------------------------------------


@pytest.fixture()
def database(tmp_path: Path) -> Database:
    return open_database(tmp_path / "server")


def make_job(number: int) -> Job:
    return Job(f"job_{number:016x}", "narration", f"Book {number}", ("ada", "basil"))


def test_jobs_are_known_again_after_a_restart(database: Database, tmp_path: Path) -> None:
    store = JobStore(database, tmp_path)
    first, second = (store.add(make_job(n)) for n in (1, 2))
    done = (JobFile("01_One.mp3", "One", 1.5, 1000),)
    store.change(first.id, state="succeeded", files=done, result={"chapters": 1}, progress=1.0)
    store.change(second.id, progress=0.4, seconds_left=3.0)
    again = JobStore(database, tmp_path)
    assert again.all()[1] == store.get(first.id)
    assert again.all()[0] == second  # how far it was is known again when it goes on


def test_a_change_happens_only_from_the_states_it_is_meant_for(
    database: Database, tmp_path: Path
) -> None:
    store = JobStore(database, tmp_path)
    job = store.add(make_job(1))
    store.change(job.id, state="cancelled")
    assert store.change(job.id, if_state=RUNNING, state="succeeded") is None
    assert store.get(job.id).state == "cancelled"
    assert store.change("job_0", state="failed") is None
    with pytest.raises(Problem, match="no job of this id"):
        store.get("job_0")


def test_queued_jobs_are_taken_oldest_first_and_once(database: Database, tmp_path: Path) -> None:
    store = JobStore(database, tmp_path)
    jobs = [store.add(make_job(n)) for n in range(3)]
    taken = [store.take_next() for _ in range(4)]
    assert [job.id if job else None for job in taken] == [*(job.id for job in jobs), None]


def test_on_a_full_disk_a_job_still_changes_and_is_saved_later(
    database: Database, tmp_path: Path
) -> None:
    store = JobStore(database, tmp_path)
    job = store.add(make_job(1))
    pages = database.query("PRAGMA page_count")[0][0]
    database.query(f"PRAGMA max_page_count = {pages}")
    error = {"code": "storage_full", "detail": "x" * 20_000}  # needs pages that there are not
    store.change(job.id, state="failed", error=error)
    assert store.get(job.id).state == "failed"
    assert JobStore(database, tmp_path).get(job.id).state == "queued"
    with pytest.raises(StorageFullError, match="full"):
        store.add(Job("job_2", "narration", "y" * 20_000, ("ada",)))
    database.query("PRAGMA max_page_count = 1000000")
    store.change(job.id, finished="now")
    assert JobStore(database, tmp_path).get(job.id) == store.get(job.id)
    assert [job.id for job in store.all()] == [job.id]


# --- how they run -------------------------------------------------------------------------------


def test_a_narration_runs_to_its_end(open_runner: OpenRunner, end_of: EndOf) -> None:
    runner = open_runner()
    job = end_of(runner.store, submit(runner).id)
    assert (job.state, job.progress, job.error) == ("succeeded", 1.0, None)
    assert [(f.name, f.title) for f in job.files] == [("01_One.wav", "One"), ("02_Two.wav", "Two")]
    folder = runner.store.folder_of(job.id)
    assert [f.bytes for f in job.files] == [
        (folder / "out" / f.name).stat().st_size for f in job.files
    ]
    assert job.result is not None and job.result["sentences"] == 5
    assert job.started and job.finished
    until(lambda: not spoken(runner, job))  # what only a job that goes on needs does not stay
    assert (folder / "log.txt").read_text() == ""


def test_a_job_that_cannot_work_says_why(open_runner: OpenRunner, end_of: EndOf) -> None:
    runner = open_runner()
    failed = end_of(runner.store, submit(runner, text="\u4f60\u597d").id)
    assert failed.state == "failed" and failed.error is not None
    assert failed.error["code"] == "unusable_input"
    assert "CJK" in failed.error["detail"] or "not readable" in failed.error["detail"]


def test_a_process_that_dies_is_started_again_and_goes_on(
    open_runner: OpenRunner, end_of: EndOf
) -> None:
    runner = open_runner()
    job = submit(runner, LONG)
    until(lambda: len(spoken(runner, job)) >= 5)
    for child in psutil.Process().children():
        child.send_signal(signal.SIGKILL)
        child.wait()
    job = end_of(runner.store, job.id)
    assert job.state == "succeeded" and job.result is not None
    assert job.result["sentences_spoken"] <= job.result["sentences"] - 5


def test_a_cancelled_job_stops_at_once_and_can_go_on(
    open_runner: OpenRunner, end_of: EndOf
) -> None:
    runner = open_runner()
    job = submit(runner, "# One\n\nIt was late.\n\n# Two\n\n" + LONG)
    until(lambda: runner.store.get(job.id).files)
    cancelled = runner.cancel(job.id)
    assert cancelled.state == "cancelled" and not psutil.Process().children()
    kept = len(spoken(runner, job))
    assert [f.name for f in cancelled.files] == ["01_One.wav"]
    runner.retry(job.id)
    job = end_of(runner.store, job.id)
    assert job.state == "succeeded" and job.result is not None
    assert job.result["sentences_spoken"] == job.result["sentences"] - kept
    with pytest.raises(Problem, match="is succeeded") as caught:
        runner.retry(job.id)
    assert caught.value.code == "job_not_resumable"
    runner.remove(job.id)
    assert not runner.store.folder_of(job.id).exists() and runner.store.all() == []


def test_two_jobs_wait_for_each_other(open_runner: OpenRunner, end_of: EndOf) -> None:
    runner = open_runner()
    first, second = submit(runner, LONG), submit(runner)
    until(lambda: spoken(runner, first))
    assert runner.store.get(second.id).state == "queued"
    runner.cancel(second.id)  # before it ever ran
    runner.cancel(first.id)
    third = end_of(runner.store, submit(runner).id)
    assert third.state == "succeeded"
    assert runner.store.get(second.id).started is None


def test_no_more_jobs_than_allowed_are_taken(open_runner: OpenRunner) -> None:
    runner = open_runner(started=False, max_jobs=2)
    submit(runner), submit(runner)
    with pytest.raises(Problem) as caught:
        submit(runner)
    assert caught.value.code == "queue_full" and caught.value.headers["Retry-After"]
    assert len(list(runner.store.folder.iterdir())) == 2


def test_a_request_that_fails_leaves_nothing(open_runner: OpenRunner) -> None:
    runner = open_runner(started=False)
    with pytest.raises(ValueError, match="format"):
        submit(runner, format="exe")
    assert not list(runner.store.folder.iterdir())


def test_a_start_takes_up_what_was_left(open_runner: OpenRunner, end_of: EndOf) -> None:
    runner = open_runner(started=False)
    job = submit(runner)
    runner.store.change(job.id, state="running")  # and then the server was killed
    (runner.store.folder / "job_ffffffffffffffff").mkdir()  # a request it was reading
    again = open_runner()
    assert end_of(again.store, job.id).state == "succeeded"
    assert [path.name for path in again.store.folder.iterdir()] == [job.id]


# --- one process for one job --------------------------------------------------------------------


def worker(settings: ServerSettings, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", WORKER, str(folder), "--home", str(settings.home)]
    return subprocess.Popen(
        [*command, "--models-dir", str(settings.models_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_worker_waits_while_another_one_has_its_job(
    open_runner: OpenRunner, tiny_settings: ServerSettings
) -> None:
    runner = open_runner(started=False)
    folder = runner.store.folder_of(submit(runner).id)
    with folder_lock(folder):
        process = worker(tiny_settings, folder)
        lock = (folder / ".lock").stat()
        until(lambda: _waits_for(process.pid, lock.st_ino))
        assert not (folder / "out").exists()
    assert process.stdout is not None
    assert '"succeeded"' in process.stdout.readlines()[-1]  # standard input is open all the while
    assert process.wait(60) == 0
    process.communicate()


def _waits_for(pid: int, inode: int) -> bool:
    """Whether the process has opened the lock file and sleeps."""
    process = psutil.Process(pid)
    opened = any(Path(file.path).stat().st_ino == inode for file in process.open_files())
    return opened and process.status() in (psutil.STATUS_SLEEPING, psutil.STATUS_DISK_SLEEP)


def test_a_worker_ends_with_its_server(
    open_runner: OpenRunner, tiny_settings: ServerSettings
) -> None:
    runner = open_runner(started=False)
    job = submit(runner, LONG)
    process = worker(tiny_settings, runner.store.folder_of(job.id))
    until(lambda: spoken(runner, job))
    assert process.stdin is not None and process.stdout is not None
    process.stdin.close()
    assert process.wait(60) == SERVER_GONE
    process.stdout.close()


# --- voices that are deleted --------------------------------------------------------------------


def test_what_was_spoken_in_a_deleted_voice_goes_with_it(
    open_runner: OpenRunner, tiny_settings: ServerSettings, end_of: EndOf
) -> None:
    runner = open_runner()
    done = end_of(runner.store, submit(runner).id)
    running = submit(runner, LONG)
    until(lambda: spoken(runner, running))
    VoiceStore(tiny_settings.home).delete("nobody")
    runner.forget_voice("nobody")
    assert not list(runner.store.folder.iterdir())
    assert [runner.store.get(job.id).state for job in (done, running)] == ["succeeded", "cancelled"]
    for job in runner.store.all():
        assert job.files == () and job.error is not None
        assert job.error["code"] == "voice_not_found"
    with pytest.raises(Problem, match="cancelled"):
        runner.retry(running.id)


def test_a_voice_deleted_while_no_server_ran_takes_its_jobs_along(
    open_runner: OpenRunner, tiny_settings: ServerSettings
) -> None:
    runner = open_runner(started=False)
    job = submit(runner)
    VoiceStore(tiny_settings.home).delete("nobody")
    again = open_runner()
    assert again.store.get(job.id).state == "cancelled"
    assert not list(again.store.folder.iterdir())
