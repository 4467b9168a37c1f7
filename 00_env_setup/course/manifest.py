"""``course.toml``: which lessons and exercises there are, and in which order they are learned.

Everything that lists lessons (the tables in the READMEs, ROADMAP.md, the command ``course``, the
tests) reads it through :func:`load_course`. Only the standard library is used, because the command
must answer at once. An entry that is wrong is an error that names the entry and the field.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from env_utils.errors import ConfigError
from env_utils.paths import repo_root

NEEDS = ("net", "gpu", "mic")
MANIFEST = "course.toml"


@dataclass(frozen=True)
class Floor:
    """A module of the course: one folder, one guide."""

    id: str  # "02"
    path: str  # its folder, "02_deep_learning_basics"
    title: str
    promise: str  # what one can do afterwards
    guide: str  # file name of the concept guide


@dataclass(frozen=True)
class Step:
    """What lessons and exercises have in common."""

    id: str  # "02.3" or "02.e1"
    path: str  # relative to the repository, with forward slashes
    title: str
    objective: str
    prerequisites: tuple[str, ...]  # ids of steps that come earlier
    minutes: float  # a lesson: on two quiet cores; an exercise: of a learner
    needs: tuple[str, ...]  # of NEEDS: what is used where it is there
    hints: tuple[str, ...]

    @property
    def floor_id(self) -> str:
        """The floor that it belongs to, ``"02"``."""
        return self.id.partition(".")[0]

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class Lesson(Step):
    """A script that runs as it is."""

    artifacts: tuple[str, ...]  # relative to outputs/<floor>/


@dataclass(frozen=True)
class Exercise(Step):
    """A file to fill in or to mend, with a solution and a check of the same name."""

    difficulty: int  # 1 to 5
    broken: bool  # runs, but is wrong on purpose

    def beside(self, folder: str) -> str:
        """The path of the file of the same name in ``solutions`` or ``checks``."""
        return self.path.replace("/exercises/", f"/{folder}/")


@dataclass(frozen=True)
class Course:
    """The whole manifest, validated."""

    root: Path
    floors: tuple[Floor, ...]
    lessons: tuple[Lesson, ...]
    exercises: tuple[Exercise, ...]

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Lessons and exercises in the order of learning: an exercise follows what it needs."""
        return tuple(step for floor in self.floors for step in self.of_floor(floor.id))

    def of_floor(self, floor_id: str) -> tuple[Step, ...]:
        """The steps of one floor in the order of learning."""
        lessons = [lesson for lesson in self.lessons if lesson.floor_id == floor_id]
        place = {lesson.id: number for number, lesson in enumerate(lessons)}
        after: list[list[Step]] = [[lesson] for lesson in lessons] or [[]]
        for exercise in (e for e in self.exercises if e.floor_id == floor_id):
            position = max((place.get(needed, 0) for needed in exercise.prerequisites), default=0)
            place[exercise.id] = position
            after[position].append(exercise)
        return tuple(step for group in after for step in group)

    def floor(self, floor_id: str) -> Floor:
        """The floor with this id."""
        return next(floor for floor in self.floors if floor.id == floor_id)

    def find(self, step_id: str) -> Step | None:
        """The step with this id, or ``None``."""
        return next((step for step in self.steps if step.id == step_id), None)


def load_course(path: Path | None = None) -> Course:
    """Read and validate the manifest (the repository's own when no ``path`` is given).

    Raises ``ConfigError`` that names the file, the entry and the field.
    """
    path = path or repo_root() / MANIFEST
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path}: there is no such file. The lessons are in the repository, not in the "
            "installed package: clone it, and run `course` from there."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: this is not valid TOML ({error}).") from error
    unknown = sorted(set(data) - {"floor", "lesson", "exercise"})
    if unknown:
        raise ConfigError(
            f"{path.name}: unknown table '{unknown[0]}'; there are [[floor]], [[lesson]] and "
            "[[exercise]]."
        )
    course = Course(
        root=path.resolve().parent,
        floors=tuple(_entries(data, "floor", Floor)),
        lessons=tuple(_entries(data, "lesson", Lesson)),
        exercises=tuple(_entries(data, "exercise", Exercise)),
    )
    _validate(course)
    return course


Entry = TypeVar("Entry", Floor, Lesson, Exercise)


def _entries(data: Mapping[str, Any], kind: str, shape: type[Entry]) -> Iterator[Entry]:
    """The entries of one table, each with exactly the fields of ``shape``."""
    table = data.get(kind, [])
    if not isinstance(table, list) or not all(isinstance(entry, dict) for entry in table):
        raise ConfigError(f"{MANIFEST}: write [[{kind}]] with two pairs of brackets.")
    for number, entry in enumerate(table, 1):
        where = f"{MANIFEST}: {kind} {entry.get('id', f'number {number}')}"
        wanted = {field.name: field for field in fields(shape)}
        for name in entry:
            if name not in wanted:
                raise ConfigError(f"{where}: unknown field '{name}'; known: {', '.join(wanted)}.")
        values = {}
        for name, field in wanted.items():
            if name not in entry and field.default is MISSING:
                raise ConfigError(f"{where}: the field '{name}' is missing.")
            values[name] = _value(entry[name], str(field.type), f"{where}: {name}")
        yield shape(**values)


