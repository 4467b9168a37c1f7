"""Finding the course and a step in it from what a learner types."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from env_utils.errors import InputError
from env_utils.paths import repo_root

from course.manifest import MANIFEST, Course, Exercise, Lesson, Step
from course.screen import command_name


def course_root() -> Path:
    """The nearest folder at or above the current one with a manifest, else the repository."""
    here = Path.cwd()
    return next((p for p in (here, *here.parents) if (p / MANIFEST).is_file()), repo_root())


def find_step(course: Course, typed: str) -> Step:
    """The step that is meant: ``02.3``, ``2.3``, ``02.E1``, a file name or a path.

    Raises ``InputError`` that suggests what is near.
    """
    step = course.find(normal_id(typed)) or _by_file(course, typed)
    if step is None:
        near = suggestions(course, typed)
        lines = "".join(f"\n  {step.id}  {step.title}" for step in near)
        raise InputError(
            f"There is no '{typed}' in the course. "
            + (f"Did you mean{lines}" if near else f"`{command_name()} list` shows all there is.")
        )
    return step


def find_lesson(course: Course, typed: str) -> Lesson:
    """The lesson that is meant; an exercise is an ``InputError`` that says what to do with it."""
    step = find_step(course, typed)
    if isinstance(step, Lesson):
        return step
    raise InputError(
        f"{step.id} is an exercise: edit {step.path}, then `{command_name()} check {step.id}`."
    )


def find_exercise(course: Course, typed: str) -> Exercise:
    """The exercise that is meant; a lesson is an ``InputError`` that says what to do with it."""
    step = find_step(course, typed)
    if isinstance(step, Exercise):
        return step
    raise InputError(
        f"{step.id} is a lesson, not an exercise: `{command_name()} run {step.id}` runs it."
    )


def normal_id(typed: str) -> str:
    """``2.3`` -> ``02.3``, ``2e1`` and ``02.E01`` -> ``02.e1``; other texts stay as they are."""
    form = re.fullmatch(r"(\d{1,2})(?:\.(e?)|(e))0*(\d+)", typed.strip().lower())
    if form is None:
        return typed.strip()
    return f"{int(form[1]):02}.{form[2] or form[3] or ''}{form[4]}"


def _by_file(course: Course, typed: str) -> Step | None:
    """A path or a file name that only one step has."""
    name = Path(typed.strip()).name
    same = [s for s in course.steps if name and name in {s.name, s.name.removesuffix(".py")}]
    exact = [s for s in same if Path(typed).resolve() == course.root / s.path]
    return (exact or same)[0] if len(exact or same) == 1 else None


def suggestions(course: Course, typed: str, most: int = 4) -> list[Step]:
    """Steps whose id, file name or title is near to what was typed."""
    text = typed.strip().lower()
    within = [
        step
        for step in course.steps
        if len(text) > 2 and text in f"{step.name} {step.title}".lower()
    ]
    ids = {step.id: step for step in course.steps}
    near_ids = [ids[i] for i in difflib.get_close_matches(normal_id(text), ids, most, 0.6)]
    names = {step.name.removesuffix(".py")[3:].lstrip("_"): step for step in course.steps}
    near_names = [names[n] for n in difflib.get_close_matches(text, names, most, 0.5)]
    return list(dict.fromkeys([*within, *near_ids, *near_names]))[:most]
