"""Logs are JSON lines that belong to a request and hold nothing of what people said."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask_openapi3.openapi import OpenAPI
from voice_replication.serving.context import Client
from voice_replication.serving.logs import JsonFormatter, configure_logging, log, log_text

SECRET = "the secret words"


@pytest.fixture()
def stream() -> Iterator[io.StringIO]:
    """What is logged, as ``serve`` would write it."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    caught = io.StringIO()
    configure_logging(stream=caught)
    yield caught
    root.handlers[:], level = before
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_every_request_has_one_line_with_its_id(
    open_app: Callable[..., OpenAPI], stream: io.StringIO
) -> None:
    app = open_app(require_keys=True)
    key = app.extensions["studio"].keys.create("reader")[1]
    api = app.test_client()
    answered = api.get("/v1/models?secret=1", headers={"Authorization": f"Bearer {key}"})
    refused = api.get("/v1/models")
    answered.close()
    refused.close()
    (first, second) = (line for line in lines(stream) if line["event"] == "request")
    assert first["request_id"] == answered.headers["X-Request-Id"]
    assert first["request_id"].startswith("req_")
    assert len(first["request_id"]) == 20
    assert (first["status"], first["route"], first["method"]) == (200, "/v1/models", "GET")
    assert first["client"] == key.split("-")[1]
    assert first["seconds"] >= 0
    assert (second["status"], second["client"]) == (401, "local")
    assert second["request_id"] != first["request_id"]
    assert refused.get_json()["request_id"] == second["request_id"]
    assert key not in stream.getvalue()
    assert "secret=1" not in stream.getvalue()


def test_probes_are_logged_only_when_they_fail(
    open_app: Callable[..., OpenAPI], stream: io.StringIO
) -> None:
    api = open_app().test_client()
    for path in ("/healthz", "/readyz", "/metrics"):
        api.get(path).close()
    assert not lines(stream)
    api.post("/healthz").close()
    assert [line["status"] for line in lines(stream)] == [405]


def test_text_is_logged_only_if_the_operator_asks(
    open_app: Callable[..., OpenAPI], stream: io.StringIO, tmp_path: Path
) -> None:
    for wanted in (False, True):
        with open_app(log_text=wanted, home=tmp_path / str(wanted)).test_request_context():
            log_text(SECRET)
        assert (SECRET in stream.getvalue()) is wanted


def test_an_unexpected_error_is_found_by_its_id_and_quotes_nothing(
    open_app: Callable[..., OpenAPI], stream: io.StringIO
) -> None:
    app = open_app()

    def broken() -> str:
        raise ValueError(f"cannot say {SECRET}")

    app.add_url_rule("/broken", view_func=broken)
    response = app.test_client().get("/broken")
    body = response.get_json()
    assert response.status_code == 500
    assert body["code"] == "internal_error"
    assert SECRET not in response.get_data(as_text=True)
    (error,) = (line for line in lines(stream) if line["level"] == "error")
    assert error["request_id"] == body["request_id"]
    assert error["error"] == "ValueError"
    assert any("broken" in frame for frame in error["traceback"])
    assert SECRET not in stream.getvalue()


def test_a_line_stays_one_line_whatever_is_in_it() -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, "event", (), None)
    record.facts = {"voice": 'a\n{"level": "error"}\r\u2028', "address": "::1"}
    (line,) = JsonFormatter().format(record).splitlines()
    assert json.loads(line)["voice"] == 'a\n{"level": "error"}\r\u2028'


def test_facts_outside_a_request(stream: io.StringIO) -> None:
    log("job", level=logging.WARNING, kind="narration", seconds=1.5)
    (line,) = lines(stream)
    assert (line["level"], line["kind"], line["seconds"]) == ("warning", "narration", 1.5)
    assert "request_id" not in line


def test_the_audit_log_tells_who_did_what(open_app: Callable[..., OpenAPI]) -> None:
    app = open_app()
    audit = app.extensions["studio"].audit
    audit.write("enroll", "anna", by=Client("0000000a", "Ben"), files=2)
    with app.test_request_context():
        audit.write("delete", "anna")
    entries = [json.loads(line) for line in audit.path.read_text().splitlines()]
    assert [(e["action"], e["subject"], e["client"]) for e in entries] == [
        ("enroll", "anna", "0000000a"),
        ("delete", "anna", "local"),
    ]
    assert entries[0]["files"] == 2
    assert audit.path.stat().st_mode & 0o077 == 0
    audit.path.rename(audit.path.with_suffix(".old"))  # as a log rotation does
    audit.write("speak", "ben")
    assert len(audit.path.read_text().splitlines()) == 1
