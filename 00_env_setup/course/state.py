"""What the learner has done: one small JSON file in the user's state folder.

It is a convenience, never a reason to stop: a damaged file is set aside, a folder that can not be
written to costs one sentence, and every command goes on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import platformdirs
from env_utils.files import atomic_write_json

VERSION = 1
Record = dict[str, Any]


def state_folder() -> Path:
    """``$COURSE_HOME``, or the folder that the system has for the state of programs."""
    configured = os.environ.get("COURSE_HOME")
    if configured:
        return Path(configured).expanduser()
    return platformdirs.user_state_path("voice-cloning-course", appauthor=False)


class Progress:
    """What was run, passed, hinted at and given up, by the id of the step.

    ``tell`` is called with a sentence when something about the file has to be said.
    """

    def __init__(self, folder: Path, tell: Callable[[str], None]) -> None:
        self.path = folder / "progress.json"
        self._tell = tell
        self.steps: dict[str, Record] = self._read()

    def of(self, step_id: str) -> Record:
        """What is recorded about one step; empty if nothing is."""
        return self.steps.get(step_id, {})

    def is_done(self, step_id: str) -> bool:
        """Whether the learner may go on: it ran, it passed, or the solution was asked for."""
        return bool({"done", "gave_up"} & self.of(step_id).keys())

    def note(self, step_id: str, **values: object) -> None:
        """Record ``values`` of one step, beside what another terminal has written meanwhile."""
        self.steps = self._read()
        self.steps.setdefault(step_id, {}).update(values)
        self._write()

    def forget(self, step_id: str) -> None:
        """As if the step had never been touched."""
        self.steps = self._read()
        self.steps.pop(step_id, None)
        self._write()

    def _read(self) -> dict[str, Record]:
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            steps: dict[str, Record] = content["steps"]
            if not all(isinstance(record, dict) for record in steps.values()):
                raise TypeError("a record is not an object")
            return steps
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            self._tell(f"The progress file {self.path} can not be read ({error.strerror}).")
            return {}
        except (ValueError, KeyError, TypeError, AttributeError):
            self._set_aside()
            return {}

    def _set_aside(self) -> None:
        aside = self.path.with_name(f"progress.damaged-{datetime.now(UTC):%Y%m%d-%H%M%S}.json")
        try:
            self.path.replace(aside)
        except OSError as error:
            self._tell(f"The progress file {self.path} is damaged ({error.strerror} on moving it).")
        else:
            self._tell(f"The progress file was damaged. It is kept as {aside}; a new one is begun.")

    def _write(self) -> None:
        try:
            atomic_write_json(self.path, {"version": VERSION, "steps": self.steps})
        except OSError as error:
            self._tell(
                f"Progress could not be written to {self.path.parent} ({error.strerror}). "
                "Set COURSE_HOME to a folder where you may write."
            )


def now() -> str:
    """The present moment, for the record."""
    return datetime.now(UTC).isoformat(timespec="seconds")
