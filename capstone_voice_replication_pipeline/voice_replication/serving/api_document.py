"""The OpenAPI 3.1 document: what every route answers, errors included.

A route says which problems it may answer and what it sends that is not JSON:

    @voices.get("/v1/audio/voices/<voice_id>/sample", responses={
        200: binary("The sample", "audio/wav"), **problems("voice_not_found")})

The problems that any route may answer (a key that is missing, too many requests, a body that cannot
be read) are added here, so that no route repeats them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_openapi3.openapi import OpenAPI
from flask_openapi3.utils import parse_rule

from voice_replication.serving.problems import MEDIA_TYPE, PROBLEMS, ProblemDetails

EVENT_STREAM = "text/event-stream"
_SCHEMA = {"$ref": "#/components/schemas/ProblemDetails"}
SECURITY_SCHEMES: dict[str, Any] = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key (vc-...). On loopback none is needed, unless the operator asks.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "voiceclone_key",
        "description": "The key of the page, kept by POST /v1/session.",
    },
}
_EVERYWHERE = ("host_not_allowed", "internal_error")
_PROTECTED = ("key_required", "cross_site_refused", "rate_limited")
_WITH_BODY = ("malformed_body", "too_large", "unsupported_media_type", "invalid_request")


def problems(*codes: str) -> dict[str | int, Any]:
    """``responses=`` of the problems ``codes``, one entry for each status."""
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(PROBLEMS[code][0], []).append(code)
    return {
        str(status): {
            "description": "; ".join(f"{PROBLEMS[c][1]} (`{c}`)" for c in sorted(found)),
            "content": {MEDIA_TYPE: {"schema": _SCHEMA}},
        }
        for status, found in by_status.items()
    }


def binary(description: str, *media_types: str) -> dict[str, Any]:
    """The response of a route that sends bytes, or events, whose bodies have no schema."""
    schema = {"schema": {"type": "string", "format": "binary"}}
    content = {m: {} if m == EVENT_STREAM else schema for m in media_types}
    return {"description": description, "content": content}


# In the order in which a reader meets them.
TAGS = {
    "speech": "Text in, sound out: as a stream, as events with word times, or whole",
    "voices": "Enrolled with consent, listened to, fine-tuned, deleted with all that is derived",
    "narrations": "Books and long texts, read aloud as jobs",
    "jobs": "Long work: how far it is, its files, cancelling it",
    "watermark": "Whether a recording was made here",
    "listening": "Blind listening tests (MOS, ABX, MUSHRA) and their results",
    "session": "The key of the page in the browser",
    "system": "For programs that watch the server",
}


class StudioAPI(OpenAPI):
    """flask-openapi3's application with our errors in its document."""

    def generate_spec_json(self) -> None:
        """Fill ``spec_json`` (once, when first asked for)."""
        super().generate_spec_json()  # type: ignore[no-untyped-call]
        schemas = self.spec_json["components"]["schemas"]
        schemas.pop(self.validation_error_model.__name__, None)
        schemas["ProblemDetails"] = ProblemDetails.model_json_schema()
        self.spec_json["tags"] = [{"name": n, "description": d} for n, d in TAGS.items()]
        self.spec_json["security"] = [{}, *({name: []} for name in SECURITY_SCHEMES)]
        names = {
            (parse_rule(rule.rule), method): rule.endpoint.replace(".", "_")
            for rule in self.url_map.iter_rules()
            for method in rule.methods or ()
        }
        for path, item in self.spec_json["paths"].items():
            for method, operation in item.items():
                operation["operationId"] = names[path, method.upper()]
                _complete(path, operation)


def _complete(path: str, operation: dict[str, Any]) -> None:
    """Add to ``operation`` the problems that the whole server has in common."""
    responses = operation["responses"]
    unprocessable = responses.get("422", {}).get("content", {})
    if "application/json" in unprocessable:
        del responses["422"]  # the library's own, which never leaves this server
    for status, problem in problems(*_common(path, operation)).items():
        known = responses.setdefault(str(status), problem)
        if known is not problem and MEDIA_TYPE in known.get("content", {}):
            known["description"] = _joined(known["description"], problem["description"])
    operation["responses"] = dict(sorted(responses.items()))


def _common(path: str, operation: dict[str, Any]) -> Iterable[str]:
    yield from _EVERYWHERE
    if path.startswith("/v1/"):
        yield from _PROTECTED
    if "requestBody" in operation:
        yield from _WITH_BODY
    elif operation.get("parameters"):
        yield "invalid_request"


def _joined(first: str, second: str) -> str:
    return "; ".join(sorted({*first.split("; "), *second.split("; ")}))
