"""Errors as RFC 9457 problem details: one stable code each, a sentence, and the field at fault.

{"type": "urn:voiceclone:problem:consent_required", "code": "consent_required",
 "title": "Consent is required", "status": 403, "detail": "...", "field": "consent_statement",
 "request_id": "..."}
"""

from __future__ import annotations

import errno
from collections.abc import Mapping

from env_utils import (
    CheckpointError,
    ConsentError,
    InputError,
    MissingDependencyError,
    QualityError,
    StorageFullError,
    VoiceReplicationError,
)
from flask import Flask, Response, current_app, g, has_app_context, jsonify
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException

from voice_replication.voice import VoiceExistsError, VoiceNotFoundError, VoiceReadOnlyError

_FULL = "The server's disk is full; nothing was changed. Its operator has to make room."
TYPE_PREFIX = "urn:voiceclone:problem:"
MEDIA_TYPE = "application/problem+json"

# code -> (HTTP status, title)
PROBLEMS: dict[str, tuple[int, str]] = {
    "invalid_request": (422, "The request is not valid"),
    "malformed_body": (400, "The body cannot be read"),
    "unusable_input": (422, "The input cannot be used"),
    "unusable_recording": (422, "The recording cannot be used"),
    "consent_required": (403, "Consent is required"),
    "key_required": (401, "An API key is required"),
    "key_rejected": (401, "The API key is not valid"),
    "cross_site_refused": (403, "The request comes from another site"),
    "host_not_allowed": (421, "This server does not go by that name"),
    "not_found": (404, "There is no such thing"),
    "voice_not_found": (404, "There is no such voice"),
    "voice_exists": (409, "There is already a voice of this name"),
    "voice_read_only": (409, "This voice ships with the program"),
    "job_not_found": (404, "There is no such job"),
    "job_not_finished": (409, "The job has not finished"),
    "job_not_resumable": (409, "The job cannot go on"),
    "test_not_found": (404, "There is no such listening test"),
    "session_not_found": (404, "There is no such listening session"),
    "already_answered": (409, "This was answered before"),
    "method_not_allowed": (405, "The method is not allowed here"),
    "headers_too_large": (431, "The headers are too large"),
    "too_large": (413, "The request is too large"),
    "range_not_satisfiable": (416, "The file does not reach that far"),
    "unsupported_media_type": (415, "This media type is not supported"),
    "rate_limited": (429, "Too many requests"),
    "audio_limit_reached": (429, "The hour's audio is used up"),
    "queue_full": (429, "The server is busy"),
    "deadline_exceeded": (503, "The server did not get to it in time"),
    "client_gone": (499, "The client closed the connection"),
    "not_available": (501, "This is not available here"),
    "not_ready": (503, "The server is not ready"),
    "storage_full": (507, "The disk is full"),
    "http_error": (400, "The request failed"),  # a status that has no code of its own
    "internal_error": (500, "Something went wrong here"),
}

_BY_CLASS: tuple[tuple[type[VoiceReplicationError], str], ...] = (
    (ConsentError, "consent_required"),
    (MissingDependencyError, "not_available"),
    (CheckpointError, "not_ready"),
    (QualityError, "unusable_recording"),
    (VoiceNotFoundError, "voice_not_found"),
    (VoiceExistsError, "voice_exists"),
    (VoiceReadOnlyError, "voice_read_only"),
    (InputError, "unusable_input"),
)
# What the framework refuses by itself: HTTP status -> code and sentence.
_BY_STATUS = {
    400: ("malformed_body", "The request cannot be read."),
    404: ("not_found", "Nothing is at this address."),
    405: ("method_not_allowed", "This address does not answer to that method."),
    413: ("too_large", "The body, or one of its fields, is larger than this server accepts."),
    416: ("range_not_satisfiable", "The part of the file that `Range` asks for is not there."),
    415: ("unsupported_media_type", "The body's media type is not one that this route reads."),
}


class ProblemDetails(BaseModel):
    """The body of every error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    message: str  # the detail again, for OpenAI's clients: it is all they show
    code: str
    field: str | None = None
    request_id: str | None = None


class Problem(Exception):
    """Raise it anywhere in a route: ``raise Problem("voice_not_found", "...", field="voice")``."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.code, self.detail, self.field = code, detail, field
        self.headers = dict(headers or {})
        self.status = status or PROBLEMS[code][0]

    def details(self) -> ProblemDetails:
        """The body."""
        return ProblemDetails(
            type=TYPE_PREFIX + self.code,
            title=PROBLEMS[self.code][1],
            status=self.status,
            detail=self.detail,
            message=self.detail,
            code=self.code,
            field=self.field,
            request_id=getattr(g, "request_id", None) if has_app_context() else None,
        )

    def response(self) -> Response:
        """The HTTP response."""
        response = jsonify(self.details().model_dump(exclude_none=True))
        response.status_code = self.status
        response.headers.update(self.headers)
        response.mimetype = MEDIA_TYPE
        if "studio" in current_app.extensions:
            current_app.extensions["studio"].metrics.errors.labels(self.code).inc()
        return response


def problem_of(error: VoiceReplicationError, field: str | None = None) -> Problem:
    """The problem that an error of the house is over HTTP."""
    if isinstance(error, StorageFullError):
        return Problem("storage_full", _FULL)
    for kind, code in _BY_CLASS:
        if isinstance(error, kind):
            return Problem(code, str(error), field=field)
    return Problem("internal_error", str(error))


def validation_problem(error: ValidationError) -> Problem:
    """The first thing that is wrong with the request's values, by field."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"]) or "body"
    message = str(first["msg"]).removeprefix("Value error, ")
    return Problem("invalid_request", f"{field}: {message}.", field=field)


def install_error_handlers(app: Flask) -> None:
    """Every error that leaves ``app`` is a problem detail."""

    def on_problem(error: Problem) -> Response:
        return error.response()

    def on_house_error(error: VoiceReplicationError) -> Response:
        return problem_of(error).response()

    def on_http(error: HTTPException) -> Response:
        status = error.code or 500
        fallback = ("internal_error" if status >= 500 else "http_error", error.description or "")
        code, detail = _BY_STATUS.get(status, fallback)
        headers = {k: v for k, v in error.get_headers() if k != "Content-Type"}  # Allow, ...
        return Problem(code, detail, status=status, headers=headers).response()

    def on_unexpected(error: Exception) -> Response:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            return Problem("storage_full", _FULL).response()
        app.logger.exception("unexpected %s", type(error).__name__)
        return Problem(
            "internal_error", "Something went wrong; the request id finds it in the server's log."
        ).response()

    app.register_error_handler(Problem, on_problem)
    app.register_error_handler(VoiceReplicationError, on_house_error)
    app.register_error_handler(HTTPException, on_http)
    app.register_error_handler(Exception, on_unexpected)
