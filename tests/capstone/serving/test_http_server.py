"""waitress as we set it up: it streams, refuses with problem details, cuts off, stops in order."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from env_utils import InputError
from voice_replication.serving import http_server
from voice_replication.serving.http_server import StudioServer, listen
from voice_replication.serving.settings import ServerSettings

SECONDS = 30.0  # nothing here takes that long
WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@contextmanager
def serving(application: WSGI, **settings: Any) -> Iterator[tuple[int, Callable[[], None]]]:
    """The port of a server of ``application``, and a function that stops it and waits."""
    settings = {"threads": 4, **settings}
    server = StudioServer(application, listen("127.0.0.1", 0), ServerSettings(**settings))
    stop = threading.Event()
    thread = threading.Thread(target=server.run_until, args=(stop,))
    thread.start()

    def end() -> None:
        stop.set()
        server.wake()
        thread.join(SECONDS)
        assert not thread.is_alive()

    yield int(server.effective_port), end
    if not stop.is_set():
        end()


def plain(_environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=SECONDS)


def read_all(client: socket.socket) -> bytes:
    data = b""
    while received := client.recv(65536):
        data += received
    return data


def exchange(port: int, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer to ``request``."""
    with connect(port) as client:
        client.sendall(request)
        head, _, body = read_all(client).partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in rest), body


def test_what_is_yielded_arrives_before_the_next_is_made() -> None:
    received = threading.Event()

    def application(_environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        start("200 OK", [("Content-Type", "audio/pcm")])
        yield b"first"
        assert received.wait(SECONDS)
        yield b"second"

    with serving(application) as (port, _), connect(port) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        data = b""
        while b"first" not in data:
            data += client.recv(4096)
        assert b"second" not in data
        received.set()
        data += read_all(client)
        assert b"Transfer-Encoding: chunked" in data
        assert b"second" in data


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (b"nonsense\r\n\r\n", 400, "malformed_body"),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 431, "headers_too_large"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n", 400, "malformed_body"),
        (b"G\x00T / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed_body"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400, "malformed_body"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n", 413, "too_large"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "not_available"),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"32\r\n" + b"x" * 50 + b"\r\n" + b"33\r\n" + b"x" * 51 + b"\r\n",
            413,
            "too_large",
        ),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400,
         "malformed_body"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_request_is_refused_as_a_problem(
    request_: bytes, status: int, code: str
) -> None:
    with serving(plain, max_upload_bytes=100) as (port, _):
        answered, headers, body = exchange(port, request_)
        assert answered == status
        assert headers["Content-Type"] == "application/problem+json"
        problem = json.loads(body)
        assert (problem["status"], problem["code"]) == (status, code)
        assert problem["detail"]
        assert exchange(port, b"GET / HTTP/1.0\r\n\r\n")[0] == 200  # and goes on


def test_a_body_that_is_too_large_is_refused_before_it_is_sent() -> None:
    with serving(plain, max_upload_bytes=1000) as (port, _), connect(port) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999\r\n\r\n")
        assert b"413" in client.recv(4096)


def test_a_client_that_stops_reading_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "STALLED_SECONDS", 0.5)
    made, closed = [0], threading.Event()

    def application(_environ: dict[str, Any], start: Callable[..., Any]) -> Iterator[bytes]:
        start("200 OK", [("Content-Type", "audio/pcm")])
        try:
            while True:
                made[0] += 1
                yield bytes(65536)
        finally:
            closed.set()

    with serving(application) as (port, _), connect(port) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.recv(1000)
        assert closed.wait(SECONDS)  # the generator was closed: nothing goes on for nobody
        assert made[0] < 1000  # and only what the network takes was made ahead


def test_a_client_that_leaves_closes_what_was_made_for_it() -> None:
    closed = threading.Event()

    def application(_environ: dict[str, Any], start: Callable[..., Any]) -> Iterator[bytes]:
        start("200 OK", [("Content-Type", "text/event-stream")])
        try:
            while True:
                yield b": still here\n\n"
                time.sleep(0.01)
        finally:
            closed.set()

    with serving(application) as (port, _):
        with connect(port) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            client.recv(1000)
        assert closed.wait(SECONDS)


def test_stopping_lets_an_answer_finish_and_takes_nothing_new() -> None:
    started, go_on = threading.Event(), threading.Event()

    def application(_environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        start("200 OK", [("Content-Type", "text/plain")])
        yield b"begin"
        started.set()
        assert go_on.wait(SECONDS)
        yield b"end"

    with serving(application) as (port, end), connect(port) as idle, connect(port) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert started.wait(SECONDS)
        stopping = threading.Thread(target=end)
        stopping.start()
        assert idle.recv(1) == b""  # closed, as it asked for nothing
        with pytest.raises(OSError):
            connect(port).close()
        go_on.set()
        assert b"end" in read_all(client)
        stopping.join(SECONDS)
        assert not stopping.is_alive()


def test_an_address_that_cannot_be_used_is_named() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=rf"127.0.0.1:{port} cannot be listened on"):
            listen("127.0.0.1", port)
    with pytest.raises(InputError, match="no address that can be used"):
        listen("no such host", 0)
    with pytest.raises(InputError, match="cannot be listened on"):
        listen("203.0.113.1", 0)  # an address for documentation, of no machine


def test_the_command_stops_on_sigterm_and_logs_json(serve: Callable[..., Any]) -> None:
    server = serve("--log-text")
    status, headers, _ = exchange(
        server.port, b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    assert status == 200
    assert server.stop() == 0
    (line,) = [json.loads(line) for line in server.log().splitlines()]
    assert line["request_id"] == headers["X-Request-Id"]
    assert (line["route"], line["status"]) == ("/v1/models", 200)
