"""The manifest and the files agree: nothing unnamed, nothing missing, and errors name the entry."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from course.manifest import Course, load_course
from env_utils import ConfigError

ROOT = Path(__file__).resolve().parents[2]
FURNISHED = [f"{number:02}" for number in range(7)]

GOOD = """
[[floor]]
id = "00"
path = "00_env_setup"
title = "Environment"
promise = "You can trust the machine."
guide = "GUIDE.md"

[[lesson]]
id = "00.1"
path = "00_env_setup/01_check.py"
title = "Check"
objective = "See what works."
prerequisites = []
minutes = 0.1
needs = []
artifacts = ["report.json"]
hints = ["Read the report."]

[[lesson]]
id = "00.2"
path = "00_env_setup/02_look.py"
title = "Look"
objective = "Look again."
prerequisites = ["00.1"]
minutes = 1
needs = ["net", "gpu"]
artifacts = []
hints = ["Look."]

[[exercise]]
id = "00.e1"
path = "00_env_setup/exercises/ex01_seed.py"
title = "Seed"
objective = "Repeat."
prerequisites = ["00.1"]
minutes = 10
difficulty = 2
broken = false
needs = []
hints = ["gentle", "nearly the answer"]
"""


def load(tmp_path: Path, text: str) -> Course:
    path = tmp_path / "course.toml"
    path.write_text(text, encoding="utf-8")
    return load_course(path)


def test_an_exercise_follows_the_lesson_that_it_needs(tmp_path: Path) -> None:
    course = load(tmp_path, GOOD)
    assert [step.id for step in course.steps] == ["00.1", "00.e1", "00.2"]
    assert course.exercises[0].beside("checks") == "00_env_setup/checks/ex01_seed.py"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('id = "00.2"', 'id = "00.1"', ["lesson 00.1", "id", "twice"]),
        ('id = "00.2"', 'id = "00.3"', ["lesson 00.3", "id", "order"]),
        ('id = "00.2"', 'id = "01.2"', ["lesson 01.2", "[[floor]] 01"]),
        ('id = "00.e1"', 'id = "00.1e"', ["exercise 00.1e", "id", "02.e1"]),
        ('prerequisites = ["00.1"]\nminutes = 1\n', "minutes = 1\n", ["00.2", "prerequisites"]),
        ('prerequisites = ["00.1"]', 'prerequisites = ["00.9"]', ["'00.9'", "does not exist"]),
        ("prerequisites = []", 'prerequisites = ["00.2"]', ["00.1", "'00.2'", "later"]),
        ("minutes = 0.1", "minutes = 0", ["lesson 00.1", "minutes", "above zero"]),
        ("minutes = 0.1", 'minutes = "soon"', ["lesson 00.1", "minutes"]),
        ('hints = ["Look."]', "hints = []", ["lesson 00.2", "hints"]),
        ('hints = ["Look."]', 'hints = [" "]', ["lesson 00.2", "hints", "empty"]),
        ('"nearly the answer"', "", ["exercise 00.e1", "hints", "at least 2"]),
        ('["net", "gpu"]', '["moon"]', ["lesson 00.2", "needs", "moon"]),
        ("difficulty = 2", "difficulty = 6", ["exercise 00.e1", "difficulty"]),
        ("broken = false", 'broken = "no"', ["exercise 00.e1", "broken"]),
        ("difficulty = 2", "dificulty = 2", ["exercise 00.e1", "unknown field 'dificulty'"]),
        ('"00_env_setup/02_look.py"', '"02_look.py"', ["lesson 00.2", "path", "02_look.py"]),
        ('path = "00_env_setup"', 'path = "setup"', ["floor 00", "path"]),
        ('["report.json"]', '["/tmp/report.json"]', ["lesson 00.1", "artifacts"]),
        ("[[exercise]]", "[[excercise]]", ["unknown table 'excercise'"]),
        ("[[floor]]", "[[floor", ["not valid TOML"]),
    ],
)
def test_an_error_names_the_entry_and_the_field(
    tmp_path: Path, old: str, new: str, named: list[str]
) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as error:
        load(tmp_path, GOOD.replace(old, new, 1))
    assert all(part in str(error.value) for part in [*named, "course.toml"])


def test_without_a_manifest_it_says_where_the_lessons_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="clone it"):
        load_course(tmp_path / "course.toml")


def test_the_manifest_needs_the_standard_library_only() -> None:
    code = (
        "import sys, course.manifest as m; m.load_course();"
        "print(sorted({'numpy', 'torch', 'pydantic', 'matplotlib', 'yaml'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def course() -> Course:
    return load_course()


@pytest.mark.parametrize("number", FURNISHED)
def test_a_floor_is_furnished(course: Course, number: str) -> None:
    floors = [floor for floor in course.floors if floor.id == number]
    assert floors, f"course.toml has no [[floor]] {number}"
    folder = ROOT / floors[0].path
    for page in ("README.md", "LEARNING_GUIDE.md", floors[0].guide):
        assert (folder / page).is_file(), f"{folder.name}/{page} is missing"
    exercises = [e for e in course.exercises if e.floor_id == number]
    assert len(exercises) >= 4, f"floor {number} has {len(exercises)} exercises, not four"
    assert any(e.broken for e in exercises), f"floor {number} has no exercise that is broken"
    assert sum(lesson.floor_id == number for lesson in course.lessons) >= 5


@pytest.mark.parametrize("number", FURNISHED)
def test_every_script_is_named_and_every_named_script_exists(course: Course, number: str) -> None:
    (folder,) = ROOT.glob(f"{number}_*")
    scripts = {p.relative_to(ROOT).as_posix() for p in folder.glob("[0-9][0-9]_*.py")}
    assert scripts == {lesson.path for lesson in course.lessons if lesson.floor_id == number}
    wanted = {e.name for e in course.exercises if e.floor_id == number}
    for kind in ("exercises", "solutions", "checks"):
        present = {path.name for path in (folder / kind).glob("*.py")}
        assert present == wanted, f"{folder.name}/{kind} and course.toml differ"


def test_lessons_are_numbered_as_their_files(course: Course) -> None:
    for lesson in course.lessons:
        assert lesson.name[:2] == f"{int(lesson.id.partition('.')[2]):02}", lesson.path
    for exercise in course.exercises:
        assert exercise.name.startswith(f"ex{int(exercise.id.partition('e')[2]):02}_")


def test_prerequisites_exist_and_come_earlier(course: Course) -> None:
    place = {step.id: number for number, step in enumerate(course.steps)}
    for step in course.steps:
        for needed in step.prerequisites:
            assert needed in place, f"{step.id} needs {needed}, which does not exist"
            assert place[needed] < place[step.id], f"{step.id} needs {needed}, which comes later"


def test_only_the_very_first_step_needs_nothing(course: Course) -> None:
    free = [step.id for step in course.steps[1:] if not step.prerequisites]
    assert course.steps and not free, f"without prerequisites: {free}"


def test_a_lesson_fits_into_three_minutes(course: Course) -> None:
    slow = {lesson.id: lesson.minutes for lesson in course.lessons if lesson.minutes > 3}
    assert not slow
