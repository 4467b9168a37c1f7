"""00.5  Check that notebooks run

What you will learn: what a notebook is (a JSON file of cells and of what they printed last), how to
  execute one without a browser and read its output back, how to keep it as plain text, and how to
  find out that the numbers in it are not those that its code computes.
Needs: nothing but the installation (the extra "notebooks", which "course" contains)
Writes to outputs/00_env_setup/: spectrum.py, spectrum.ipynb, stale.ipynb, notebook_check.json
Look for: the executed notebook says 440 Hz. The stale one still shows an answer that nobody would
  get by running it, and only executing it again shows that.
"""

from __future__ import annotations

import copy
import importlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from env_utils import (
    MissingDependencyError,
    atomic_write_json,
    atomic_write_text,
    lesson_parser,
    run_lesson,
)

# A notebook as plain text, in the "percent" format: every `# %%` begins a cell. Git can compare two
# versions of this line by line, which it can not do with the JSON of an .ipynb file.
NOTEBOOK = """\
# %% [markdown]
# # Which note is it?
# The largest peak of the spectrum of one second of sound.

# %%
import sys

import numpy as np

print(sys.prefix)
SAMPLE_RATE = 24_000
time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
sound = np.sin(2 * np.pi * 440 * time)

# %%
spectrum = np.abs(np.fft.rfft(sound))
print(f"peak at {spectrum.argmax()} Hz")

# %%
assert spectrum.argmax() == 440
"""
SECONDS_PER_CELL = 60


def load(name: str) -> Any:
    """A package of the extra; a missing one is an error that says how to get it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingDependencyError(
            f"{name} is not installed. Install what notebooks need: "
            'pip install "voice-cloning-pipeline[notebooks]"'
        ) from error


def execute(notebook: Any, folder: Path) -> Any:
    """Run all cells from top to bottom in a fresh kernel, and return the notebook with outputs.

    The kernel is another Python process that receives code over a local socket. It must be this
    environment's Python, or the notebook imports other packages than the script does.
    """
    client = load("nbclient").NotebookClient(
        notebook,
        timeout=SECONDS_PER_CELL,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],  # or it warns that sockets of this machine are open
        resources={"metadata": {"path": str(folder)}},  # where the kernel's files go
    )
    return client.execute()


def printed(notebook: Any) -> list[str]:
    """What each code cell printed."""
    return [
        "".join(output.get("text", "") for output in cell.outputs)
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def peak_hz(notebook: Any) -> int:
    """The number that the notebook reports: read from its outputs, not from its variables."""
    found = re.search(r"peak at (\d+) Hz", "\n".join(printed(notebook)))
    return int(found[1]) if found else -1


def write_notebook(notebook: Any, path: Path) -> None:
    """Write the JSON of a notebook, whole or not at all."""
    atomic_write_text(path, load("nbformat").writes(notebook) + "\n")


def make_stale(executed: Any) -> Any:
    """A copy whose code was changed after it ran: the classic of notebooks.

    Somebody tries another pitch in the first cell and runs neither it nor the cell below. The file
    now holds code and results that do not belong together, and nothing in it says so.
    """
    stale = copy.deepcopy(executed)
    for cell in stale.cells:
        cell.source = cell.source.replace("* 440 *", "* 262 *")
    return stale


def error_of(notebook: Any, folder: Path) -> str:
    """The name of the error that ends a run of the notebook, "" if it runs to its end."""
    try:
        execute(notebook, folder)
    except load("nbclient.exceptions").CellExecutionError as error:
        return str(error.ename)
    return ""


def cells_of(notebook: Any) -> list[tuple[str, str]]:
    """Kind and source of every cell: what a notebook is without its outputs and identifiers."""
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    """Make a notebook, execute it, read it back, and unmask a stale one."""
    args = lesson_parser("00_env_setup", __doc__).parse_args(argv)
    jupytext = load("jupytext")
    load("ipykernel")  # the kernel itself; nbclient would only say that there is none
    folder = args.output_dir
    atomic_write_text(folder / "spectrum.py", NOTEBOOK)
    notebook = jupytext.reads(NOTEBOOK, fmt="py:percent")
    kinds = [cell.cell_type for cell in notebook.cells]
    print(f"spectrum.py has {len(kinds)} cells: {', '.join(kinds)}")

    executed = execute(notebook, folder)
    write_notebook(executed, folder / "spectrum.ipynb")
    reread = load("nbformat").read(folder / "spectrum.ipynb", as_version=4)
    size = {name: (folder / name).stat().st_size for name in ("spectrum.py", "spectrum.ipynb")}
    print(f"executed: {printed(reread)[1].strip()!r}; bytes: {size}")
    back = jupytext.reads(jupytext.writes(reread, fmt="py:percent"), fmt="py:percent")
    same_code = cells_of(back) == cells_of(notebook)
    print(f"text -> notebook -> text keeps every cell: {same_code}")

    same_python = Path(printed(reread)[0].strip()).resolve() == Path(sys.prefix).resolve()
    print(f"the kernel is this environment's Python: {same_python}")
    if not same_python:
        print("  mend it: python -m ipykernel install --sys-prefix --name python3")

    stale = make_stale(reread)
    write_notebook(stale, folder / "stale.ipynb")
    claims, error = peak_hz(stale), error_of(copy.deepcopy(stale), folder)
    print(f"stale.ipynb claims {claims} Hz; executed again it ends with: {error or 'no error'}")

    measured: dict[str, object] = {
        "cells": len(kinds),
        "peak_hz": peak_hz(reread),
        "round_trip": same_code,
        "kernel_is_this_python": same_python,
        "stale_claims_hz": claims,
        "stale_error": error,
        "bytes": size,
    }
    atomic_write_json(folder / "notebook_check.json", measured)
    print(f"Both notebooks are in {folder}; open them with any notebook viewer.")
    return measured


# Try this next
#  1. Let the notebook print torch.__file__. Whose folder is it, and what would another kernel say?
#  2. Add a cell `while True: pass` and set SECONDS_PER_CELL to 2. What does the error say?
#  3. Change one character of the code in both files and look at `git diff --no-index` of each.

if __name__ == "__main__":
    run_lesson(main)
