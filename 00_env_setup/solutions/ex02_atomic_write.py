"""00.e2  Never half a file.  One answer.

`env_utils.atomic_path` does the same, and also waits until the disk has the data (fsync), so that
it survives a power cut and not only a crash of the program.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def write_safely(target: Path, write: Callable[[Path], object]) -> None:
    """Replace `target` by what `write(path)` writes, completely or not at all."""
    unfinished = target.with_name(f".{target.name}.part")  # same folder: same disk
    try:
        write(unfinished)
        unfinished.replace(target)
    finally:  # after a success the name is gone already
        unfinished.unlink(missing_ok=True)
