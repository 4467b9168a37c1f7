"""The process of one job: started by the server, at low priority, and gone when the job is.

    python -m voice_replication.serving.job_worker JOB_FOLDER --home HOME

It ends with its server: standard input is a pipe that the server holds open, so its end means that
the server is gone, however that happened. It works only while it holds the lock of its folder, so
the worker of a server that was killed and that of the next one never work on the same job at once.
Everything that it does can be done again from where it was.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
import threading
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from env_utils import StorageFullError, VoiceReplicationError, folder_lock

from voice_replication.progress import OnProgress
from voice_replication.serving.job_reports import Reporter, reports_on_stdout
from voice_replication.serving.job_requests import (
    FinetuneRequest,
    NarrationRequest,
    read_request,
)
from voice_replication.serving.problems import problem_of
from voice_replication.voices import VoiceStore

OUTPUT = "out"
RECORDINGS = "recordings"
NICENESS = 5  # people are waiting for speech meanwhile
FULL = "The server's disk is full. What is finished stays; with room again the job can go on."
SERVER_GONE = 70  # exit code


def main(argv: Sequence[str] | None = None) -> int:
    """Do the job and report; 0 if it was reported, whether it succeeded or failed."""
    parser = argparse.ArgumentParser(prog="job_worker")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--models-dir", type=Path)
    args = parser.parse_args(argv)
    reporter = Reporter(reports_on_stdout(), args.folder / OUTPUT)
    threading.Thread(target=_end_with_server, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    try:
        with folder_lock(args.folder, wait=True):
            remove_unfinished(args.folder)
            result = run(args.folder, VoiceStore(args.home), args.models_dir, reporter.progress)
            reporter.succeeded(result)
    except Exception as error:  # whatever it is, the server is told
        if is_full(error):
            reporter.failed("storage_full", FULL)
        elif isinstance(error, VoiceReplicationError):
            problem = problem_of(error)
            reporter.failed(problem.code, problem.detail)
        else:
            traceback.print_exc()
            reporter.failed("internal_error", "Something went wrong; log.txt of the job says what.")
    return 0


def is_full(error: BaseException) -> bool:
    """Whether ``error`` says that the disk is full, or that a quota is used up."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
    return isinstance(error, StorageFullError)


def run(
    folder: Path, store: VoiceStore, models_dir: Path | None, on_progress: OnProgress
) -> dict[str, Any]:
    """Do what ``request.json`` in ``folder`` asks for; the job's result, fit for JSON."""
    request = read_request(folder)
    if isinstance(request, FinetuneRequest):
        return _finetune(request, folder, store, models_dir, on_progress)
    return _narrate(request, folder, store, models_dir, on_progress)


def _narrate(
    request: NarrationRequest,
    folder: Path,
    store: VoiceStore,
    models_dir: Path | None,
    on_progress: OnProgress,
) -> dict[str, Any]:
    from voice_replication.narration.audiobook import BookOptions, narrate
    from voice_replication.narration.settings import Settings
    from voice_replication.narration.text_to_speech import Speaker

    speaker = Speaker(models_dir, store)
    options = BookOptions(
        voice=store.get(request.voice),
        dialogue=store.get(request.dialogue_voice) if request.dialogue_voice else None,
        settings=Settings(speed=request.speed),
        format=request.format,
        title=request.title,
    )
    result = narrate(folder / request.book, folder / OUTPUT, speaker, options, on_progress)
    return {
        "chapters": result.chapters,
        "seconds": round(result.audio_seconds, 3),
        "sentences": result.lines,
        "sentences_spoken": result.spoken_lines,  # by the last process of this job
        "unreadable": result.unreadable,
    }


def _finetune(
    request: FinetuneRequest,
    folder: Path,
    store: VoiceStore,
    models_dir: Path | None,
    on_progress: OnProgress,
) -> dict[str, Any]:
    from voice_replication.synthesizer.finetune import FinetuneConfig
    from voice_replication.voice_finetuning import finetune_voice

    report = finetune_voice(
        store.get(request.voice),
        folder / RECORDINGS,
        store,
        FinetuneConfig(steps=request.steps),
        models_dir=models_dir,
        work=folder / "work",
        on_progress=on_progress,
    )
    return asdict(report)


def remove_unfinished(folder: Path) -> None:
    """Remove what an earlier process of this job was writing when it was killed."""
    for leftover in folder.rglob(".*.part*"):
        if leftover.is_file():
            leftover.unlink(missing_ok=True)


def _end_with_server() -> None:
    while os.read(sys.stdin.fileno(), 1):  # a buffered read would hold a lock that the exit needs
        pass
    os._exit(SERVER_GONE)  # the main thread may be deep in a computation


if __name__ == "__main__":
    sys.exit(main())
