"""What a job is asked to do: ``request.json`` in its folder, written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from env_utils import InputError, atomic_write_json, read_json
from pydantic import Field, TypeAdapter, ValidationError
from training_utils import StrictModel

FILE_NAME = "request.json"
BookFormat = Literal["wav", "flac", "mp3", "m4b"]


class NarrationRequest(StrictModel):
    """Read the book in the job's folder aloud."""

    kind: Literal["narration"] = "narration"
    book: str  # its file name in the folder
    title: str
    voice: str
    dialogue_voice: str | None = None
    format: BookFormat = "mp3"
    speed: float = 1.0


class FinetuneRequest(StrictModel):
    """Adapt ``voice`` to the transcribed recordings in the folder ``recordings`` of the job's."""

    kind: Literal["finetune"] = "finetune"
    voice: str
    steps: int = Field(default=800, ge=1)


JobRequest = Annotated[NarrationRequest | FinetuneRequest, Field(discriminator="kind")]
_ANY: TypeAdapter[NarrationRequest | FinetuneRequest] = TypeAdapter(JobRequest)


def write_request(folder: Path, request: NarrationRequest | FinetuneRequest) -> None:
    """Write ``request`` into a job's folder."""
    atomic_write_json(folder / FILE_NAME, request.model_dump())


def read_request(folder: Path) -> NarrationRequest | FinetuneRequest:
    """The request in a job's folder; ``InputError`` if it is missing or damaged."""
    path = folder / FILE_NAME
    try:
        return _ANY.validate_python(read_json(path))
    except ValidationError as error:
        raise InputError(f"{path}: {error.errors()[0]['msg']}.") from error
