"""Every exercise, twice: as it stands it fails its check and is taught; the solution passes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from course.checking import judge
from course.manifest import Exercise, load_course

ROOT = Path(__file__).resolve().parents[2]
EXERCISES = load_course().exercises
every_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)


@every_exercise
def test_the_stub_fails_and_the_learner_is_told_why(exercise: Exercise) -> None:
    outcome = judge(ROOT / exercise.path, ROOT / exercise.beside("checks"))
    assert not outcome.passed, (
        f"{exercise.path} passes its check as it stands. If you have just solved it: well done; "
        f"this test looks after the stub, and `course reset {exercise.id}` brings it back."
    )
    assert outcome.kind in {"lesson", "not filled in"}, outcome.message
    assert len(outcome.message) > 20 and "Traceback" not in outcome.message
    if exercise.broken:
        assert outcome.kind == "lesson", "what is broken on purpose runs, and is wrong"


@every_exercise
def test_the_solution_passes_quickly(exercise: Exercise) -> None:
    solution, check = ROOT / exercise.beside("solutions"), ROOT / exercise.beside("checks")
    assert judge(solution, check).message == ""  # whatever is imported is imported now
    start = time.process_time()
    outcome = judge(solution, check)
    assert outcome.passed, outcome.message
    assert time.process_time() - start < 2.0


@every_exercise
def test_an_exercise_says_what_to_do(exercise: Exercise) -> None:
    stub = (ROOT / exercise.path).read_text("utf-8")
    solution = (ROOT / exercise.beside("solutions")).read_text("utf-8")
    assert stub.startswith('"""') and exercise.id in stub.split('"""')[1]
    assert stub != solution
    if not exercise.broken:
        assert "NotImplementedError" in stub and "NotImplementedError" not in solution
