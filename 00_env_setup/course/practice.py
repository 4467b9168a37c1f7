"""``course run``, ``check``, ``watch``, ``hint``, ``solution``, ``reset``: working on one step."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from env_utils.errors import InputError
from env_utils.files import atomic_write_bytes

from course.children import Verdict, run_check, run_script
from course.lookup import find_exercise, find_lesson, find_step
from course.manifest import Course, Exercise, Lesson
from course.screen import Screen, command_name, minutes_words
from course.state import Progress, now


def run(
    course: Course, progress: Progress, screen: Screen, typed: str, arguments: Sequence[str]
) -> int:
    """Run a lesson, list what it wrote, and record it if it ended well."""
    lesson = find_lesson(course, typed)
    screen.say(f"{lesson.id} {lesson.title}", "bold")
    open_ends = [i for i in lesson.prerequisites if not progress.is_done(i)]
    if open_ends:
        screen.say(f"It builds on {', '.join(open_ends)}, which is not done yet.", "dim")
    if "--smoke" not in arguments:
        screen.say(f"Takes about {minutes_words(lesson.minutes)} on two cores.", "dim")
    started = time.time()
    code = run_script(course.root / lesson.path, arguments)
    seconds = time.time() - started
    if code == 0 and not {"-h", "--help"} & set(arguments):
        list_artifacts(lesson, output_folder(course, lesson, arguments), screen, started)
        progress.note(lesson.id, done=now(), seconds=round(seconds, 1), arguments=list(arguments))
        screen.say(f"\nDone in {minutes_words(seconds / 60)}. `{command_name()} next` goes on.")
    elif code == 130:
        screen.warn(f"Stopped. `{command_name()} run {lesson.id}` starts it again.")
    elif code != 0:
        screen.warn(f"It ended with code {code}; `{command_name()} hint {lesson.id}` may help.")
    return code if code >= 0 else 128 - code


def output_folder(course: Course, lesson: Lesson, arguments: Sequence[str]) -> Path:
    """Where the lesson writes: ``--output-dir`` if it is among the arguments."""
    for number, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if name == "--output-dir":
            given = value if equals else "".join(arguments[number + 1 : number + 2])
            return Path(given).expanduser().absolute()
    return course.root / "outputs" / course.floor(lesson.floor_id).path


def list_artifacts(lesson: Lesson, folder: Path, screen: Screen, started: float) -> None:
    """The promised files with their sizes; one that is missing or old is named."""
    if lesson.artifacts:
        screen.say("\nIt wrote:")
    for name in lesson.artifacts:
        path = folder / name
        if not path.exists():
            screen.warn(f"  {path}  is missing")
        elif path.is_dir():
            screen.say(f"  {path}  ({sum(p.is_file() for p in path.rglob('*'))} files)")
        else:
            old = "" if path.stat().st_mtime >= started - 2 else ", from an earlier run"
            screen.say(f"  {path}  ({max(1, path.stat().st_size // 1024)} kB{old})")


def check(
    course: Course, progress: Progress, screen: Screen, typed: str, limit_seconds: float
) -> int:
    """Judge an exercise; 0 if it is solved, else 1 and the text that teaches."""
    return _check(course, progress, screen, find_exercise(course, typed), limit_seconds)


def _check(
    course: Course, progress: Progress, screen: Screen, exercise: Exercise, limit_seconds: float
) -> int:
    path = course.root / exercise.path
    if not path.is_file():
        restore = f"{command_name()} reset {exercise.id}"
        raise InputError(f"{exercise.path} is not there; `{restore}` restores it.")
    verdict = run_check(path, course.root / exercise.beside("checks"), limit_seconds)
    tries = progress.of(exercise.id).get("tries", 0) + 1
    if verdict.passed:
        progress.note(exercise.id, done=now(), tries=tries)
    else:
        progress.note(exercise.id, tries=tries)
    tell_verdict(exercise, verdict, screen)
    return 0 if verdict.passed else 1


def tell_verdict(exercise: Exercise, verdict: Verdict, screen: Screen) -> None:
    """The teaching message, and below it what the learner's own code printed."""
    name = command_name()
    if verdict.passed:
        screen.say(f"{exercise.id} {exercise.title}: passed.", "bold green")
        screen.say(f"`{name} solution {exercise.id}` shows ours; `{name} next` goes on.")
    else:
        screen.say(f"{exercise.id} {exercise.title}: not yet.", "bold")
        screen.say(verdict.message)
        screen.say(f"`{name} hint {exercise.id}` gives a hint.", "dim")
    if verdict.printed:
        screen.say(f"\nYour code printed:\n{verdict.printed}", "dim")


