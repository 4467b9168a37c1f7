"""Alive, ready, and which models: what programs that watch the server are told."""

from __future__ import annotations

import shutil

import pytest
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI
from voice_replication.serving import system_routes


def test_a_server_is_alive_even_when_it_is_not_ready(app: OpenAPI, api: FlaskClient) -> None:
    assert api.get("/healthz").get_json() == {"status": "ok"}
    assert api.get("/readyz").get_json() == {"status": "ready"}
    shutil.rmtree(app.extensions["studio"].settings.folder)  # the disk went away
    refused = api.get("/readyz")
    assert refused.status_code == 503
    assert refused.get_json()["code"] == "not_ready"
    assert api.get("/healthz").status_code == 200


def test_a_disk_that_is_almost_full_is_not_ready(
    api: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system_routes, "NEEDED_BYTES", 2**62)
    assert api.get("/readyz").status_code == 503


def test_models_are_listed_as_openai_lists_them(api: FlaskClient) -> None:
    body = api.get("/v1/models").get_json()
    assert body["object"] == "list"
    (model,) = body["data"]
    assert model["id"] == "voiceclone-1"
    assert model["object"] == "model"
    assert model["created"] > 1_500_000_000


def test_the_page_is_checked_for_news_every_time(api: FlaskClient) -> None:
    page = api.get("/")
    assert page.mimetype == "text/html"
    assert page.headers["Cache-Control"] == "no-cache"
    again = api.get("/", headers={"If-None-Match": page.headers["ETag"]})
    assert again.status_code == 304
    assert not again.get_data()
