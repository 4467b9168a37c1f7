"""Other sites, other names, strangers: what may not use the server, and what browsers are told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI
from voice_replication.serving.app import create_app
from voice_replication.serving.settings import ServerSettings

OpenApp = Callable[..., OpenAPI]
EVIL = "http://evil.example"


@pytest.fixture(scope="module")
def api(
    tmp_path_factory: pytest.TempPathFactory, shipped_checkpoints: Path
) -> Iterator[FlaskClient]:
    """A client of one application for all tests that change nothing; it keeps no cookies."""
    assert shipped_checkpoints.is_dir()
    app = create_app(ServerSettings(home=tmp_path_factory.mktemp("security")))
    yield app.test_client(use_cookies=False)
    app.extensions["studio"].close()


def code(response: Any) -> str | None:
    """The code of a problem, which must look like one; None for anything else."""
    if response.mimetype != "application/problem+json":
        return None
    body = response.get_json()
    assert body["status"] == response.status_code
    assert body["type"] == f"urn:voiceclone:problem:{body['code']}"
    assert body["request_id"] == response.headers["X-Request-Id"]
    return str(body["code"])


def new_key(app: OpenAPI) -> str:
    return str(app.extensions["studio"].keys.create("test")[1])


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "localhost:8000", "[::1]:80"])
def test_without_keys_the_names_of_this_machine_are_answered(api: FlaskClient, host: str) -> None:
    assert api.get("/v1/models", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.", "0.0.0.0", "",
     "127.0.0.1@evil.example", "user@evil.example", "[::1", "localhost:x@evil"],
)  # fmt: skip
def test_a_name_that_an_attacker_points_here_is_refused(api: FlaskClient, host: str) -> None:
    for path in ("/v1/models", "/", "/metrics", "/docs/openapi.json"):
        response = api.get(path, headers={"Host": host})
        assert code(response) == "host_not_allowed"
        assert response.status_code == 421


def test_a_proxy_before_a_server_without_keys_is_noticed(api: FlaskClient) -> None:
    for header in ("X-Forwarded-For", "Forwarded"):
        assert code(api.get("/v1/models", headers={header: "203.0.113.9"})) == "key_required"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Origin": "http://localhost:9999"},  # another program of this machine
        {"Origin": "http://localhost.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": EVIL, "Authorization": "Bearer anything"},
    ],
)
def test_pages_of_other_sites_may_not_use_a_server_without_keys(
    api: FlaskClient, headers: dict[str, str]
) -> None:
    for send in (
        lambda: api.post("/v1/session", json={"key": "x"}, headers=headers),
        lambda: api.delete("/v1/session", headers=headers),
        lambda: api.get("/v1/models", headers=headers),
    ):
        response = send()
        assert code(response) == "cross_site_refused"
        assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_the_page_itself_and_programs_may(api: FlaskClient, headers: dict[str, str]) -> None:
    assert api.get("/v1/models", headers=headers).status_code == 200
    assert code(api.post("/v1/session", json={"key": "x"}, headers=headers)) == "key_rejected"


def test_a_link_on_another_site_may_lead_to_the_page(api: FlaskClient) -> None:
    assert api.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_cors_is_closed_unless_an_origin_is_listed(open_app: OpenApp) -> None:
    friend = "https://friend.example"
    api = open_app(cors_origins=(friend,)).test_client()
    allowed = api.get("/v1/models", headers={"Origin": friend, "Sec-Fetch-Site": "cross-site"})
    assert allowed.status_code == 200
    assert allowed.headers["Access-Control-Allow-Origin"] == friend
    assert "Origin" in allowed.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in allowed.headers
    ask = {"Origin": friend, "Access-Control-Request-Method": "POST"}
    preflight = api.options("/v1/models", headers=ask)
    assert preflight.status_code == 204
    assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
    refused = api.options("/v1/models", headers={**ask, "Origin": EVIL})
    assert code(refused) == "cross_site_refused"
    assert "Access-Control-Allow-Origin" not in refused.headers


def test_with_keys_every_route_of_the_api_needs_one(open_app: OpenApp) -> None:
    app = open_app(require_keys=True)
    api, key = app.test_client(), new_key(app)
    for path, item in app.api_doc["paths"].items():
        for method in item:
            url = re.sub(r"\{.*?\}", "x", path)
            if path in ("/healthz", "/readyz", "/v1/session"):
                continue
            response = api.open(url, method=method.upper())
            assert code(response) == "key_required", (method, path)
            assert response.status_code == 401
            assert response.headers["WWW-Authenticate"] == "Bearer"
    assert api.get("/v1/models", headers=bearer(key)).status_code == 200
    assert api.get("/v1/models", headers={"Authorization": f"bearer  {key}"}).status_code == 200
    assert api.get("/metrics", headers=bearer(key)).status_code == 200
    for path in ("/healthz", "/readyz", "/", "/docs/openapi.json"):
        assert api.get(path).status_code == 200


def test_wrong_keys_are_refused(open_app: OpenApp) -> None:
    app = open_app(require_keys=True)
    api, key = app.test_client(), new_key(app)
    other_secret = key[:-1] + ("A" if key[-1] != "A" else "B")
    for wrong in (other_secret, key[:20], key + "x", "vc-00000000-" + "A" * 43, "sk-123", "\x00"):
        response = api.get("/v1/models", headers=bearer(wrong))
        assert code(response) in ("key_rejected", "key_required"), wrong
        assert response.status_code == 401
    assert code(api.get("/v1/models", headers={"Authorization": f"Basic {key}"})) == "key_required"


def test_the_page_keeps_its_key_in_a_cookie_that_no_script_and_no_other_site_gets(
    open_app: OpenApp,
) -> None:
    app = open_app(require_keys=True)
    api, key = app.test_client(), new_key(app)
    assert api.get("/v1/session").get_json() == {"keys_required": True, "client": None}
    kept = api.post("/v1/session", json={"key": key})
    assert kept.get_json() == {"keys_required": True, "client": "test"}
    cookie = kept.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert api.get("/v1/models").status_code == 200  # the client sends the cookie along
    for headers in ({"Origin": EVIL}, {"Sec-Fetch-Site": "cross-site"}):
        assert code(api.get("/v1/models", headers=headers)) == "cross_site_refused"
    app.extensions["studio"].keys.revoke("test")
    assert code(api.get("/v1/models")) == "key_rejected"
    api.delete("/v1/session")
    assert code(api.get("/v1/models")) == "key_required"


@pytest.mark.parametrize(
    ("settings", "required"),
    [
        ({}, False),
        ({"host": "localhost"}, False),
        ({"host": "::1"}, False),
        ({"host": "127.8.8.8"}, False),
        ({"host": "0.0.0.0"}, True),
        ({"host": "192.168.0.5"}, True),
        ({"host": "studio.example"}, True),
        ({"trusted_proxies": 1}, True),
        ({"host": "0.0.0.0", "require_keys": False}, False),
        ({"require_keys": True}, True),
    ],
)
def test_keys_are_required_wherever_others_can_reach_the_server(
    settings: dict[str, Any], required: bool
) -> None:
    assert ServerSettings(**settings).keys_required is required


def test_every_answer_tells_browsers_what_it_may_not_do(api: FlaskClient) -> None:
    for path in ("/", "/nothing", "/v1/models", "/docs/swagger", "/static/icon.svg"):
        headers = api.get(path).headers
        policy = dict(
            part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";")
        )
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == "'self'"
        assert policy["style-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "Server" not in headers
    assert api.get("/v1/models").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/docs/swagger"])
def test_the_pages_have_nothing_that_their_policy_forbids(api: FlaskClient, path: str) -> None:
    page = api.get(path).get_data(as_text=True)
    scripts = re.findall(r"<script\b([^>]*)>(.*?)</script>", page, re.DOTALL)
    assert scripts
    for attributes, content in scripts:
        assert "src=" in attributes
        assert not content.strip()
    assert "<style" not in page
    assert not re.search(r"\s(on\w+|style)\s*=", page)
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert not [a for a in addresses if re.match(r"\w+:|//", a) and not a.startswith("data:")]
    for address in addresses:
        if not address.startswith(("#", "data:")):
            assert api.get(urljoin(path, address)).status_code == 200, address


def test_behind_a_trusted_proxy_the_cookie_is_for_https_only(open_app: OpenApp) -> None:
    app = open_app(trusted_proxies=1)
    forwarded = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "studio.example",
    }
    response = app.test_client().post("/v1/session", json={"key": new_key(app)}, headers=forwarded)
    assert response.status_code == 200
    assert "Secure" in response.headers["Set-Cookie"]
    assert "max-age" in response.headers["Strict-Transport-Security"]
