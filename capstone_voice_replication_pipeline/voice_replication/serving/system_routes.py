"""Routes for programs that watch the server: is it alive, is it ready, which models are there."""

from __future__ import annotations

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint

system = APIBlueprint("system", __name__)


@system.get("/healthz", summary="Is the process alive")
def healthz() -> Response:
    """Always 200 while the process answers."""
    return jsonify({"status": "ok"})
