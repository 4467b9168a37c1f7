"""Judging an exercise: load the learner's file, run its check, say in one text what came out.

This runs in a child process of ``course check`` (``python -m course.checking EXERCISE CHECK
RESULT``), so that a stub that never ends or takes the interpreter with it can be stopped.
The verdict is written to the file RESULT as JSON; what the learner's code prints stays apart.
"""

from __future__ import annotations

import importlib.util
import json
import linecache
import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType

from course.expect import Lesson

KINDS = ("passed", "lesson", "not filled in", "error")


@dataclass(frozen=True)
class Outcome:
    """What a check found: one of KINDS, and the text that the learner reads."""

    kind: str
    message: str

    @property
    def passed(self) -> bool:
        """Whether the exercise is solved."""
        return self.kind == "passed"


def load_script(path: Path, name: str) -> ModuleType:
    """The module in the file ``path``, run once and registered as ``name``."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None, f"{path} is not a Python file"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look a class up by its module's name
    linecache.checkcache(str(path))
    spec.loader.exec_module(module)
    return module


def judge(exercise: Path, check: Path) -> Outcome:
    """Run ``check`` on ``exercise``; every way to fail becomes a text for the learner."""
    checking = load_script(check, f"check_of_{check.stem}")
    try:
        checking.check(load_script(exercise, exercise.stem))
    except Lesson as lesson:
        return Outcome("lesson", str(lesson))
    except NotImplementedError as error:
        return Outcome("not filled in", f"Not filled in yet: {error or 'the body is missing.'}")
    except SyntaxError as error:
        return Outcome("error", _syntax(error, exercise))
    except SystemExit as error:
        return Outcome("error", f"The code called sys.exit({error.code!r}); return instead.")
    except AttributeError as error:
        if error.obj is sys.modules.get(exercise.stem):  # the check asked for a name that is gone
            return Outcome("error", f"{exercise.name} has no '{error.name}'. Keep the given names.")
        return Outcome("error", _place(error, exercise))
    except Exception as error:
        return Outcome("error", _place(error, exercise))
    return Outcome("passed", "")


def _syntax(error: SyntaxError, exercise: Path) -> str:
    """Where Python stopped reading."""
    name = Path(error.filename or exercise).name
    source = (error.text or "").rstrip()
    return f"{name}, line {error.lineno}: Python can not read this ({error.msg}).\n    {source}"


def _place(error: Exception, exercise: Path) -> str:
    """What was raised, and the learner's line that led to it."""
    raised = f"{type(error).__name__}: {error}".rstrip(": ")
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).resolve() == exercise.resolve()
    ]
    if not frames:
        return f"The check could not use what your code returned: {raised}"
    last = frames[-1]
    return f"{exercise.name}, line {last.lineno}, in {last.name}: {raised}\n    {last.line}"


def main(argv: Sequence[str]) -> None:
    """The child process: judge, and leave the verdict in the file that the parent reads."""
    exercise, check, result = map(Path, argv)
    outcome = judge(exercise, check)
    result.write_text(json.dumps(asdict(outcome)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
