"""Who may talk to the server: keys, hosts, other sites; and what browsers may do with its answers.

Without keys (on this machine only) the danger is a page of another site that the user has open:
its scripts can send requests to 127.0.0.1. Three things stop them: the ``Host`` header must name
this machine (else a name that an attacker points to 127.0.0.1 would do), ``Origin`` and
``Sec-Fetch-Site`` must not name another site, and no answer may be read from another origin.
"""

from __future__ import annotations

import re

from flask import Flask, Response, g, request

from voice_replication.serving.context import LOCAL, Client
from voice_replication.serving.problems import Problem
from voice_replication.serving.settings import ServerSettings, is_loopback
from voice_replication.serving.studio import studio

SESSION_COOKIE = "voiceclone_key"  # the page keeps its key here: players and links send it along
PROTECTED = "/v1/"
_OPEN = ("/v1/session",)  # where a browser shows its key

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; "
    "worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), payment=(), usb=()",
}
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::[0-9]{1,5})?", re.ASCII)
_EXPOSED = "X-Request-Id, Retry-After, Location, X-Ignored-Fields, X-Unreadable"


def install_security(app: Flask) -> None:
    """Check every request, and give every answer its headers."""
    app.before_request(_check)
    app.after_request(_add_headers)


def given_key() -> str | None:
    """The key that the request shows: in ``Authorization`` or in the page's cookie."""
    header = request.headers.get("Authorization")
    if header is None:
        return request.cookies.get(SESSION_COOKIE)
    scheme, _, key = header.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _check() -> Response | None:
    settings = studio().settings
    if not settings.keys_required:
        _require_own_name(settings)
    if request.path.startswith(PROTECTED):
        _refuse_other_sites(settings)
    if request.method == "OPTIONS":
        return Response(status=204) if "Origin" in request.headers else None
    needs_key = request.path.startswith(PROTECTED) or (
        request.path == "/metrics" and not settings.public_metrics
    )
    if needs_key and request.path not in _OPEN:
        g.client = _authenticate(settings)
        studio().limiter.count_request(g.client)
    return None


def _authenticate(settings: ServerSettings) -> Client:
    if not settings.keys_required:
        return LOCAL
    key = given_key()
    challenge = {"WWW-Authenticate": "Bearer"}
    if not key:
        raise Problem(
            "key_required",
            "Send an API key as 'Authorization: Bearer vc-...'. The operator of this server makes "
            "one with `voiceclone keys create NAME`.",
            headers=challenge,
        )
    found = studio().keys.client(key)
    if found is None:
        raise Problem("key_rejected", "This API key is unknown or was revoked.", headers=challenge)
    return found


def _require_own_name(settings: ServerSettings) -> None:
    """Refuse a request for another host name, and one that a proxy brought from elsewhere."""
    if settings.public:
        return  # the operator opened the server to everybody; any name may be its own
    match = _HOST.fullmatch(request.headers.get("Host", ""))
    if match is None or not is_loopback(match[1].strip("[]")):
        raise Problem(
            "host_not_allowed",
            "Without API keys this server answers only to 127.0.0.1 and localhost. For other "
            "names start it with --require-keys.",
        )
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        raise Problem(
            "key_required",
            "A proxy passes requests on to this server; start it with --trusted-proxies 1, which "
            "asks for API keys.",
        )


def _refuse_other_sites(settings: ServerSettings) -> None:
    """Refuse what a page of another site sends with nothing but the user's network or cookie."""
    if "Authorization" in request.headers and settings.keys_required:
        return  # a browser does not add that by itself
    origin = request.headers.get("Origin")
    if origin in settings.cors_origins:
        return
    site = request.headers.get("Sec-Fetch-Site", "none")
    foreign = site not in ("same-origin", "none")
    if origin is not None and origin.partition("://")[2] != request.host:
        foreign = True
    if foreign:
        raise Problem(
            "cross_site_refused",
            "A page of another site may not use this server; the operator can allow its origin "
            "with --cors-origin.",
        )


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.path.startswith(PROTECTED):
        response.headers.setdefault("Cache-Control", "no-store")
    origin = request.headers.get("Origin")
    if origin is not None and studio().settings.cors_origins:
        response.vary.add("Origin")
        if origin in studio().settings.cors_origins:
            _allow_origin(response, origin)
    return response


def _allow_origin(response: Response, origin: str) -> None:
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, DELETE"
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
        response.headers["Access-Control-Max-Age"] = "600"
