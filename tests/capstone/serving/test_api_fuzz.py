"""Thousands of generated requests: no answer that the OpenAPI document does not promise.

schemathesis makes requests from the document, valid ones and ones that break it in one place, and
compares every answer with it: status, media type, body. Half of the requests to a voice, a job or a
listening test go to one that is there.
"""

from __future__ import annotations

import io
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import schemathesis
import soundfile
from flask_openapi3.openapi import OpenAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from voice_replication.serving.app import create_app
from voice_replication.serving.settings import ServerSettings
from voice_replication.voices import Voice, VoiceStore

REQUESTS = 2000
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EACH = 120  # valid requests to a route, and as many invalid ones
COSTLY = {  # each of these speaks, or starts a process
    "/v1/audio/speech": 40,
    "/v1/audio/speech/timestamps": 40,
    "/v1/audio/voices": 15,
    "/v1/audio/detect": 15,
    "/v1/listening/tests": 15,
    "/v1/narrations": 15,
    "/v1/narrations/preview": 15,
    "/v1/audio/voices/{voice_id}/finetune": 15,
}


@pytest.fixture(scope="module")
def app(
    tmp_path_factory: pytest.TempPathFactory, tiny_models: Path, made_up_voice: Voice
) -> Iterator[OpenAPI]:
    """A studio of models that are small, so that many requests may really be spoken."""
    home = tmp_path_factory.mktemp("fuzz") / "home"
    VoiceStore(home).add(made_up_voice)
    app = create_app(
        ServerSettings(home=home, models_dir=tiny_models, max_input_characters=30, threads=4)
    )
    yield app
    app.extensions["studio"].close()


@pytest.fixture(scope="module")
def known(app: OpenAPI) -> dict[str, str]:
    """Parameter of a path -> something that is there."""
    api = app.test_client()
    book = {"input": "It rained.", "voice": "nobody", "format": "wav"}
    job = api.post("/v1/narrations", json=book).get_json()
    sound = io.BytesIO()
    soundfile.write(sound, np.zeros(2400, np.float32) + 0.01, 24_000, format="WAV")
    files = [
        (io.BytesIO(sound.getvalue()), f"{system}/{clip}.wav") for system in "AB" for clip in "12"
    ]
    form = {"kind": "mos", "title": "Fuzz", "files": files}
    created = api.post("/v1/listening/tests", data=form)
    assert created.status_code == 201, created.get_data(as_text=True)
    test = created.get_json()
    session = api.post(f"/v1/listening/tests/{test['id']}/sessions", json={}).get_json()
    end = time.monotonic() + 120
    while job["state"] in ("queued", "running") and time.monotonic() < end:
        time.sleep(0.2)
        job = api.get(f"/v1/jobs/{job['id']}").get_json()
    assert job["state"] == "succeeded", job
    return {
        "voice_id": "nobody",
        "job_id": job["id"],
        "name": job["files"][0]["name"],
        "test_id": test["id"],
        "session_id": session["id"],
    }


def all_operations(app: OpenAPI) -> list[APIOperation]:
    """All operations; what deletes comes last, so that the others find what is there."""
    schema = schemathesis.openapi.from_wsgi("/docs/openapi.json", app)
    operations = [result.ok() for result in schema.get_all_operations()]
    return sorted(operations, key=lambda operation: operation.method.lower() == "delete")


def modes(operation: APIOperation) -> list[GenerationMode]:
    """Requests can break the document's rules only where it has some: any text can be a path."""
    parameters = [p.definition["schema"] for p in (*operation.path_parameters, *operation.query)]
    if operation.body or any(p["type"] != "string" or "enum" in p for p in parameters):
        return [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    return [GenerationMode.POSITIVE]


def cases(operation: APIOperation, mode: GenerationMode, known: dict[str, str]) -> Any:
    """Requests to ``operation``; every other one names something that is there."""

    def use_known(case: Any, chosen: bool) -> Any:
        if chosen and case.path_parameters:
            names = case.path_parameters
            case.path_parameters = {name: known.get(name, names[name]) for name in names}
        speaks = operation.path.startswith("/v1/audio/speech")
        if chosen and speaks and isinstance(case.body, dict) and "voice" in case.body:
            case.body = {**case.body, "voice": "nobody"}
        return case

    return st.builds(use_known, operation.as_strategy(generation_mode=mode), st.booleans())


@pytest.mark.slow
def test_no_request_gets_an_answer_that_the_document_does_not_promise(
    app: OpenAPI, known: dict[str, str], subtests: pytest.Subtests
) -> None:
    answered: Counter[int] = Counter()

    def send(operation: APIOperation, mode: GenerationMode) -> None:
        costly = COSTLY.get(operation.path) if operation.method.lower() == "post" else None

        @settings(
            max_examples=costly or EACH,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases(operation, mode, known))
        def run(case: Any) -> None:
            response = case.call()
            answered[response.status_code] += 1
            case.validate_response(response, checks=CHECKS)

        run()

    for operation in all_operations(app):
        for mode in modes(operation):
            with subtests.test(f"{operation.label}, {mode.value}"):
                send(operation, mode)
    assert sum(answered.values()) >= REQUESTS
    assert not [status for status in answered if status >= 500]
    assert answered[200] > REQUESTS / 8  # and many were valid and did something
