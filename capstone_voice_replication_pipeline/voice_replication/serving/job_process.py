"""Starting the process of a job."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

from env_utils import usable_cores

from voice_replication.serving.settings import ServerSettings

WORKER = "voice_replication.serving.job_worker"


def start_worker(settings: ServerSettings, folder: Path, log: IO[bytes]) -> subprocess.Popen[str]:
    """Begin to work on the job in ``folder``; its standard output tells how far it is.

    The process ends when its standard input does, so the caller holds that open. It may use all
    cores but one, which stays for those who wait for speech.
    """
    command = [sys.executable, "-m", WORKER, str(folder), "--home", str(settings.home)]
    if settings.models_dir:
        command += ["--models-dir", str(settings.models_dir)]
    environment = {"OMP_NUM_THREADS": str(max(1, usable_cores() - 1))} | os.environ
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env=environment | {"VOICECLONE_HOME": str(settings.home)},
        text=True,
    )
