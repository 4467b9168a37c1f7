"""What the learner sees: one place that knows about rich, widths and the name of the command."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

NEEDS_WORDS = {"net": "internet", "gpu": "GPU", "mic": "microphone"}


def command_name() -> str:
    """How ``course`` is called here: by name if it is on the PATH, else as it was called."""
    if shutil.which("course"):
        return "course"
    program = Path(sys.argv[0])
    if program.name not in {"course", "course.exe"}:
        return "course"
    try:
        return program.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(program)


class Screen:
    """Prints to the terminal; texts are shown as they are, never read as markup."""

    def __init__(self) -> None:
        self.out = Console(highlight=False, markup=False, emoji=False)
        self._err = Console(highlight=False, markup=False, emoji=False, stderr=True)

    def say(self, text: str = "", style: str = "") -> None:
        """A line (or several) that is not broken by us, so that paths can be copied."""
        self.out.print(Text(text, style), soft_wrap=True)
        self.out.file.flush()  # what a child process prints next comes after it

    def warn(self, text: str) -> None:
        """A sentence on standard error that stops nothing."""
        self._err.print(Text(text, "yellow"), soft_wrap=True)

    def error(self, text: str) -> None:
        """Why the command ends."""
        self._err.print(Text(text, "red"), soft_wrap=True)

    def show(self, table: Table) -> None:
        """A table."""
        self.out.print(table)


def minutes_words(minutes: float) -> str:
    """``20 seconds``, ``1 minute``, ``10 minutes``, ``1.5 hours``."""
    if minutes < 1:
        return f"{max(1, round(minutes * 60))} seconds"
    if minutes < 90:
        return "1 minute" if round(minutes) == 1 else f"{minutes:.0f} minutes"
    return f"{minutes / 60:.1f} hours"


def new_table(*columns: str, title: str = "") -> Table:
    """An empty table in the house's look: no lines, left-aligned."""
    table = Table(box=None, pad_edge=False, title=title or None, title_justify="left")
    table.title_style = "bold"
    for name in columns:
        # Ids and marks keep their width; what is long is folded, never cut.
        table.add_column(name, overflow="fold", no_wrap=name in {"id", "", "minutes"})
    return table
