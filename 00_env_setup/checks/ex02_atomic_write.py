"""Checks 00.e2: the target is whole or untouched, errors come through, nothing is left behind."""

import tempfile
from pathlib import Path
from types import ModuleType

from course.expect import expect, expect_equal, expect_raises


class PowerCut(Exception):
    """What stops the writer in the middle."""


def check(exercise: ModuleType) -> None:
    """A success, a failure in the middle, a failure for a new file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        target = folder / "notes.txt"
        target.write_text("old")
        seen: list[str] = []

        def good(path: Path) -> None:
            path.write_text("new")
            seen.append(target.read_text())

        exercise.write_safely(target, good)
        expect_equal(target.read_text(), "new", what="the file after a successful write")
        expect_equal(
            seen,
            ["old"],
            what="the target while the new content is being written",
            hint="A reader that opens the file at this moment must find the old content: give "
            "write() another path than the target.",
        )

        def torn(path: Path) -> None:
            path.write_text("ne")
            raise PowerCut

        expect_raises(
            PowerCut,
            lambda: exercise.write_safely(target, torn),
            what="write_safely, when write() fails,",
            hint="The caller has to know: let the error through (try/finally, not try/except).",
        )
        expect_equal(target.read_text(), "new", what="the file after a write that failed half-way")
        expect_raises(
            PowerCut,
            lambda: exercise.write_safely(folder / "first.txt", torn),
            what="write_safely for a new file, when write() fails,",
        )
        left = sorted(path.name for path in folder.iterdir())
        expect(
            left == ["notes.txt"],
            f"The folder holds {left}; only notes.txt should be left. Remove the unfinished file.",
        )
