"""The learner's command: what it says, what it remembers, and that bad luck never stops it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from course.cli import COMMANDS, build_parser, main
from course.lookup import normal_id

pytestmark = pytest.mark.usefixtures("small_course")
EXERCISE = Path("00_start/exercises/ex01_double.py")
SOLVED = "def double(x):\n    return x + x\n"


def progress(home: Path) -> dict[str, dict[str, object]]:
    steps: dict[str, dict[str, object]] = json.loads((home / "progress.json").read_text())["steps"]
    return steps


@pytest.fixture()
def home() -> Path:
    return Path(os.environ["COURSE_HOME"])


def course(*arguments: str, **variables: str) -> subprocess.Popen[str]:
    """`course` in a process of its own, in the current folder."""
    return subprocess.Popen(
        [sys.executable, "-m", "course.cli", *arguments],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


# ---- answering at once ---------------------------------------------------------------------------


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys\nfrom course.cli import main\n"
        "for words in (['list'], ['next'], ['progress'], ['hint', '00.1']): main(words)\n"
        "heavy = {'numpy', 'torch', 'matplotlib', 'pydantic', 'course.expect'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"


def test_it_takes_less_than_a_third_of_a_second() -> None:
    """Processor time, because the tests' machine is busy; the least of five tries."""
    times = []
    for _ in range(5):
        before = os.times()
        course("list").communicate()
        after = os.times()
        times.append(
            after.children_user
            + after.children_system
            - before.children_user
            - before.children_system
        )
    assert min(times) < 0.3


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        build_parser().parse_args([name, "--help"])
    shown = capsys.readouterr().out
    assert left.value.code == 0 and f"course {name}" in shown


def test_without_a_command_it_shows_all_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([])
    shown = capsys.readouterr().out
    assert all(f"    {name} " in shown for name in COMMANDS) and "course doctor" in shown


def test_an_old_python_gets_a_sentence() -> None:
    code = (
        "import sys; sys.version_info = (3, 8, 10, 'final', 0)\n"
        "from course.cli import main; sys.exit(main(['next']))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 2 and "Traceback" not in run.stderr
    assert "needs Python 3.11" in run.stderr and "this is 3.8.10" in run.stderr


def test_a_closed_pipe_is_no_error() -> None:
    listing = subprocess.Popen(
        [sys.executable, "-m", "course.cli", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert listing.stdout is not None and listing.stderr is not None
    listing.stdout.close()  # as in `course list | head -1`
    assert listing.stderr.read() == b"" and listing.wait() in {0, 1}
    listing.stderr.close()


# ---- finding one's way ---------------------------------------------------------------------------


def test_next_leads_from_the_first_step_to_the_last(
    small_course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def shown_next() -> str:
        assert main(["next"]) == 0
        return capsys.readouterr().out

    first = shown_next()
    assert "run 00.1" in first and "You have begun." in first and "LEARNING_GUIDE.md" in first
    assert main(["run", "00.1"]) == 0
    capsys.readouterr()
    then = shown_next()
    assert "check 00.e1" in then and f"edit {EXERCISE.as_posix()}" in then
    assert main(["next", "--lessons"]) == 0
    assert "run 01.1" in capsys.readouterr().out
    assert main(["solution", "00.e1", "--give-up"]) == 0
    capsys.readouterr()
    last = shown_next()
    assert "run 01.1" in last and "internet" in last and "somebody [sic]" in last
    (small_course / "01_more/01_wait.py").write_text("")
    assert main(["run", "01.1"]) == 0
    capsys.readouterr()
    assert "capstone_voice_replication_pipeline" in shown_next()


def test_list_marks_what_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "00.1"]) == main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split()[:3] == ["x", "00.1", "Hello"] for line in lines)
    assert any(line.split()[:2] == ["00.e1", "Double"] for line in lines)
    assert main(["list", "1"]) == 0
    shown = capsys.readouterr().out
    assert "01.1" in shown and "00.1" not in shown
    assert main(["list", "07"]) == 2
    assert "'07'" in capsys.readouterr().err


def test_progress_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "00.1"]) == main(["progress"]) == 0
    shown = capsys.readouterr().out
    assert "1 of 1" in shown and "0 of 1 exercises solved" in shown and "progress.json" in shown


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [("2.3", "02.3"), ("02.03", "02.3"), ("2.E1", "02.e1"), ("2e1", "02.e1"), ("mnist", "mnist")],
)
def test_ids_may_be_typed_lazily(typed: str, wanted: str) -> None:
    assert normal_id(typed) == wanted


