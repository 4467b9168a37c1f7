"""Uploads: limited while they stream in, then stored under names that the server makes.

    client ─► UploadRequest (counts files and bytes) ─► save_uploads ─► folder/FIELD-1, FIELD-2 ...

What a client calls a file is a label for sentences and nothing else: it never becomes a path. Until
they are saved, files lie under ``home/server/incoming`` without a name, so that nothing is left of
them when a request ends, however it ends.
"""

from __future__ import annotations

import shutil
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from flask import Flask, Request, Response, current_app
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from voice_replication.serving.problems import Problem
from voice_replication.serving.settings import ServerSettings

MEMORY_BYTES = 2**16  # of one upload; what is larger goes to the disk as it comes in
CHUNK_BYTES = 2**20
LABEL_LIMIT = 80  # characters of a client's file name that are repeated to it


@dataclass(frozen=True)
class UploadLimits:
    """What one field of a form may hold."""

    field: str  # its name, for errors
    count: int  # files
    bytes: int  # of one file


@dataclass(frozen=True)
class Upload:
    """A file of a client: where the server put it, and what the client calls it."""

    path: Path
    label: str  # printable, without folders; for people only
    bytes: int


class UploadRequest(Request):
    """A request whose files are counted and written below the data folder as they come in."""

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002 - what the client says is not needed
        content_type: str | None,  # noqa: ARG002
        filename: str | None = None,  # noqa: ARG002
        content_length: int | None = None,  # noqa: ARG002
    ) -> IO[bytes]:
        settings = _settings()
        self._files_begun = getattr(self, "_files_begun", 0) + 1
        if self._files_begun > settings.max_upload_files:
            raise Problem(
                "too_large", f"Send at most {settings.max_upload_files} files in one request."
            )
        folder = str(_incoming_folder(settings))
        stream = tempfile.SpooledTemporaryFile(MEMORY_BYTES, dir=folder)  # noqa: SIM115 - werkzeug's
        return cast("IO[bytes]", stream)


def install_upload_limits(app: Flask, settings: ServerSettings) -> None:
    """Count the files of every request of ``app`` while they come in.

    How many bytes and parts a body has is limited by the framework; its refusals say the numbers.
    """
    app.request_class = UploadRequest

    def on_too_large(_error: RequestEntityTooLarge) -> Response:
        limits = [f"{_size(settings.max_upload_bytes)} in all"]
        if field_bytes := app.config["MAX_FORM_MEMORY_SIZE"]:
            limits.append(f"{_size(field_bytes)} in a text field of a form")
        if parts := app.config["MAX_FORM_PARTS"]:
            limits.append(f"{parts} fields of a form")
        return Problem("too_large", f"A request has at most {', '.join(limits)}.").response()

    app.register_error_handler(RequestEntityTooLarge, on_too_large)


@contextmanager
def incoming(settings: ServerSettings) -> Iterator[Path]:
    """A private folder for the files of one request; it disappears with all its content."""
    folder = Path(tempfile.mkdtemp(prefix="request-", dir=_incoming_folder(settings)))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clear_incoming(settings: ServerSettings) -> None:
    """Remove what a killed server left behind. Call it before serving."""
    shutil.rmtree(settings.folder / "incoming", ignore_errors=True)


def save_uploads(
    files: Iterable[FileStorage], folder: Path, limits: UploadLimits
) -> tuple[Upload, ...]:
    """Store ``files`` in ``folder`` as ``FIELD-1``, ``FIELD-2`` ..., whatever they are called.

    Raises ``Problem``: ``too_large`` (too many, or one too big) or ``unusable_input`` (empty), and
    ``OSError`` when the disk is full.
    """
    saved: list[Upload] = []
    for number, file in enumerate(files, start=1):
        label = label_of(file.filename, f"file {number}")
        if number > limits.count:
            raise Problem(
                "too_large",
                f"{limits.field}: at most {limits.count} file{'s'[: limits.count != 1]}.",
                field=limits.field,
            )
        path = folder / f"{limits.field}-{number}"
        saved.append(Upload(path, label, _copy(file, path, label, limits)))
    return tuple(saved)


def _copy(file: FileStorage, path: Path, label: str, limits: UploadLimits) -> int:
    written = 0
    with path.open("xb") as target:
        while chunk := file.stream.read(CHUNK_BYTES):
            written += len(chunk)
            if written > limits.bytes:
                raise Problem(
                    "too_large", f"{label}: larger than {_size(limits.bytes)}.", field=limits.field
                )
            target.write(chunk)
    if written == 0:
        raise Problem("unusable_input", f"{label}: the file is empty.", field=limits.field)
    return written


def label_of(filename: str | None, otherwise: str) -> str:
    """What a client calls a file, fit to be shown: its last part, printable, not long.

    Control and formatting characters (which could turn a line around) become spaces.
    """
    last = (filename or "").replace("\\", "/").rstrip("/").rpartition("/")[2]
    shown = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in last)
    shown = " ".join(shown.split())
    if len(shown) > LABEL_LIMIT:
        shown = f"{shown[: LABEL_LIMIT - 12]}...{shown[-9:]}"
    return shown if shown.strip(".") else otherwise


def _incoming_folder(settings: ServerSettings) -> Path:
    folder = settings.folder / "incoming"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # voices are private
    return folder


def _settings() -> ServerSettings:
    studio: Any = current_app.extensions["studio"]
    return cast(ServerSettings, studio.settings)


def _size(count: int) -> str:
    return f"{count / 2**20:.0f} MB" if count >= 2**20 else f"{count / 2**10:.0f} kB"
