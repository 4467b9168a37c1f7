"""A ZIP archive that is sent while it is made: no copy on the disk, nothing large in memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

BLOCK_BYTES = 2**18


class _Outbox(io.RawIOBase):
    """A file that can only be written; what is in it is taken out again and again."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: object) -> int:
        """Take ``data``."""
        part = bytes(data)  # type: ignore[call-overload]
        self._parts.append(part)
        return len(part)

    def take(self) -> bytes:
        """Everything written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def stored_zip(paths: Sequence[Path]) -> Iterator[bytes]:
    """The bytes of an archive of ``paths`` under their names; audio would not shrink by packing.

    A file that disappears meanwhile ends the archive with an ``OSError``, so that the client sees
    that it is not complete.
    """
    outbox = _Outbox()
    with zipfile.ZipFile(outbox, "w", zipfile.ZIP_STORED) as archive:
        for path in paths:
            entry = zipfile.ZipInfo.from_file(path, path.name, strict_timestamps=False)
            with path.open("rb") as source, archive.open(entry, "w") as target:
                while block := source.read(BLOCK_BYTES):
                    target.write(block)
                    yield outbox.take()
    yield outbox.take()
