"""``course list``, ``course next`` and ``course progress``: where things are, and where you are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from env_utils.errors import InputError
from rich.text import Text

from course.manifest import Course, Exercise, Lesson, Step
from course.screen import NEEDS_WORDS, Screen, command_name, minutes_words, new_table
from course.state import Progress


def show_list(course: Course, progress: Progress, screen: Screen, floors: Sequence[str]) -> int:
    """All steps, or those of some floors (``02`` or ``2``), in the order of learning."""
    wanted = [f"{int(name):02}" if name.isdigit() else name for name in floors]
    known = [floor.id for floor in course.floors]
    strangers = [name for name in wanted if name not in known]
    if strangers:
        raise InputError(f"There is no floor '{strangers[0]}'; there are {', '.join(known)}.")
    for floor in course.floors:
        if wanted and floor.id not in wanted:
            continue
        table = new_table("", "id", "what", "minutes", "uses", title=f"{floor.id} {floor.title}")
        for step in course.of_floor(floor.id):
            table.add_row(
                mark(step, progress),
                step.id,
                Text(step.title),
                f"{step.minutes:g}",
                kind_words(step),
            )
        screen.show(table)
        screen.say()
    screen.say("x done   o solution read   ! broken on purpose   e: exercises", "dim")
    return 0


def mark(step: Step, progress: Progress) -> str:
    """``x`` for what is done, ``o`` where the solution was asked for instead."""
    record = progress.of(step.id)
    return "x" if "done" in record else "o" if "gave_up" in record else " "


def kind_words(step: Step) -> str:
    """What a step uses if it is there, and how hard an exercise is."""
    if isinstance(step, Exercise):
        return f"difficulty {step.difficulty} of 5" + (" !" if step.broken else "")
    return ", ".join(NEEDS_WORDS[need] for need in step.needs)


def next_step(course: Course, progress: Progress, lessons_only: bool = False) -> Step | None:
    """The first step in the order of learning that is not done."""
    return next(
        (
            step
            for step in course.steps
            if not progress.is_done(step.id) and (isinstance(step, Lesson) or not lessons_only)
        ),
        None,
    )


def show_next(course: Course, progress: Progress, screen: Screen, lessons_only: bool) -> int:
    """What to do now, with the exact command."""
    step = next_step(course, progress, lessons_only)
    if step is None:
        screen.say("You have done all that is here.", "bold green")
        screen.say("The main job is next: capstone_voice_replication_pipeline/README.md")
        return 0
    floor = course.floor(step.floor_id)
    if step == course.of_floor(floor.id)[0]:
        screen.say(f"{floor.id} {floor.title}", "bold")
        screen.say(f"{floor.promise}")
        guide = from_here(course, f"{floor.path}/LEARNING_GUIDE.md")
        screen.say(f"Read {guide} beside it; concepts: {floor.guide}.\n")
    screen.say(f"{step.id} {step.title}", "bold")
    screen.say(step.objective)
    tell_how(course, step, screen)
    return 0


def from_here(course: Course, path: str) -> str:
    """A path of the course as it can be opened from the current folder."""
    return path if Path.cwd() == course.root else str(course.root / path)


def tell_how(course: Course, step: Step, screen: Screen) -> None:
    """The command for a step."""
    name, path = command_name(), from_here(course, step.path)
    uses = [NEEDS_WORDS[need] for need in step.needs]
    if uses:
        screen.say(f"Uses, where it is there: {', '.join(uses)}.")
    if isinstance(step, Exercise):
        screen.say(
            f"About {minutes_words(step.minutes)} of yours, difficulty {step.difficulty} of 5."
            + (" The code runs, but is wrong on purpose: find out where." if step.broken else "")
        )
        screen.say(f"\n  edit {path}")
        screen.say(f"  {name} check {step.id}", "bold cyan")
        screen.say(
            f"\n`{name} watch {step.id}` checks whenever you save; `{name} hint {step.id}` helps; "
            f"`{name} next --lessons` leaves exercises for later.",
            "dim",
        )
    else:
        screen.say(f"Takes about {minutes_words(step.minutes)} on two cores.")
        screen.say(f"\n  {name} run {step.id}", "bold cyan")
        screen.say(f"\nThe code to read is {path}.", "dim")


def show_progress(course: Course, progress: Progress, screen: Screen) -> int:
    """How much of every floor is done."""
    table = new_table("", "floor", "lessons", "exercises", "minutes left")
    for floor in course.floors:
        steps = course.of_floor(floor.id)
        done = [step for step in steps if progress.is_done(step.id)]
        left = sum(step.minutes for step in steps if step not in done)
        full = round(10 * len(done) / max(1, len(steps)))
        table.add_row(
            "#" * full + "." * (10 - full),
            f"{floor.id} {floor.title}",
            _share([s for s in steps if isinstance(s, Lesson)], done),
            _share([s for s in steps if isinstance(s, Exercise)], done),
            f"{left:.0f}",
        )
    screen.show(table)
    solved = sum("done" in progress.of(e.id) for e in course.exercises)
    screen.say(f"\n{solved} of {len(course.exercises)} exercises solved by you.")
    screen.say(f"Kept in {progress.path}", "dim")
    return 0


def _share(steps: Sequence[Step], done: Sequence[Step]) -> str:
    return f"{sum(step in done for step in steps)} of {len(steps)}"