@pytest.mark.parametrize("typed", ["0.e1", "ex01_double", EXERCISE.as_posix(), "ex01_double.py"])
def test_a_step_is_found_by_file(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hint", typed]) == 0
    assert "Twice." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "near"), [("00.2", "00.1"), ("dubble", "00.e1"), ("hel", "00.1"), ("zzz", "list")]
)
def test_an_unknown_id_brings_suggestions(
    typed: str, near: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", typed]) == 2
    shown = capsys.readouterr().err
    assert f"'{typed}'" in shown and near in shown


def test_lessons_are_run_and_exercises_are_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "00.e1"]) == 2
    assert "course check 00.e1" in capsys.readouterr().err
    assert main(["check", "00.1"]) == main(["solution", "00.1"]) == 2
    assert "course run 00.1" in capsys.readouterr().err


def test_it_is_found_from_a_folder_inside(
    small_course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(small_course / "00_start" / "checks")
    assert main(["hint", "00.1"]) == main(["next"]) == 0
    shown = capsys.readouterr().out
    assert "Read what it prints." in shown and str(small_course / "00_start/01_hello.py") in shown


# ---- running -------------------------------------------------------------------------------------


def test_run_streams_lists_and_remembers(
    small_course: Path, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "00.1", "--output-dir", "elsewhere"]) == 0
    shown = capfd.readouterr().out
    assert shown.index("6 seconds") < shown.index("hello from the lesson")
    assert str(small_course / "elsewhere" / "hello.txt") in shown
    assert progress(home)["00.1"]["arguments"] == ["--output-dir", "elsewhere"]


def test_a_lesson_that_fails_is_not_done(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "00.1", "--fail"]) == 4
    assert "code 4" in capfd.readouterr().err and not home.exists()


def test_a_missing_or_old_artifact_is_named(
    small_course: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "00.1"]) == 0
    artifact = small_course / "outputs/00_start/hello.txt"
    os.utime(artifact, (1e9, 1e9))
    (small_course / "00_start/01_hello.py").write_text("")
    assert main(["run", "00.1"]) == 0
    assert "from an earlier run" in capfd.readouterr().out
    artifact.unlink()
    assert main(["run", "00.1"]) == 0
    assert "hello.txt  is missing" in capfd.readouterr().err


def test_the_options_of_a_lesson_do_not_count_as_a_run(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "00.1", "--help"]) == 0
    assert "--fail" in capfd.readouterr().out and not home.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal on Windows")
@pytest.mark.parametrize("whole_group", [True, False], ids=["from the keyboard", "to it alone"])
def test_ctrl_c_stops_the_lesson_and_then_the_command(home: Path, whole_group: bool) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "course.cli", "run", "01.1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert running.stdout is not None
    shown = ""
    while "waiting" not in shown:
        shown += running.stdout.readline()
    (os.killpg if whole_group else os.kill)(running.pid, signal.SIGINT)
    rest, _ = running.communicate(timeout=30)
    assert running.returncode == 130 and "Traceback" not in rest
    assert "tidied up" in rest and "course run 01.1" in rest
    assert not home.exists()


# ---- checking ------------------------------------------------------------------------------------


