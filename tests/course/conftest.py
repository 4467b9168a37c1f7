"""A small course of two floors in a folder of its own, for the tests of the learner's command."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

MANIFEST = """
[[floor]]
id = "00"
path = "00_start"
title = "Start"
promise = "You have begun."
guide = "START.md"

[[floor]]
id = "01"
path = "01_more"
title = "More"
promise = "You have gone on."
guide = "MORE.md"

[[lesson]]
id = "00.1"
path = "00_start/01_hello.py"
title = "Hello"
objective = "Say hello."
prerequisites = []
minutes = 0.1
needs = []
artifacts = ["hello.txt"]
hints = ["Read what it prints."]

[[lesson]]
id = "01.1"
path = "01_more/01_wait.py"
title = "Wait"
objective = "Wait for somebody [sic]."
prerequisites = ["00.1"]
minutes = 2
needs = ["net"]
artifacts = []
hints = ["Be patient."]

[[exercise]]
id = "00.e1"
path = "00_start/exercises/ex01_double.py"
title = "Double"
objective = "Double a number."
prerequisites = ["00.1"]
minutes = 5
difficulty = 1
broken = false
needs = []
hints = ["Twice.", "2 * x"]
"""
HELLO = """
import argparse, pathlib, sys
parser = argparse.ArgumentParser()
root = pathlib.Path(__file__).parents[1]
parser.add_argument("--output-dir", default=str(root / "outputs/00_start"))
parser.add_argument("--fail", action="store_true")
args = parser.parse_args()
print("hello from the lesson")
folder = pathlib.Path(args.output_dir)
folder.mkdir(parents=True, exist_ok=True)
if args.fail:
    sys.exit(4)
(folder / "hello.txt").write_text("hello")
"""
WAIT = """
import sys, time
try:
    print("waiting", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("tidied up", flush=True)
    sys.exit(130)
"""
STUB = 'def double(x):\n    raise NotImplementedError("double(x) returns twice x")\n'
SOLUTION = "def double(x):\n    return 2 * x\n"
CHECK = """
from course.expect import expect_equal
def check(exercise):
    expect_equal(exercise.double(4), 8, what="double(4)")
"""


@pytest.fixture()
def small_course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of the small course, which is the current folder; progress is kept beside it."""
    root = tmp_path / "course"
    files = {
        "course.toml": MANIFEST,
        "00_start/01_hello.py": HELLO,
        "01_more/01_wait.py": WAIT,
        "00_start/exercises/ex01_double.py": STUB,
        "00_start/solutions/ex01_double.py": SOLUTION,
        "00_start/checks/ex01_double.py": CHECK,
    }
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    monkeypatch.chdir(root)
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "120")
    return root


@pytest.fixture()
def in_git(small_course: Path) -> Path:
    """The small course as a clone has it: committed."""
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "given"]):
        run = subprocess.run(["git", *words], cwd=small_course, capture_output=True)
        if run.returncode != 0:
            pytest.skip(f"git does not work here: {run.stderr!r}")
    return small_course
