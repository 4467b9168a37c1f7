"""Routes that read a book aloud: what is in it first, then all of it as a job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from env_utils import InputError, atomic_write_text
from flask import Response, jsonify, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.file import FileStorage
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voice_replication.narration.formats import check_suffix
from voice_replication.narration.settings import SPEED_RANGE
from voice_replication.serving.api_document import problems
from voice_replication.serving.book_uploads import Outline, read_outline
from voice_replication.serving.context import client
from voice_replication.serving.forms import read_form
from voice_replication.serving.job_models import JobModel
from voice_replication.serving.job_requests import BookFormat, NarrationRequest
from voice_replication.serving.job_routes import accepted
from voice_replication.serving.problems import Problem, validation_problem
from voice_replication.serving.studio import studio
from voice_replication.serving.uploads import UploadLimits, incoming, save_uploads

narrations = APIBlueprint("narrations", __name__, abp_tags=[Tag(name="narrations")])

BOOK = "book"  # its name in a job's folder; what it is shows in its first bytes
UNTITLED = "Narration"
TITLE_LIMIT = 200  # characters


class BookText(BaseModel):
    """A text to read."""

    model_config = ConfigDict(extra="forbid")

    input: str = Field(min_length=1, description="the text itself; Markdown headings are chapters")


class BookFile(BaseModel):
    """A book to read."""

    model_config = ConfigDict(extra="forbid")

    file: FileStorage = Field(description="a .txt, .md or .epub file")


class NarrationOptions(BaseModel):
    """How it is read."""

    voice: str = Field(description="a voice's id")
    dialogue_voice: str | None = Field(None, description="for what is in quotation marks")
    format: BookFormat = Field("mp3", description="one file a chapter, or one M4B with marks")
    speed: float = Field(1.0, ge=SPEED_RANGE[0], le=SPEED_RANGE[1])
    title: str = Field("", max_length=TITLE_LIMIT, description="of the book; default: its own")


class NarrationText(BookText, NarrationOptions):
    """A narration of a text."""


class NarrationFile(BookFile, NarrationOptions):
    """A narration of a book."""


class PreviewChapter(BaseModel):
    """A chapter; ``seconds`` is estimated."""

    number: int
    title: str
    characters: int
    seconds: float


class Preview(BaseModel):
    """A book's chapters, and about how long they last at normal speed."""

    title: str
    chapters: list[PreviewChapter]
    characters: int
    seconds: float


def _bodies(text: type[BaseModel], file: type[BaseModel]) -> dict[str, Any]:
    """The two kinds of body that a route reads, for the OpenAPI document."""
    content = {
        "application/json": {"schema": text.model_json_schema()},
        "multipart/form-data": {"schema": file.model_json_schema()},
    }
    return {"requestBody": {"required": True, "content": content}}


@narrations.post(
    "/v1/narrations/preview",
    summary="What is in a book",
    openapi_extensions=_bodies(BookText, BookFile),
    responses={200: Preview, **problems("unusable_input", "storage_full")},
)
def preview() -> Response:
    """Title, chapters and estimated seconds; nothing is kept."""
    with incoming(studio().settings) as folder:
        sent = _read(BookText, BookFile)
        outline = _save_book(sent, folder)
    chapters = [
        PreviewChapter(
            number=chapter.number,
            title=chapter.title,
            characters=chapter.characters,
            seconds=round(chapter.seconds, 1),
        )
        for chapter in outline.chapters
    ]
    seconds = round(sum(chapter.seconds for chapter in chapters), 1)
    body = Preview(
        title=outline.title, chapters=chapters, characters=outline.characters, seconds=seconds
    )
    return jsonify(body.model_dump())


@narrations.post(
    "/v1/narrations",
    summary="Read a book aloud",
    openapi_extensions=_bodies(NarrationText, NarrationFile),
    responses={
        202: JobModel,
        **problems(
            "voice_not_found",
            "unusable_input",
            "not_available",
            "audio_limit_reached",
            "queue_full",
            "storage_full",
        ),
    },
)
def narrate() -> Response:
    """A job that speaks the book chapter by chapter; see ``Location`` and the routes of jobs."""
    sent = _read(NarrationText, NarrationFile)
    studio().limiter.require_audio(client())
    _require_voice(sent.voice, "voice")
    if sent.dialogue_voice is not None:
        _require_voice(sent.dialogue_voice, "dialogue_voice")
    check_suffix(Path(f"book.{sent.format}"))
    with studio().jobs.draft() as draft:
        outline = _save_book(sent, draft.folder)
        title = " ".join(sent.title.split()) or outline.title
        order = NarrationRequest(
            book=BOOK,
            title=title,
            voice=sent.voice,
            dialogue_voice=sent.dialogue_voice,
            format=sent.format,
            speed=sent.speed,
        )
        job = draft.submit(order, title, client().id)
    seconds = sum(chapter.seconds for chapter in outline.chapters) / sent.speed
    studio().limiter.charge_audio(client(), seconds)
    studio().audit.write("narrate", sent.voice, job=job.id, characters=outline.characters)
    return accepted(job)


def _read(text: type[BaseModel], file: type[BaseModel]) -> Any:
    """The body as one of the two models."""
    if request.mimetype != "application/json":
        return read_form(file)
    try:
        return text.model_validate(request.get_json())
    except ValidationError as error:
        raise validation_problem(error) from None


def _save_book(sent: Any, folder: Path) -> Outline:
    """Put the book that was sent into ``folder`` and look into it."""
    path = folder / BOOK
    if isinstance(sent, BookText):
        _require_size(len(sent.input))
        atomic_write_text(path, sent.input)
        return read_outline(path, "input", "input", UNTITLED)
    limits = UploadLimits("file", 1, studio().settings.max_book_bytes)
    upload = save_uploads([sent.file], folder, limits)[0]
    upload.path.rename(path)
    name = upload.label.rpartition(".")[0] or upload.label
    return read_outline(path, upload.label, "file", name.replace("_", " "))


def _require_size(characters: int) -> None:
    most = studio().settings.max_book_bytes
    if characters > most:
        raise Problem("too_large", f"input: at most {most:,} characters.", field="input")


def _require_voice(name: str, field: str) -> None:
    try:
        studio().store.get(name)
    except InputError as error:
        raise Problem("voice_not_found", str(error), field=field) from None
