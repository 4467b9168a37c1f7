"""A body that cannot be read is refused before any route sees it, with the reason.

Which media types a route reads is in the OpenAPI document; what the document does not name is 415.
JSON must be JSON: no NaN, nothing nested deeper than Python reads, no half of a character.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from flask import Response, request
from flask.json.provider import DefaultJSONProvider
from flask_openapi3.openapi import OpenAPI
from flask_openapi3.utils import parse_rule
from werkzeug.exceptions import HTTPException

from voice_replication.serving.problems import Problem

FORM_BYTES = 2 * 2**20  # of one text field in a form: a book may be pasted
FORM_PARTS = 400
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


class StrictJSON(DefaultJSONProvider):
    """JSON as RFC 8259 has it: Python also reads NaN, Infinity and UTF-16."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Read ``s``; ``ValueError`` if it is not JSON."""
        try:
            text = s.decode("utf-8") if isinstance(s, bytes) else s
            return json.loads(text, parse_constant=_refuse, **kwargs)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def install_body_checks(app: OpenAPI, max_bytes: int) -> None:
    """Refuse unreadable bodies and those above ``max_bytes``."""
    app.json = StrictJSON(app)
    app.config["MAX_CONTENT_LENGTH"] = max_bytes
    app.config["MAX_FORM_MEMORY_SIZE"] = FORM_BYTES
    app.config["MAX_FORM_PARTS"] = FORM_PARTS

    def check() -> Response | None:
        accepted = _accepted(app)
        if accepted:
            _require_readable(accepted)
        return None

    app.before_request(check)


def _accepted(app: OpenAPI) -> tuple[str, ...]:
    """The media types that this request's route reads; none if it takes no body."""
    if request.url_rule is None or request.method not in ("POST", "PUT", "PATCH", "DELETE"):
        return ()
    path = app.api_doc["paths"].get(parse_rule(request.url_rule.rule), {})
    operation = path.get(request.method.lower(), {})
    return tuple(operation.get("requestBody", {}).get("content", ()))


def _require_readable(accepted: tuple[str, ...]) -> None:
    encoding = request.headers.get("Content-Encoding", "identity")
    if encoding.lower() != "identity":
        raise Problem("unsupported_media_type", f"A body with encoding '{encoding}' is not read.")
    if request.mimetype not in accepted:
        sent = f"not {request.mimetype!r}" if request.mimetype else "and none was named"
        raise Problem(
            "unsupported_media_type",
            f"This route reads {' or '.join(accepted)}, {sent}.",
            field="Content-Type",
        )
    if request.mimetype == "application/json":
        _require_json()
    elif request.mimetype in _FORMS:
        _ = request.form, request.files  # parsed now: what is too large raises here


def _require_json() -> None:
    try:
        value = request.get_json()
    except HTTPException as error:
        if error.code == 413:
            raise
        raise Problem("malformed_body", "The body is not JSON.") from None
    if not isinstance(value, dict):
        raise Problem("malformed_body", "The body must be a JSON object: {...}.")
