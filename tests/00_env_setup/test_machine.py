"""Machine facts are compared with what Python itself reports, from inside and from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from env_utils import Machine, describe_machine, ffmpeg_path, usable_cores
from env_utils import paths as env_paths


@pytest.fixture(scope="module")
def machine() -> Machine:
    return describe_machine()


def test_the_facts_are_those_of_this_process(machine: Machine) -> None:
    assert machine.python == ".".join(map(str, sys.version_info[:3]))
    assert machine.torch == torch.__version__
    assert machine.device == ("cuda" if torch.cuda.is_available() else machine.device)
    assert 0.1 * 2**30 < (machine.memory_bytes or 0) < 2**50
    assert machine.disk_free_bytes > 0


def test_it_survives_a_json_report(machine: Machine) -> None:
    report = json.loads(json.dumps(machine.to_dict()))
    assert report["cores"] == machine.cores and report["device"] in {"cpu", "cuda", "mps"}
    assert str(machine.cores) in machine.summary() and machine.python in machine.summary()


def test_cores_that_the_process_may_not_use_do_not_count() -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux can pin a process to cores from Python")
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
    code += "import env_utils; print(env_utils.usable_cores())"
    pinned = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert int(pinned.stdout) == 1 <= usable_cores() <= (os.cpu_count() or 1)


def test_the_ffmpeg_it_names_is_one() -> None:
    program = ffmpeg_path()
    if program is None:
        pytest.skip("no FFmpeg here, neither on the PATH nor as the imageio-ffmpeg wheel")
    shown = subprocess.run([program, "-version"], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("ffmpeg version")


def test_importing_the_floor_imports_nothing_heavy() -> None:
    code = (
        "import sys, env_utils; print(sorted({'torch', 'numpy', 'matplotlib'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_home_is_configurable(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert env_paths.voiceclone_home() == home
    monkeypatch.setenv("VOICECLONE_HOME", "~/voices")
    assert env_paths.voiceclone_home() == Path.home() / "voices"
    monkeypatch.delenv("VOICECLONE_HOME")
    assert env_paths.voiceclone_home().name == "voiceclone"
