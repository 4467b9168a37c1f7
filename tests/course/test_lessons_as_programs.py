"""How a lesson ends as a program: in one sentence and with a code, whatever happens to it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LESSON = """
from env_utils import InputError, atomic_path, lesson_parser, run_lesson

def main(argv=None):
    args = lesson_parser("00_env_setup").parse_args(argv)
    {body}

run_lesson(main)
"""
SLOW_WRITE = """with atomic_path(args.output_dir / "x.txt") as path:
        path.write_text("half")
        print("writing", flush=True)
        import time
        time.sleep(60)"""


def program(tmp_path: Path, body: str) -> list[str]:
    script = tmp_path / "01_lesson.py"
    script.write_text(LESSON.format(body=body))
    return [sys.executable, str(script), "--output-dir", str(tmp_path / "outputs")]


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        ("import a_package_of_an_extra", 6, 'pip install "voice-cloning-pipeline[course]"'),
        ("raise InputError('book.txt: it is empty.')", 2, "book.txt: it is empty."),
    ],
)
def test_an_error_is_one_sentence(tmp_path: Path, body: str, code: int, told: str) -> None:
    run = subprocess.run(program(tmp_path, body), capture_output=True, text=True)
    assert run.returncode == code and told in run.stderr
    assert len(run.stderr.splitlines()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal on Windows")
def test_ctrl_c_leaves_no_half_written_file(tmp_path: Path) -> None:
    running = subprocess.Popen(
        program(tmp_path, SLOW_WRITE), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "writing\n"
    time.sleep(0.2)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=20)
    assert running.returncode == 130 and told.startswith("Stopped.") and "Traceback" not in told
    assert not list((tmp_path / "outputs").iterdir())