def watch(
    course: Course,
    progress: Progress,
    screen: Screen,
    typed: str,
    limit_seconds: float,
    pause: float = 0.5,
) -> int:
    """Check now and after every change of the file, until it passes or Ctrl-C."""
    exercise = find_exercise(course, typed)
    path = course.root / exercise.path
    screen.say(f"Watching {exercise.path}; Ctrl-C ends it.", "dim")
    seen = None
    while True:
        stamp = _stamp(path)
        if stamp is not None and stamp != seen:
            seen = stamp
            screen.say(f"\n{datetime.now():%H:%M:%S}", "dim")
            if _check(course, progress, screen, exercise, limit_seconds) == 0:
                return 0
        time.sleep(pause)


def _stamp(path: Path) -> tuple[int, int] | None:
    """Changes whenever the file does; ``None`` while an editor is replacing it."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size


def hint(course: Course, progress: Progress, screen: Screen, typed: str) -> int:
    """One hint more each time; after the last one, all of them."""
    step = find_step(course, typed)
    given = progress.of(step.id).get("hints", 0)
    given = given if isinstance(given, int) else 0
    if given >= len(step.hints):
        screen.say(f"These are all {len(step.hints)} hints for {step.id}:", "dim")
        for text in step.hints:
            screen.say(f"- {text}")
        if isinstance(step, Exercise):
            screen.say(f"`{command_name()} solution {step.id} --give-up` shows a solution.", "dim")
        return 0
    screen.say(f"Hint {given + 1} of {len(step.hints)} for {step.id}:", "dim")
    screen.say(step.hints[given])
    progress.note(step.id, hints=given + 1)
    return 0


def solution(course: Course, progress: Progress, screen: Screen, typed: str, give_up: bool) -> int:
    """Our solution, once the learner's own has passed, or on ``--give-up``."""
    exercise = find_exercise(course, typed)
    if not progress.is_done(exercise.id):
        if not give_up:
            raise InputError(
                f"{exercise.id} has not passed yet: `{command_name()} check {exercise.id}`, "
                f"`{command_name()} hint {exercise.id}`, "
                f"or `{command_name()} solution {exercise.id} --give-up`."
            )
        progress.note(exercise.id, gave_up=now())
    path = course.root / exercise.beside("solutions")
    screen.say(f"{exercise.beside('solutions')}\n", "dim")
    screen.say(path.read_text(encoding="utf-8").rstrip())
    return 0


def reset(course: Course, progress: Progress, screen: Screen, typed: str) -> int:
    """Forget what is recorded about a step, and bring an exercise's file back as it was given."""
    step = find_step(course, typed)
    if isinstance(step, Exercise):
        restore(course, progress, screen, step)
    progress.forget(step.id)
    screen.say(f"{step.id} is as if you had never seen it.")
    return 0


def restore(course: Course, progress: Progress, screen: Screen, exercise: Exercise) -> None:
    """The exercise as it is in git; what the learner wrote is kept beside the progress file."""
    path = course.root / exercise.path
    mine = path.read_bytes() if path.is_file() else None
    given = _in_git(course.root, exercise.path)
    if not given:
        screen.warn(f"{exercise.path} stays as it is: git does not know how it was given to you.")
        return
    other = [content for content in given if content != mine]
    if not other:
        return
    if mine is not None:
        kept = progress.path.parent / "kept" / f"{datetime.now():%Y%m%d-%H%M%S}-{exercise.name}"
        try:
            atomic_write_bytes(kept, mine)
        except OSError as error:
            raise InputError(
                f"{exercise.path} was not touched: your version can not be kept in {kept.parent} "
                f"({error.strerror}). Set COURSE_HOME to a folder where you may write."
            ) from error
        screen.say(f"Your version is kept as {kept}")
    atomic_write_bytes(path, other[0])
    screen.say(f"{exercise.path} is as it was given.")


def _in_git(root: Path, path: str) -> list[bytes]:
    """A file as last committed, and as it is where the clone came from (if that is known)."""
    found = []
    for revision in ("HEAD", "origin/HEAD"):
        try:
            shown = subprocess.run(
                ["git", "-C", str(root), "show", f"{revision}:./{path}"], capture_output=True
            )
        except OSError:  # there is no git
            return []
        if shown.returncode == 0:
            found.append(shown.stdout)
    return found
