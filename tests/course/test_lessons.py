"""Every lesson runs once with --smoke, offline, and what it wrote and returned is what it promised.

The lessons of a floor run in order into one folder, as a learner's do, so that a later one finds
what an earlier one wrote. What a floor's own people care about is in its
``tests/<floor>/lesson_expectations.py``; a lesson that has no expectation fails.
"""

from __future__ import annotations

import json
import os
import re
import time
import wave
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from course.checking import load_script
from course.manifest import Course, Lesson, load_course

plt.switch_backend("Agg")

ROOT = Path(__file__).resolve().parents[2]
Expectation = Callable[[dict[str, object], Path], None]


@cache
def the_course() -> Course:
    return load_course()


@cache
def expectations(floor: str) -> dict[str, Expectation]:
    """The floor's own assertions, by lesson id."""
    path = ROOT / "tests" / floor / "lesson_expectations.py"
    assert path.is_file(), f"{path.relative_to(ROOT)} is missing"
    found: dict[str, Expectation] = load_script(path, f"expectations_{floor}").EXPECTATIONS
    return found


class Runner:
    """Runs each lesson at most once in this process, after those of its floor that it needs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.results: dict[str, dict[str, object] | BaseException] = {}
        self.cpu_seconds: dict[str, float] = {}

    def outputs(self, lesson: Lesson) -> Path:
        return self.folder / lesson.path.partition("/")[0]

    def run(self, lesson: Lesson) -> dict[str, object]:
        if lesson.id not in self.results:
            for needed in lesson.prerequisites:
                earlier = the_course().find(needed)
                if isinstance(earlier, Lesson) and earlier.floor_id == lesson.floor_id:
                    self.run(earlier)
            try:
                self.results[lesson.id] = self._run(lesson)
            except BaseException as error:
                self.results[lesson.id] = error
        result = self.results[lesson.id]
        if isinstance(result, BaseException):
            raise result
        return result

    def _run(self, lesson: Lesson) -> dict[str, object]:
        script = load_script(ROOT / lesson.path, f"lesson_{lesson.id.replace('.', '_')}")
        start = cpu_seconds()
        try:
            result = script.main(["--smoke", "--output-dir", str(self.outputs(lesson))])
        except SystemExit as error:
            pytest.fail(f"{lesson.path} left with sys.exit({error.code!r})")
        finally:
            plt.close("all")
        self.cpu_seconds[lesson.id] = cpu_seconds() - start
        assert isinstance(result, dict) and result, "main() returns a dict of what it measured"
        json.dumps(result, allow_nan=False)  # plain values only, and no NaN among them
        return result


def cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    return Runner(tmp_path_factory.mktemp("outputs"))


class Page(HTMLParser):
    """Collects what a page loads from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.elsewhere: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            loads = name in {"src", "data", "poster"} or (tag == "link" and name == "href")
            if loads and not (value or "").startswith("data:"):
                self.elsewhere.append(f"<{tag} {name}={value!r}>")


def check_artifact(path: Path) -> None:
    """It exists, holds something, and decodes as what its name says."""
    assert path.exists(), f"{path.name} was not written"
    if path.is_dir():
        files = [p for p in path.rglob("*") if p.is_file()]
        assert files, f"the folder {path.name} is empty"
        for file in files:
            check_artifact(file)
        return
    assert path.stat().st_size > 0, f"{path.name} is empty"
    if path.suffix == ".png":
        picture = plt.imread(path)
        assert picture.shape[0] >= 100 and picture.shape[1] >= 400, f"{path.name} is tiny"
        assert np.ptp(picture[..., :3]) > 0.2, f"{path.name} is blank"
    elif path.suffix == ".wav":
        with wave.open(str(path)) as sound:
            assert sound.getnframes() > 0, f"{path.name} has no samples"
    elif path.suffix in {".html", ".htm"}:
        text = path.read_text("utf-8")
        assert re.search(r"<html", text, re.I), f"{path.name} is no page"
        page = Page()
        page.feed(text)
        assert not page.elsewhere, f"{path.name} is not self-contained: {page.elsewhere[:3]}"
    elif path.suffix == ".json":
        json.loads(path.read_text("utf-8"))


def lessons() -> list[object]:
    """Every lesson; with `--dist loadgroup` the lessons of a floor stay on one worker."""
    return [
        pytest.param(
            lesson, id=lesson.id, marks=pytest.mark.xdist_group(f"floor {lesson.floor_id}")
        )
        for lesson in the_course().lessons
    ]


@pytest.mark.parametrize("lesson", lessons())
def test_a_lesson_keeps_its_promise(
    lesson: Lesson,
    runner: Runner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    monkeypatch.chdir(tmp_path)  # a lesson runs from anywhere, and litters nowhere
    result = runner.run(lesson)
    assert Path.cwd() == tmp_path and not list(tmp_path.iterdir())
    outputs = runner.outputs(lesson)
    for artifact in lesson.artifacts:
        check_artifact(outputs / artifact)
    assert not list(outputs.rglob(".*.part*")), "half-written files are left"
    floor = lesson.path.partition("/")[0]
    assert lesson.id in expectations(floor), f"tests/{floor} expects nothing of {lesson.id}"
    expectations(floor)[lesson.id](result, outputs)
    record_property("cpu_seconds", runner.cpu_seconds[lesson.id])  # --junitxml shows them


@pytest.mark.parametrize("lesson", lessons())
def test_a_folder_that_can_not_be_written_is_a_sentence(
    lesson: Lesson, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    script = load_script(ROOT / lesson.path, f"lesson_{lesson.id.replace('.', '_')}")
    arguments = ["--smoke", "--output-dir", str(tmp_path / "file" / "outputs")]
    with pytest.raises(SystemExit) as left:
        script.main(arguments)
    assert left.value.code == 2 and "cannot write to" in capsys.readouterr().err


def test_expectations_are_of_lessons_that_exist() -> None:
    known = {lesson.id for lesson in the_course().lessons}
    for floor in the_course().floors:
        assert set(expectations(floor.path)) <= known


@pytest.mark.parametrize("lesson", the_course().lessons, ids=lambda lesson: lesson.id)
def test_a_lesson_says_what_it_is(lesson: Lesson) -> None:
    text = (ROOT / lesson.path).read_text("utf-8")
    head = text.split('"""')[1]
    assert head.startswith(lesson.id), f"the header starts with {lesson.id} and the title"
    floor = lesson.path.partition("/")[0]
    for part in ("What you will learn:", "Needs:", f"Writes to outputs/{floor}/", "Look for:"):
        assert part in head, f"the header of {lesson.path} lacks '{part}'"
    for artifact in lesson.artifacts:
        assert Path(artifact).name.partition("*")[0] in head, f"the header does not name {artifact}"
    assert re.search(r"try this next", text, re.I), "it ends in what to try next"
    if lesson.id != "00.1":  # which has to run where env_utils is not installed
        assert "run_lesson(main)" in text


def test_time_is_measured() -> None:
    start = cpu_seconds()
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        pass
    assert cpu_seconds() > start
