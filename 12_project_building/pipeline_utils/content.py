"""Fingerprints of content: equal for equal files and settings, wherever and whenever they lie.

A pipeline that asks "is this newer than that?" is wrong after a copy, a checkout or a corrected
clock. One that asks "is this the same as last time?" is not.
"""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from env_utils import ConfigError, InputError, atomic_write_json, read_json

DIGITS = 32  # hexadecimal; 128 bits, so that two contents never meet by accident
SETTLED_NS = 2 * 10**9  # a file younger than this may change again under the same time stamp


def content_key(value: Any) -> str:
    """The fingerprint of plain values (numbers, texts, paths, lists, mappings), in any key order.

    Raises ``ConfigError`` for a value that has no stable text, such as an object with an address.
    """
    text = json.dumps(value, sort_keys=True, default=_path_or_refuse)
    return hashlib.blake2b(text.encode("ascii"), digest_size=DIGITS // 2).hexdigest()


def plain(value: Any) -> Any:
    """``value`` as it would come back from a JSON file: tuples are lists, paths are texts."""
    return json.loads(json.dumps(value, default=_path_or_refuse))


def _path_or_refuse(value: object) -> str:
    if isinstance(value, Path):
        return value.as_posix()
    raise ConfigError(
        f"{value!r}: a {type(value).__name__} can not be part of a key; use numbers, texts, lists "
        "and mappings."
    )


class ContentHashes:
    """Fingerprints of files and folders, remembered so that a file is read only once.

    ``memory`` is a JSON file (or ``None`` for no memory). A remembered fingerprint counts while
    size and modification time (in nanoseconds) are the same; that of a file modified less than two
    seconds before is not remembered, because a second write could go unnoticed.
    """

    def __init__(self, memory: Path | None = None) -> None:
        self.memory = memory
        self._known: dict[str, list[Any]] = {}
        if memory is not None and memory.is_file():
            with suppress(InputError):  # a damaged memory only costs time
                self._known = read_json(memory)

    def of(self, path: Path) -> str:
        """The fingerprint of a file's bytes, or of a folder's names and bytes.

        Hidden files are left out of a folder's: atomic writes put their temporary files there.
        Raises ``InputError`` for a path that does not exist.
        """
        if path.is_file():
            return self._of_file(path)
        if not path.is_dir():
            raise InputError(f"{path}: there is no such file or folder.")
        inside = sorted(p for p in path.rglob("*") if p.is_file())
        relative = [(p, p.relative_to(path)) for p in inside]
        return content_key(
            {
                name.as_posix(): self._of_file(file)
                for file, name in relative
                if not any(part.startswith(".") for part in name.parts)
            }
        )

    def _of_file(self, path: Path) -> str:
        status = path.stat()
        mark = [status.st_size, status.st_mtime_ns]
        name = str(path.resolve())
        known = self._known.get(name)
        if known is not None and known[:2] == mark:
            return str(known[2])
        with path.open("rb") as stream:
            digest = hashlib.file_digest(
                stream, lambda: hashlib.blake2b(digest_size=DIGITS // 2)
            ).hexdigest()
        if time.time_ns() - status.st_mtime_ns > SETTLED_NS:
            self._known[name] = [*mark, digest]
        return digest

    def save(self) -> None:
        """Write the memory, without the files that are gone."""
        if self.memory is not None:
            self._known = {name: v for name, v in self._known.items() if Path(name).is_file()}
            atomic_write_json(self.memory, self._known)
