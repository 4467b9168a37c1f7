"""Structured logs: one JSON object a line, with the id of the request it belongs to.

{"time": "...", "level": "info", "event": "request", "request_id": "req_...", "method": "POST",
 "route": "/v1/audio/speech", "status": 200, "seconds": 0.8, "client": "local", ...}

What people had spoken is in no line, unless the operator asked for it (``settings.log_text``).
"""

from __future__ import annotations

import json
import logging
import secrets
import sys
import time
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TextIO, cast

from flask import Flask, Response, g, has_request_context, request
from werkzeug.wsgi import ClosingIterator

from voice_replication.serving.context import client, request_id
from voice_replication.serving.studio import studio

LOGGER = "voice_replication.serving"
_QUIET = {"/healthz", "/readyz", "/metrics"}  # asked every few seconds by machines

Fact = str | int | float | bool | None


class JsonFormatter(logging.Formatter):
    """A log record as one line of JSON.

    ``messages``: also write the messages of exceptions, which may quote what a user sent.
    """

    def __init__(self, messages: bool = False) -> None:
        super().__init__()
        self._messages = messages

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        if has_request_context():
            line["request_id"] = request_id()
        line |= getattr(record, "facts", {})
        if record.exc_info and record.exc_info[1]:
            line |= self._describe(record.exc_info[1])
        return json.dumps(line, default=str)

    def _describe(self, error: BaseException) -> dict[str, object]:
        frames = traceback.extract_tb(error.__traceback__)
        described: dict[str, object] = {
            "error": type(error).__name__,
            "traceback": [f"{f.filename}:{f.lineno} {f.name}" for f in frames],
        }
        if self._messages:
            described["message"] = str(error)
        return described


def configure_logging(messages: bool = False, stream: TextIO | None = None) -> None:
    """Send all logs of this process to ``stream`` (default: stderr) as JSON lines."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(messages))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(LOGGER).setLevel(logging.INFO)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # the metrics tell


def log(event: str, *, level: int = logging.INFO, **facts: Fact) -> None:
    """One line about ``event``; ``facts`` are numbers and ids, never text or sound."""
    logging.getLogger(LOGGER).log(level, event, extra={"facts": facts})


def log_text(text: str) -> None:
    """Write down what was asked to be spoken, if the operator wants that."""
    if studio().settings.log_text:
        log("text", text=text)


def install_request_log(app: Flask) -> None:
    """Every request gets an id, a line in the log when its answer has left, and is counted."""

    def begin() -> None:
        g.request_id = f"req_{secrets.token_hex(8)}"
        g.started = time.perf_counter()
        studio().metrics.in_progress.inc()

    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.request_id
        route = request.url_rule.rule if request.url_rule else "none"
        method = request.method if request.method in _METHODS else "other"
        facts: dict[str, Any] = {
            "request_id": g.request_id,
            "method": method,
            "route": route,
            "path": request.path if request.url_rule else None,
            "status": response.status_code,
            "client": client().id,
            "address": request.remote_addr,
        }
        metrics, started = studio().metrics, g.started

        def sent() -> None:
            seconds = time.perf_counter() - started
            metrics.in_progress.dec()
            metrics.requests.labels(method, route, str(response.status_code)).inc()
            metrics.request_seconds.labels(route).observe(seconds)
            if route not in _QUIET or response.status_code >= 400:
                log("request", **facts, seconds=round(seconds, 4))

        if response.direct_passthrough:  # a file, whose close() the framework does not call
            file = cast("Iterable[bytes]", response.response)
            response.response = ClosingIterator(file, sent)
        else:
            response.call_on_close(sent)
        return response

    app.before_request(begin)
    app.after_request(end)


_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
