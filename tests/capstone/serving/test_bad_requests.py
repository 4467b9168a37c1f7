"""Requests that no client of ours sends, to every route: a problem, never a crash or HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI
from voice_replication.serving.app import create_app
from voice_replication.serving.settings import ServerSettings

LONG = 100_000
BODIES = {  # (media type, body) -> what it is
    "no JSON": ("application/json", b"{"),
    "no body": ("application/json", b""),
    "NaN": ("application/json", b'{"input": NaN}'),
    "deep": ("application/json", b"[" * LONG),
    "deep and closed": ("application/json", b'{"a":' * 5000 + b"1" + b"}" * 5000),
    "a list": ("application/json", b"[]"),
    "a string": ("application/json", b'"{\\"input\\": \\"x\\"}"'),
    "null": ("application/json", b"null"),
    "no UTF-8": ("application/json", b'{"input": "\xff\xfe"}'),
    "UTF-16": ("application/json", '{"input": "x"}'.encode("utf-16")),
    "a huge number": ("application/json", b'{"seed": ' + b"9" * 10_000 + b"}"),
    "half a character": ("application/json", b'{"input": "\\ud800", "voice": "\\udfff"}'),
    "NUL": ("application/json", b'{"input": "a\\u0000b", "voice": "\\u0000", "key": "\\u0000"}'),
    "types confused": ("application/json", b'{"input": {"a": []}, "voice": [1], "key": {}}'),
    "no boundary": ("multipart/form-data", b"--x\r\n\r\n--x--"),
    "truncated": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF',
    ),
    "no name": ("multipart/form-data; boundary=x", b"--x\r\n\r\nabc\r\n--x--\r\n"),
    "file as text": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nabc\r\n--x--\r\n',
    ),
    "NUL in a name": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="fi\x00le"; filename="\x00"\r\n\r\n\r\n--x--',
    ),
    "many parts": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 2000 + b"--x--\r\n",
    ),
    "a large field": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n'
        + b"x" * (3 * 2**20) + b"\r\n--x--\r\n",
    ),
    "a form": ("application/x-www-form-urlencoded", b"input=x&voice=%00"),
    "text": ("text/plain", b'{"input": "x"}'),
    "XML": ("application/xml", b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>"),
    "an odd type": ("\xff;;=/", b"{}"),
    "no type": ("", b"{}"),
}  # fmt: skip
IDS = (
    "x",
    "%00",
    "..",
    "%2e%2e%2f",
    "..%2f..%2fetc%2fpasswd",
    "con",
    "a" * 3000,
    "%ff",
    "💥",
    "-1",
)
HEADERS = (
    {"Range": "bytes=9-1"},
    {"Range": "\xff" * 500},
    {"If-Modified-Since": "never", "If-None-Match": '"' * 99},
    {"Accept": "nothing/\x7f"},
    {"Authorization": "Bearer " + "x" * 20_000},
    {"Authorization": "Basic \xff"},
    {"Cookie": "voiceclone_key=\xff; ;;="},
    {"Content-Length": "abc"},
    {"Transfer-Encoding": "chunked"},
    {"X-Forwarded-Proto": "javascript"},
    {"X-Request-Id": "evil\tid" * 100},
    {"Accept-Encoding": "gzip;q=x"},
    {"Expect": "something"},
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, shipped_checkpoints: Path) -> Iterator[OpenAPI]:
    assert shipped_checkpoints.is_dir()
    app = create_app(ServerSettings(home=tmp_path_factory.mktemp("bad") / "home"))
    yield app
    app.extensions["studio"].close()


@pytest.fixture(scope="module")
def api(app: OpenAPI) -> FlaskClient:
    return app.test_client(use_cookies=False)


@pytest.fixture(scope="module")
def routes(app: OpenAPI) -> list[tuple[str, str]]:
    """(method, path with {parameters})."""
    return [(m.upper(), path) for path, item in app.api_doc["paths"].items() for m in item]


def require_problem(response: Any, what: str) -> None:
    """``response`` is an error, and says so as everybody expects."""
    assert 400 <= response.status_code < 500, f"{what}: {response.status_code}"
    assert response.mimetype == "application/problem+json", what
    body = response.get_json()
    assert body["detail"], what
    assert body["status"] == response.status_code, what


def filled(path: str, value: str = "x") -> str:
    return re.sub(r"\{.*?\}", value.replace("\\", ""), path)


def test_bodies_that_cannot_be_read(api: FlaskClient, routes: list[tuple[str, str]]) -> None:
    with_body = [path for method, path in routes if method == "POST"]
    for path in with_body:
        for what, (media_type, body) in BODIES.items():
            response = api.post(filled(path), data=body, content_type=media_type)
            require_problem(response, f"{what} to {path}")


def test_ids_that_want_to_be_something_else(
    api: FlaskClient, routes: list[tuple[str, str]]
) -> None:
    for method, path in routes:
        if "{" not in path:
            continue
        for value in IDS:
            response = api.open(filled(path, value), method=method)
            require_problem(response, f"{method} {path} with {value[:20]}")


def test_methods_that_a_route_does_not_know(
    api: FlaskClient, routes: list[tuple[str, str]]
) -> None:
    known = set(routes)
    for path in {path for _, path in routes}:
        for method in ("GET", "POST", "DELETE", "PUT", "PATCH", "TRACE", "CONNECT", "BREW"):
            if (method, path) in known:
                continue
            response = api.open(filled(path), method=method)
            require_problem(response, f"{method} {path}")
            assert response.status_code in (404, 405)
            if response.status_code == 405:
                assert method not in response.headers["Allow"].split(", ")


def test_headers_that_mean_nothing(api: FlaskClient, routes: list[tuple[str, str]]) -> None:
    for method, path in routes:
        for headers in HEADERS:
            response = api.open(filled(path), method=method, headers=headers)
            assert response.status_code < 500, f"{method} {path} {headers}"
            if response.status_code >= 400:
                require_problem(response, f"{method} {path} {headers}")
            assert "evil" not in response.headers["X-Request-Id"]


def test_addresses_of_nothing(api: FlaskClient) -> None:
    for path in (
        "/v1", "/v1/", "/v1/audio", "/v2/models", "/static/../app.py", "/static/%2e%2e/app.py",
        "/static/..%2f..%2f..%2fpyproject.toml", "/static//etc/passwd", "/docs/x", "//v1/models",
        "/favicon.php", "/.git/config", "/v1/models/", "/\x00", "/" + "a/" * 9000,
    ):  # fmt: skip
        response = api.get(path)
        require_problem(response, path[:60])
    assert api.get("/v1/models?" + "a=1&" * 5000).status_code == 200