def test_a_stub_is_taught_and_a_solution_passes(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "00.e1"]) == 1
    shown = capsys.readouterr().out
    assert "double(x) returns twice x" in shown and "Traceback" not in shown
    EXERCISE.write_text("def double(x):\n    print('here', x)\n    return x * x\n")
    assert main(["check", "00.e1"]) == 1
    shown = capsys.readouterr().out
    assert "double(4)" in shown and "wanted: 8" in shown and "here 4" in shown
    EXERCISE.write_text(SOLVED)
    assert main(["check", "00.e1"]) == 0
    assert "passed" in capsys.readouterr().out
    assert progress(home)["00.e1"]["tries"] == 3 and "done" in progress(home)["00.e1"]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("def double(x):\n    return 2 *\n", "line 2"),
        ("def dubble(x):\n    return 2 * x\n", "no 'double'"),
        ("def double(x):\n    return y\n", "line 2, in double: NameError"),
        ("def double(x):\n    return [].twice\n", "line 2, in double: AttributeError"),
        ("def double():\n    return 2\n", "TypeError"),
        ("import sys\nsys.exit(0)\n", "sys.exit(0)"),
        ("import os\nos._exit(3)\n", "exit code 3"),
        ("import no_such_package\n", "line 1"),
        ("def double(x):\n    assert x == 5, 'five'\n    return 10\n", "AssertionError: five"),
        ("def double(x):\n    return double(x)\n", "RecursionError"),
    ],
)
def test_every_way_to_fail_is_told_without_a_traceback(
    code: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    EXERCISE.write_text(code)
    assert main(["check", "00.e1"]) == 1
    shown = capsys.readouterr().out
    assert told in shown and "Traceback" not in shown


@pytest.mark.parametrize(
    "loop",
    [
        "while True:\n    pass\n",
        "def double(x):\n    while True:\n        print('again and again')\n",
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'while True: pass'])\n",
    ],
    ids=["on import", "with output", "in a child"],
)
def test_a_stub_that_never_ends_is_stopped(loop: str, capsys: pytest.CaptureFixture[str]) -> None:
    EXERCISE.write_text(loop)
    start = time.monotonic()
    assert main(["check", "00.e1", "--limit", "2"]) == 1
    assert time.monotonic() - start < 15
    shown = capsys.readouterr().out
    assert "not finished after 2 seconds" in shown and len(shown) < 10_000


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal on Windows")
def test_ctrl_c_stops_the_check_and_what_it_runs(small_course: Path) -> None:
    pid_file = small_course / "pid"
    EXERCISE.write_text(
        f"import os, pathlib\npathlib.Path({str(pid_file)!r}).write_text(str(os.getpid()))\n"
        "while True: pass\n"
    )
    checking = course("check", "00.e1")
    while not (pid_file.is_file() and pid_file.read_text()):
        time.sleep(0.05)
    checking.send_signal(signal.SIGINT)
    shown, _ = checking.communicate(timeout=10)
    assert checking.returncode == 130 and "Stopped." in shown and "Traceback" not in shown
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


def test_a_file_that_is_gone_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("00_start/solutions/ex01_double.py").unlink()
    assert main(["solution", "00.e1", "--give-up"]) == 1
    assert "ex01_double.py" in capsys.readouterr().err


@pytest.mark.usefixtures("in_git")
def test_an_exercise_that_was_deleted_can_be_had_again(capsys: pytest.CaptureFixture[str]) -> None:
    given = EXERCISE.read_text()
    EXERCISE.unlink()
    assert main(["check", "00.e1"]) == 2
    assert "course reset 00.e1" in capsys.readouterr().err
    assert main(["reset", "00.e1"]) == 0
    assert EXERCISE.read_text() == given


def test_watch_checks_again_on_save() -> None:
    watching = course("watch", "00.e1")
    assert watching.stdout is not None
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(watching.stdout or []))
    reader.start()

    def wait_for(text: str) -> None:
        deadline = time.monotonic() + 30
        while not any(text in line for line in lines):
            assert time.monotonic() < deadline, lines
            time.sleep(0.05)

    wait_for("not yet")
    EXERCISE.unlink()  # as an editor does that saves by writing a new file
    time.sleep(0.7)
    EXERCISE.write_text("def double(x):\n    return 7\n")
    wait_for("got:    7")
    EXERCISE.write_text(SOLVED)
    wait_for("passed")
    assert watching.wait(10) == 0
    reader.join()


# ---- help ----------------------------------------------------------------------------------------


def test_hints_come_one_by_one_and_then_all(capsys: pytest.CaptureFixture[str]) -> None:
    shown = []
    for _ in range(3):
        assert main(["hint", "00.e1"]) == 0
        shown.append(capsys.readouterr().out)
    assert "Twice." in shown[0] and "2 * x" not in shown[0]
    assert "2 * x" in shown[1] and "Twice." not in shown[1]
    assert "Twice." in shown[2] and "2 * x" in shown[2] and "--give-up" in shown[2]


def test_the_solution_has_to_be_earned_or_asked_for(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["solution", "00.e1"]) == 2
    assert "--give-up" in capsys.readouterr().err
    assert main(["solution", "00.e1", "--give-up"]) == 0
    assert "return 2 * x" in capsys.readouterr().out
    assert "done" not in progress(home)["00.e1"]
    EXERCISE.write_text(SOLVED)
    assert main(["check", "00.e1"]) == main(["solution", "00.e1"]) == 0


