"""00.e2  Never half a file

Task: fill in `write_safely`. It calls `write(path)` to write a file, and whatever goes wrong, the
file `target` afterwards holds either all of the new content or exactly what it held before. The
error itself is not swallowed, and nothing else is left in the folder.

    write_safely(Path("notes.txt"), lambda path: path.write_text("hello"))

The recipe: let `write` write to another name in the same folder, then rename. A rename inside one
folder happens at once or not at all. Do it with pathlib, not with `env_utils.atomic_path`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def write_safely(target: Path, write: Callable[[Path], object]) -> None:
    """Replace `target` by what `write(path)` writes, completely or not at all."""
    raise NotImplementedError("write under another name, then rename")
