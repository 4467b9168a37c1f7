"""Writing files so that nothing is ever half there.

A crash, ``kill -9`` or a full disk in the middle of a write must leave the previous good file as it
was. The recipe is old and short: write to a temporary name in the same folder, flush it to the disk
(fsync), then rename; a rename inside one file system is atomic on POSIX and on Windows.
"""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from env_utils.errors import InputError, StorageFullError


@contextmanager
def atomic_path(target: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``target``; on success it replaces ``target`` in one step.

    The suffix of ``target`` is kept (libraries choose a format by it). On any error, a full disk
    included, the temporary file is removed and ``target`` stays as it was.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        prefix=f".{target.stem}.", suffix=f".part{target.suffix}", dir=target.parent
    )
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # mkstemp makes private files; ours are ordinary ones
        temporary.replace(target)
    except OSError as error:
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            raise StorageFullError(
                f"{target}: the disk is full, so the file was not written; the previous version "
                "is untouched. Free some space and run the same command again."
            ) from error
        raise
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def atomic_write_bytes(target: str | Path, data: bytes) -> None:
    """Replace ``target`` by ``data`` atomically (see :func:`atomic_path`)."""
    with atomic_path(target) as temporary:
        temporary.write_bytes(data)


def atomic_write_text(target: str | Path, text: str) -> None:
    """Replace ``target`` by ``text`` (UTF-8) atomically."""
    atomic_write_bytes(target, text.encode("utf-8"))


def atomic_write_json(target: str | Path, value: Any) -> None:
    """Replace ``target`` by ``value`` as indented JSON, atomically."""
    atomic_write_text(target, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: str | Path) -> Any:
    """Read a JSON file; a missing or damaged one is an :class:`InputError` that names it."""
    path = Path(path)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file.") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(
            f"{path}: this is not readable JSON ({error}). Restore or delete it."
        ) from error