@pytest.mark.usefixtures("in_git")
def test_reset_restores_the_file_and_keeps_yours(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = EXERCISE.read_text()
    EXERCISE.write_text(SOLVED)
    assert main(["check", "00.e1"]) == main(["reset", "00.e1"]) == 0
    assert EXERCISE.read_text() == given and "00.e1" not in progress(home)
    (kept,) = (home / "kept").iterdir()
    assert kept.read_text() == SOLVED and str(kept) in capsys.readouterr().out


def test_reset_without_git_only_forgets(
    small_course: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(small_course.parent))
    EXERCISE.write_text(SOLVED)
    assert main(["check", "00.e1"]) == main(["reset", "00.e1"]) == 0
    assert EXERCISE.read_text() == SOLVED and progress(home) == {}


# ---- bad luck ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b'{"steps": {"00.1"', b"\xff\xfe\x00", b"", b"[]", b'{"steps": 3}', b'{"steps": {"a": 1}}'],
)
def test_a_damaged_progress_file_is_set_aside(
    home: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    home.mkdir()
    (home / "progress.json").write_bytes(content)
    assert main(["next"]) == 0
    shown = capsys.readouterr()
    assert "damaged" in shown.err and "run 00.1" in shown.out
    (aside,) = home.glob("progress.damaged-*.json")
    assert aside.read_bytes() == content
    assert main(["run", "00.1"]) == 0
    assert "done" in progress(home)["00.1"] and aside.read_bytes() == content


def test_a_state_folder_that_can_not_be_written_costs_one_sentence(
    small_course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (small_course / "a_file").write_text("in the way")
    monkeypatch.setenv("COURSE_HOME", str(small_course / "a_file" / "state"))
    for words, code in ((["run", "00.1"], 0), (["check", "00.e1"], 1), (["hint", "00.e1"], 0)):
        assert main(words) == code
        shown = capsys.readouterr().err
        assert shown.count("Progress could not be written") == 1 and "COURSE_HOME" in shown


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_state_folder_costs_one_sentence(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.mkdir()
    home.chmod(0o500)
    assert main(["hint", "00.e1"]) == 0
    assert "Progress could not be written" in capsys.readouterr().err


def test_a_broken_manifest_is_a_sentence(
    small_course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (small_course / "course.toml").write_text("[[lesson]]\nid = 3")
    assert main(["next"]) == 3
    assert "lesson 3" in capsys.readouterr().err


# ---- doctor --------------------------------------------------------------------------------------


def test_doctor_names_the_fix_for_what_is_missing(
    small_course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = {
        "torch": None,
        "accelerators": [],
        "processor": "p",
        "cores": 2,
        "memory_bytes": 2**31,
        "disk_free_bytes": 2**40,
        "libsndfile": None,
        "ffmpeg": None,
    }
    monkeypatch.setattr("course.doctor.FACTS", f"import json; print(json.dumps({facts!r}))")
    monkeypatch.setattr("course.doctor.NET", "raise SystemExit(1)")
    monkeypatch.setattr("course.doctor.missing", lambda names: [n for n in names if n == "spacy"])
    (small_course / "outputs").write_text("a file in the way")
    assert main(["doctor"]) == 1
    shown = capsys.readouterr().out
    assert shown.count("FAIL") == 4, shown
    for part in ("missing: spacy", "make install-requirements", "no libsndfile", "--output-dir"):
        assert part in shown
    assert "2.0 GiB" in shown and "imageio-ffmpeg" in shown and "can not be reached" in shown


def test_doctor_does_not_wait_for_a_network_that_hangs() -> None:
    from course.doctor import child

    start = time.monotonic()
    assert child("import time; time.sleep(60)", 0.5) is None
    assert time.monotonic() - start < 5


def test_doctor_knows_what_the_lessons_need() -> None:
    from course.doctor import missing, required

    names = set(required("course"))
    assert {"transformers", "spacy", "nbclient", "scikit-learn"} <= names
    assert {"torch", "numpy", "rich"} <= set(required()) and "spacy" not in set(required())
    assert missing(iter(["rich", "a-package-that-is-not-there"])) == ["a-package-that-is-not-there"]
