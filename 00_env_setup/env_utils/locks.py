"""One writer at a time: an advisory lock on a folder that ends with the process."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from env_utils.errors import InputError


@contextmanager
def folder_lock(folder: Path, name: str = ".lock", wait: bool = False) -> Iterator[None]:
    """Keep a second process from writing to ``folder`` (where the system has locks).

    When another process holds the lock, ``wait`` for it, or raise ``InputError`` at once. ``kill
    -9`` frees it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        fcntl: Any = importlib.import_module("fcntl")
    except ImportError:  # Windows
        yield
        return
    with (folder / name).open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:
            raise InputError(
                f"{folder}: another process is writing to this folder. Wait for it to end."
            ) from None
        yield
