"""What Prometheus reads: its own parser reads it, and the numbers are those of the requests."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import psutil
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI
from prometheus_client.parser import text_string_to_metric_families


def samples(api: FlaskClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """(name, labels) -> value."""
    response = api.get("/metrics")
    assert response.status_code == 200
    assert response.mimetype == "text/plain"
    families = text_string_to_metric_families(response.get_data(as_text=True))
    return {
        (s.name, tuple(sorted(s.labels.items()))): s.value
        for family in families
        for s in family.samples
    }


def value(api: FlaskClient, name: str, **labels: str) -> float:
    return samples(api).get((name, tuple(sorted(labels.items()))), 0.0)


def test_requests_and_errors_are_counted_by_route_not_by_address(api: FlaskClient) -> None:
    for _ in range(3):
        api.get("/v1/models").close()
    for number in range(5):
        api.get(f"/nothing/{number}").close()
    labels = {"method": "GET", "route": "/v1/models", "status": "200"}
    assert value(api, "voiceclone_requests_total", **labels) == 3
    labels = {"method": "GET", "route": "none", "status": "404"}
    assert value(api, "voiceclone_requests_total", **labels) == 5
    assert value(api, "voiceclone_errors_total", code="not_found") == 5
    assert value(api, "voiceclone_request_seconds_count", route="/v1/models") == 3
    api.open("/v1/models", method="INVENTED").close()
    labels = {"method": "other", "route": "none", "status": "405"}
    assert value(api, "voiceclone_requests_total", **labels) == 1


def test_nothing_stays_in_progress(api: FlaskClient) -> None:
    for path in ("/", "/static/icon.svg", "/v1/models", "/nothing"):
        api.get(path).close()
    assert value(api, "voiceclone_requests_in_progress") == 1  # the one that asks


def test_audio_queue_and_memory(app: OpenAPI, api: FlaskClient) -> None:
    metrics = app.extensions["studio"].metrics
    before = value(api, "voiceclone_audio_seconds_total")
    metrics.produced(12.5, 0.5, lines=4)
    assert value(api, "voiceclone_audio_seconds_total") - before == 12.5
    assert value(api, "voiceclone_render_seconds_total") == 0.5
    assert value(api, "voiceclone_batch_lines_bucket", le="4.0") == 1
    metrics.watch_queue(lambda: 7)
    assert value(api, "voiceclone_queue_length") == 7
    resident = psutil.Process(os.getpid()).memory_info().rss
    assert abs(value(api, "process_resident_memory_bytes") / resident - 1) < 0.1


def test_two_applications_count_for_themselves(
    open_app: Callable[..., OpenAPI], tmp_path: Path
) -> None:
    first = open_app().test_client()
    second = open_app(home=tmp_path / "second").test_client()
    first.get("/v1/models").close()
    labels = {"method": "GET", "route": "/v1/models", "status": "200"}
    assert value(first, "voiceclone_requests_total", **labels) == 1
    assert value(second, "voiceclone_requests_total", **labels) == 0