def _value(value: Any, kind: str, where: str) -> Any:
    """``value`` if it is of the annotated ``kind``; lists become tuples."""
    if kind == "tuple[str, ...]":
        _require(
            isinstance(value, list) and all(isinstance(v, str) and v.strip() for v in value),
            f"{where} must be a list of texts, none of them empty.",
        )
        return tuple(value)
    if kind == "str":
        _require(isinstance(value, str) and value.strip(), f"{where} must be a text, not empty.")
    elif kind == "bool":
        _require(isinstance(value, bool), f"{where} must be true or false.")
    elif kind == "int":
        _require(type(value) is int, f"{where} must be a whole number.")
    elif kind == "float":
        numeric = isinstance(value, int | float) and not isinstance(value, bool)
        _require(numeric and math.isfinite(value) and value > 0, f"{where} must be above zero.")
        return float(value)
    return value


def _require(condition: object, message: str) -> None:
    if not condition:
        raise ConfigError(message)


def _validate(course: Course) -> None:
    """What a single field can not tell: ids, order, folders, prerequisites."""
    _validate_floors(course.floors)
    known = {floor.id: floor for floor in course.floors}
    for kind, steps, pattern, folder in (
        ("lesson", course.lessons, r"\d\d\.[1-9]\d*", ""),
        ("exercise", course.exercises, r"\d\d\.e[1-9]\d*", "exercises/"),
    ):
        _validate_ids(kind, steps, pattern, known)
        for step in steps:
            where = f"{MANIFEST}: {kind} {step.id}"
            start = f"{known[step.floor_id].path}/{folder}"
            _require(
                step.path.startswith(start)
                and step.path.endswith(".py")
                and "/" not in step.path.removeprefix(start),
                f"{where}: path must be a script in {start}, not '{step.path}'.",
            )
            strangers = [need for need in step.needs if need not in NEEDS]
            _require(not strangers, f"{where}: needs may hold {', '.join(NEEDS)}, not {strangers}.")
            least = 1 if kind == "lesson" else 2
            _require(len(step.hints) >= least, f"{where}: hints must hold at least {least}.")
    for exercise in course.exercises:
        _require(
            1 <= exercise.difficulty <= 5,
            f"{MANIFEST}: exercise {exercise.id}: difficulty is from 1 to 5.",
        )
    for lesson in course.lessons:
        outside = [a for a in lesson.artifacts if a.startswith(("/", "outputs/")) or ".." in a]
        _require(
            not outside,
            f"{MANIFEST}: lesson {lesson.id}: artifacts are relative to outputs/"
            f"{known[lesson.floor_id].path}, not {outside}.",
        )
    _validate_prerequisites(course)


def _validate_floors(floors: Iterable[Floor]) -> None:
    seen: list[str] = []
    for floor in floors:
        where = f"{MANIFEST}: floor {floor.id}"
        _require(re.fullmatch(r"\d\d", floor.id), f"{where}: id must be two digits.")
        _require(
            re.fullmatch(rf"{floor.id}_\w+", floor.path), f"{where}: path must be {floor.id}_name."
        )
        _require(not seen or floor.id > seen[-1], f"{where}: id comes twice or out of order.")
        seen.append(floor.id)


def _validate_ids(
    kind: str, steps: Iterable[Step], pattern: str, floors: Mapping[str, Floor]
) -> None:
    """Ids are of the right form, unique, and rise by one inside a floor."""
    last = ("", 0)
    for step in steps:
        where = f"{MANIFEST}: {kind} {step.id}"
        form = "02.3" if kind == "lesson" else "02.e1"
        _require(re.fullmatch(pattern, step.id), f"{where}: id must look like {form}.")
        _require(step.floor_id in floors, f"{where}: there is no [[floor]] {step.floor_id}.")
        number = int(step.id.partition(".")[2].lstrip("e"))
        expected = last[1] + 1 if step.floor_id == last[0] else 1
        in_order = step.floor_id >= last[0] and number == expected
        _require(in_order, f"{where}: id comes twice or out of order.")
        last = (step.floor_id, number)


def _validate_prerequisites(course: Course) -> None:
    """They exist and come earlier; a floor that is not listed yet can not be looked into."""
    earlier: set[str] = set()
    known = {step.id for step in (*course.lessons, *course.exercises)}
    floors = {floor.id for floor in course.floors}
    for step in course.steps:
        for needed in step.prerequisites:
            where = f"{MANIFEST}: {step.id}: prerequisites: '{needed}'"
            if needed.partition(".")[0] not in floors:
                continue
            _require(needed in known, f"{where} does not exist.")
            _require(needed in earlier, f"{where} comes later than {step.id} itself.")
        earlier.add(step.id)
