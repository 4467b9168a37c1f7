"""The page's key: a browser shows it once and then sends it as a cookie that no script can read.

Players, links and event streams cannot send an ``Authorization`` header; a cookie they can.
"""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from voice_replication.serving.api_document import problems
from voice_replication.serving.problems import Problem
from voice_replication.serving.security import SESSION_COOKIE, given_key
from voice_replication.serving.studio import studio

session = APIBlueprint("session", __name__, abp_tags=[Tag(name="session")])
KEPT_SECONDS = 30 * 24 * 3600


class SessionState(BaseModel):
    """Whether requests need a key, and whose key this browser has."""

    keys_required: bool
    client: str | None = Field(description="Name of the key that was shown, if it is valid")


class SessionKey(BaseModel):
    """The key to keep."""

    key: str = Field(min_length=1, max_length=200, examples=["vc-1f0c9a3e-..."])


@session.get("/v1/session", summary="Is a key needed", responses={200: SessionState})
def show_session() -> Response:
    """Answers without a key, so that a page can ask for one."""
    return _state(given_key())


@session.post(
    "/v1/session",
    summary="Keep a key in this browser",
    responses={200: SessionState, **problems("key_rejected")},
)
def keep_key(body: SessionKey) -> Response:
    """Checks the key and sets it as a cookie of this site only (HttpOnly, SameSite=Strict)."""
    if studio().keys.client(body.key) is None:
        raise Problem("key_rejected", "This API key is unknown or was revoked.", field="key")
    response = _state(body.key)
    response.set_cookie(SESSION_COOKIE, body.key, max_age=KEPT_SECONDS, **_attributes())
    return response


@session.delete("/v1/session", summary="Forget the key", responses={200: SessionState})
def forget_key() -> Response:
    """Removes the cookie."""
    response = _state(None)
    response.delete_cookie(SESSION_COOKIE, **_attributes())
    return response


def _attributes() -> dict[str, Any]:
    return {"httponly": True, "samesite": "Strict", "secure": request.is_secure, "path": "/"}


def _state(key: str | None) -> Response:
    found = studio().keys.client(key) if key else None
    state = SessionState(
        keys_required=studio().settings.keys_required, client=found.name if found else None
    )
    return jsonify(state.model_dump())
