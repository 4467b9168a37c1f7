"""Writes the parts of the Markdown pages that are made from course.toml and from the sources.

    python 00_env_setup/course/generate.py            rewrites what has changed
    python 00_env_setup/course/generate.py --check    says what is stale, and leaves with 1

A part stands between ``<!-- NAME: begin ... -->`` and ``<!-- NAME: end -->``; the rest of a page is
written by hand. Each module's README has the part ``lessons``; ROADMAP.md has those of ``ROADMAP``.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from env_utils.errors import InputError, VoiceReplicationError
from env_utils.files import atomic_write_text

from course.manifest import Course, Exercise, Lesson, Step, load_course
from course.reuse import CAPSTONE, packages, uses

MADE_BY = "made by 00_env_setup/course/generate.py"


def minutes(value: float) -> str:
    """Minutes as a person says them: ``0.2``, ``1.5``, ``12``."""
    return f"{value:.1f}" if value < 2 and value != round(value) else f"{value:.0f}"


def cell(text: str) -> str:
    """A text that does not end its table cell."""
    return text.replace("|", "\\|").replace("\n", " ")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def needs(step: Step) -> str:
    """What a step uses where it is there."""
    names = {"net": "internet", "gpu": "GPU", "mic": "microphone"}
    return ", ".join(names[need] for need in step.needs) or "–"


def floor_tables(course: Course, floor_id: str) -> str:
    """The part ``lessons`` of a module's README."""
    steps = course.of_floor(floor_id)
    lessons = [step for step in steps if isinstance(step, Lesson)]
    exercises = [e for e in course.exercises if e.floor_id == floor_id]
    folder = course.floor(floor_id).path + "/"
    parts = [
        table(
            ["lesson", "what it is for", "minutes", "uses if there", "writes"],
            [
                [
                    f"{lesson.id} [{cell(lesson.title)}]({lesson.name})",
                    cell(lesson.objective),
                    minutes(lesson.minutes),
                    needs(lesson),
                    ", ".join(f"`{name}`" for name in lesson.artifacts) or "–",
                ]
                for lesson in lessons
            ],
        ),
        table(
            ["exercise", "what to do", "difficulty", "minutes", "after"],
            [
                [
                    f"{exercise.id} [{cell(exercise.title)}]({exercise.path.removeprefix(folder)})",
                    cell(exercise.objective) + (" *Broken on purpose.*" if exercise.broken else ""),
                    f"{exercise.difficulty} of 5",
                    minutes(exercise.minutes),
                    ", ".join(exercise.prerequisites),
                ]
                for exercise in exercises
            ],
        ),
    ]
    return "\n\n".join(parts[: 1 + bool(exercises)])


def journey(course: Course) -> str:
    """ROADMAP: every furnished floor, with what it promises and what it takes."""
    rows = []
    for floor in course.floors:
        steps = course.of_floor(floor.id)
        lessons = [step for step in steps if isinstance(step, Lesson)]
        exercises = [step for step in steps if isinstance(step, Exercise)]
        rows.append(
            [
                f"{floor.id} [{cell(floor.title)}]({floor.path}/README.md)",
                cell(floor.promise),
                str(len(lessons)),
                str(len(exercises)),
                minutes(sum(lesson.minutes for lesson in lessons)),
                f"[{floor.guide.removesuffix('.md')}]({floor.path}/{floor.guide})",
            ]
        )
    heads = ["module", "afterwards", "lessons", "exercises", "minutes to run", "concepts"]
    return table(heads, rows)


def produces(course: Course) -> str:
    """ROADMAP: what each script writes, by floor."""
    parts = []
    for floor in course.floors:
        lessons = [lesson for lesson in course.lessons if lesson.floor_id == floor.id]
        rows = [
            [
                f"{lesson.id} [{lesson.name}]({lesson.path})",
                ", ".join(f"`{name}`" for name in lesson.artifacts) or "nothing but what it prints",
            ]
            for lesson in lessons
        ]
        heads = [f"{floor.title}: script", f"in `outputs/{floor.path}/`"]
        parts.append(table(heads, rows))
    return "\n\n".join(parts)


def reuse_map(course: Course) -> str:
    """ROADMAP: which floors import which package."""
    nobody = {True: "nobody, by rule", False: "nobody above it yet"}
    rows = []
    for package, users in uses(course.root).items():
        if package == "course":  # the learner's command is not built upon
            continue
        floor = packages(course.root)[package].name
        names = ["capstone" if user == CAPSTONE else user[:2] for user in users]
        readme = f"[{floor[:2] if floor != CAPSTONE else 'capstone'}]({floor}/README.md)"
        rows.append([f"`{package}`", readme, ", ".join(names) or nobody[floor == CAPSTONE]])
    return table(["package", "owned by", "imported by"], rows)


ROADMAP: dict[str, Callable[[Course], str]] = {
    "journey": journey,
    "produces": produces,
    "reuse": reuse_map,
}


def replace_part(page: str, name: str, content: str, where: str) -> str:
    """``page`` with the part ``name`` replaced. ``InputError`` if it has no place for it."""
    marks = re.compile(rf"<!-- {name}: begin\b[^>]*-->\n.*?<!-- {name}: end -->", re.S)
    begin, end = f"<!-- {name}: begin ({MADE_BY}) -->", f"<!-- {name}: end -->"
    filled, count = marks.subn(lambda _: f"{begin}\n{content}\n{end}", page)
    if count != 1:
        raise InputError(
            f"{where}: the lines <!-- {name}: begin --> and <!-- {name}: end --> must be there "
            "exactly once."
        )
    return filled


def generated(course: Course) -> tuple[dict[Path, str], list[str]]:
    """The pages with generated parts, as they should be; and what keeps others from it."""
    parts: dict[str, dict[str, str]] = {
        f"{floor.path}/README.md": {"lessons": floor_tables(course, floor.id)}
        for floor in course.floors
    }
    parts["ROADMAP.md"] = {name: make(course) for name, make in ROADMAP.items()}
    pages, problems = {}, []
    for name, contents in parts.items():
        path = course.root / name
        try:
            text = path.read_text("utf-8") if path.is_file() else ""
            for part, content in contents.items():
                text = replace_part(text, part, content, name)
            pages[path] = text
        except InputError as error:
            problems.append(str(error))
    return pages, problems


def main(argv: Sequence[str] | None = None) -> int:
    """Write, or with ``--check`` compare; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--check", action="store_true", help="change nothing; leave with 1 if stale"
    )
    args = parser.parse_args(argv)
    try:
        course = load_course()
    except VoiceReplicationError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    pages, problems = generated(course)
    stale = [path for path, text in pages.items() if path.read_text("utf-8") != text]
    for path in stale:
        name = path.relative_to(course.root).as_posix()
        if args.check:
            print(f"{name} is stale: run python 00_env_setup/course/generate.py")
        else:
            atomic_write_text(path, pages[path])
            print(f"{name} rewritten")
    for problem in problems:
        print(problem, file=sys.stderr)
    return int(bool(problems) or (args.check and bool(stale)))


if __name__ == "__main__":
    sys.exit(main())
