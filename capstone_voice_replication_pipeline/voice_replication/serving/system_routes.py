"""Routes for programs that watch the server, the list of models, and the page itself."""

from __future__ import annotations

import shutil
import tempfile
from typing import Literal

from flask import Response, current_app, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from voice_replication.home import STAGES, checkpoint_path
from voice_replication.serving.api_document import binary, problems
from voice_replication.serving.problems import Problem
from voice_replication.serving.studio import studio

system = APIBlueprint("system", __name__, abp_tags=[Tag(name="system")])

MODEL = "voiceclone-1"
NEEDED_BYTES = 50 * 2**20  # below this much free disk, nothing new is taken on


class Health(BaseModel):
    """The process answers, or is ready to speak."""

    status: Literal["ok", "ready"]


class ModelEntry(BaseModel):
    """One model, as OpenAI lists it; ``created`` in seconds since 1970."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class ModelList(BaseModel):
    """All models."""

    object: Literal["list"]
    data: list[ModelEntry]


@system.get("/healthz", summary="Is the process alive", responses={200: Health})
def healthz() -> Response:
    """Always 200 while the process answers."""
    return jsonify({"status": "ok"})


@system.get(
    "/readyz",
    summary="Can it take requests",
    responses={200: Health, **problems("not_ready")},
)
def readyz() -> Response:
    """200 when the models are loaded and the data folder can be written to."""
    folder = studio().settings.folder
    try:
        with tempfile.TemporaryFile(dir=folder) as stream:
            stream.write(b"ready")
    except OSError as error:
        raise Problem(
            "not_ready", f"The data folder cannot be written to ({error.strerror})."
        ) from error
    if shutil.disk_usage(folder).free < NEEDED_BYTES:
        raise Problem("not_ready", "The disk of the data folder is almost full.")
    return jsonify({"status": "ready"})


@system.get(
    "/metrics",
    summary="Numbers for Prometheus",
    responses={200: binary("Prometheus' text format", "text/plain"), **problems("key_required")},
)
def metrics() -> Response:
    """Requests, errors, latencies, queue length, audio produced, memory."""
    return Response(studio().metrics.text(), content_type=CONTENT_TYPE_LATEST)


@system.get("/v1/models", summary="List the models", responses={200: ModelList})
def models() -> Response:
    """There is one; a voice is chosen by ``voice``."""
    paths = [checkpoint_path(stage, studio().settings.models_dir) for stage in STAGES]
    entry = ModelEntry(
        id=MODEL,
        object="model",
        created=int(max(path.stat().st_mtime for path in paths)),
        owned_by="voice-cloning-pipeline",
    )
    return jsonify(ModelList(object="list", data=[entry]).model_dump())


@system.get("/", summary="The page", doc_ui=False)
def page() -> Response:
    """The studio page."""
    return current_app.send_static_file("index.html")
