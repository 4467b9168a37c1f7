"""The OpenAPI document: valid, complete, and about this server rather than about its libraries."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import schemathesis
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI
from voice_replication.serving.problems import PROBLEMS, Problem

PROBLEM = "application/problem+json"
# What the specification promises, besides the system's own routes.
PROMISED = {
    ("POST", "/v1/audio/speech"),
    ("POST", "/v1/audio/speech/timestamps"),
    ("POST", "/v1/audio/detect"),
    ("GET", "/v1/audio/voices"),
    ("POST", "/v1/audio/voices"),
    ("GET", "/v1/audio/voices/{voice_id}"),
    ("DELETE", "/v1/audio/voices/{voice_id}"),
    ("GET", "/v1/audio/voices/{voice_id}/sample"),
    ("POST", "/v1/audio/voices/{voice_id}/finetune"),
    ("POST", "/v1/narrations"),
    ("GET", "/v1/jobs/{job_id}"),
    ("GET", "/v1/jobs/{job_id}/events"),
    ("DELETE", "/v1/jobs/{job_id}"),
    ("GET", "/v1/models"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
}


@pytest.fixture()
def document(api: FlaskClient) -> dict[str, Any]:
    response = api.get("/docs/openapi.json")
    assert response.mimetype == "application/json"
    return dict(response.get_json())


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


def references(value: Any) -> set[str]:
    """Every ``$ref`` below ``value``."""
    if isinstance(value, dict):
        found = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return found.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def test_it_is_valid_openapi_3_1_with_everything_promised(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    schemathesis.openapi.from_dict(document).validate()
    assert {(method, path) for method, path, _ in operations(document)} >= PROMISED
    for reference in references(document):
        assert reference.startswith("#/components/schemas/")
        assert reference.rpartition("/")[2] in document["components"]["schemas"]


def test_every_operation_says_what_it_is(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(ids)) == len(ids)
    for method, path, operation in operations(document):
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation["description"], where
        (tag,) = operation["tags"]
        assert tag in {known["name"] for known in document["tags"]}, where
        successes = [status for status in operation["responses"] if status.startswith("2")]
        assert successes, where
        for status in successes:
            assert operation["responses"][status].get("content"), f"{where} {status}"


def test_every_error_is_documented_as_a_problem(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        responses = operation["responses"]
        for status, response in responses.items():
            if status < "400":
                continue
            assert list(response["content"]) == [PROBLEM], f"{method} {path} {status}"
            schema = response["content"][PROBLEM]["schema"]
            assert schema == {"$ref": "#/components/schemas/ProblemDetails"}
            codes = re.findall(r"\(`(\w+)`\)", response["description"])
            assert codes, f"{method} {path} {status}"
            assert {PROBLEMS[code][0] for code in codes} == {int(status)}
        assert "500" in responses
        if path.startswith("/v1/"):
            assert {"401", "403", "429"} <= responses.keys(), f"{method} {path}"
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= responses.keys(), f"{method} {path}"
    assert "ValidationErrorModel" not in json.dumps(document)


def test_bodies_and_bytes_have_their_media_types(document: dict[str, Any]) -> None:
    bodies = {
        path: set(operation["requestBody"]["content"])
        for method, path, operation in operations(document)
        if method == "POST" and "requestBody" in operation
    }
    assert bodies["/v1/audio/speech"] == {"application/json"}
    assert bodies["/v1/audio/voices"] == {"multipart/form-data"}
    assert bodies["/v1/narrations"] == {"application/json", "multipart/form-data"}
    paths = document["paths"]
    speech = paths["/v1/audio/speech"]["post"]["responses"]["200"]["content"]
    assert {"audio/mpeg", "audio/wav", "audio/flac", "text/event-stream"} <= set(speech)
    enroll = document["components"]["schemas"]["EnrollForm"]["properties"]
    assert enroll["audio_sample"]["items"]["format"] == "binary"


def test_keys_are_in_the_document(document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]
    assert schemes["key"]["scheme"] == "bearer"
    assert {} in document["security"]  # none is needed on loopback
    assert {"key": []} in document["security"]


def test_a_problem_is_what_its_schema_says(document: dict[str, Any], app: OpenAPI) -> None:
    schema = document["components"]["schemas"]["ProblemDetails"]
    with app.test_request_context():
        for code in PROBLEMS:
            body = Problem(code, "A sentence.", field="x").response().get_json()
            assert set(schema["required"]) <= body.keys() <= schema["properties"].keys()
            assert body["type"].endswith(code)
            assert 400 <= body["status"] < 600


def test_swagger_ui_is_served_from_the_wheel(api: FlaskClient) -> None:
    page = api.get("/docs/swagger").get_data(as_text=True)
    assert "swagger-ui-bundle.js" in page
    bundle = api.get("/docs/swagger/js/swagger-ui-bundle.js")
    assert bundle.status_code == 200
    assert len(bundle.get_data()) > 500_000
    start = api.get("/static/js/api_docs.js").get_data(as_text=True)
    assert "openapi.json" in start
    assert "://" not in start + page
