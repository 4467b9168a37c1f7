"""waitress as the studio needs it: answers leave as they are made, and every error is a problem.

waitress reads requests (limiting their size while they arrive), hands each to one of its threads,
and writes what the application yields at once. Three things are added here: errors that it finds
before the application is asked are problem details too, a client that stops reading is cut off, and
a server that is told to stop first finishes what it is answering.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from env_utils import InputError
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask

from voice_replication.serving.problems import MEDIA_TYPE, Problem
from voice_replication.serving.settings import ServerSettings

HEADER_BYTES = 64 * 1024  # of one request's headers together
UNSENT_BYTES = 128 * 1024  # per client; a producer waits while more is unsent
STALLED_SECONDS = 60.0  # a client that reads nothing for so long is cut off
IDLE_SECONDS = 120  # an idle connection is kept so long
CONNECTIONS = 1000
GRACE_SECONDS = 20.0  # to finish what is being answered when the server is told to stop

_CODES = {413: "too_large", 431: "headers_too_large", 501: "not_available", 500: "internal_error"}
_DETAILS = {
    413: "The body is larger than this server accepts.",
    431: f"The headers of this request are larger than {HEADER_BYTES // 1024} KiB.",
    500: "Something went wrong here; the server's log has more.",
}


class ProblemTask(ErrorTask):  # type: ignore[misc]
    """What waitress answers when it refuses a request: a problem detail."""

    def execute(self) -> None:
        """Send it and close the connection, as the rest of the request cannot be read."""
        error = self.request.error
        code = _CODES.get(error.code, "malformed_body")
        detail = _DETAILS.get(error.code, f"The request cannot be read ({error.body}).")
        body = Problem(code, detail, status=error.code).details().model_dump_json(exclude_none=True)
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", MEDIA_TYPE))
        self.response_headers.append(("X-Content-Type-Options", "nosniff"))
        self.set_close_on_finish()
        data = body.encode()
        self.content_length = len(data)
        self.write(data)


class StudioChannel(HTTPChannel):  # type: ignore[misc]
    """One client's connection."""

    error_task_class = ProblemTask


class StudioServer(TcpWSGIServer):  # type: ignore[misc]
    """The HTTP server of ``application`` on a socket that is already bound."""

    channel_class = StudioChannel

    def __init__(
        self, application: Callable[..., Any], listening: socket.socket, settings: ServerSettings
    ) -> None:
        adjustments = Adjustments(
            sockets=[listening],
            threads=settings.threads,
            ident=None,
            max_request_body_size=settings.max_upload_bytes,
            max_request_header_size=HEADER_BYTES,
            outbuf_high_watermark=UNSENT_BYTES,
            channel_request_lookahead=1,  # else a client that left is noticed only when written to
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=5,
            connection_limit=CONNECTIONS,
            asyncore_use_poll=True,
            log_socket_errors=False,
            clear_untrusted_proxy_headers=False,  # the application decides whom to believe
        )
        super().__init__(
            application,
            _sock=listening,
            adj=adjustments,
            bind_socket=False,
            sockinfo=(listening.family, listening.type, listening.proto, listening.getsockname()),
        )

    def maintenance(self, now: float) -> None:
        """Close idle connections, and those whose client does not read its answer."""
        super().maintenance(now)
        for channel in list(self.active_channels.values()):
            if channel.total_outbufs_len and now - channel.last_activity > STALLED_SECONDS:
                channel.handle_close()  # wakes the thread that waits to write

    def run_until(self, stop: threading.Event, grace_seconds: float = GRACE_SECONDS) -> None:
        """Serve until ``stop`` is set, then finish what is being answered and close."""
        while not stop.is_set():
            self._turn(1.0)
        wasyncore.dispatcher.close(self)  # no new connections
        end = time.monotonic() + grace_seconds
        while self._busy() and time.monotonic() < end:
            self._turn(0.1)
        for channel in list(self.active_channels.values()):
            channel.handle_close()
        self.task_dispatcher.shutdown(timeout=max(0.5, end - time.monotonic()))
        self.trigger.close()

    def wake(self) -> None:
        """Make ``run_until`` look at its event now; safe in a signal handler."""
        self.pull_trigger()

    def _turn(self, timeout: float) -> None:
        self.asyncore.loop(timeout=timeout, use_poll=True, map=self._map, count=1)

    def _busy(self) -> bool:
        """Whether a request is being answered; connections that wait for one are closed."""
        busy = False
        for channel in list(self.active_channels.values()):
            if channel.requests or channel.total_outbufs_len:
                busy = True
            elif channel.request is None:
                channel.handle_close()
        return busy


def listen(host: str, port: int) -> socket.socket:
    """A socket that is bound to ``host`` and ``port`` (0: a free one).

    Raises ``InputError``: in use, not permitted, no address of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            "127.0.0.1" if host == "localhost" else host, port, type=socket.SOCK_STREAM
        )[0]
    except (OSError, UnicodeError) as error:
        raise InputError(f"--host {host}: this is no address that can be used ({error}).") from None
    bound = socket.socket(family, kind, protocol)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
        bound.listen(1024)
    except OSError as error:
        bound.close()
        raise InputError(
            f"{host}:{port} cannot be listened on ({error.strerror or error}). "
            "Choose another address or port; --port 0 takes a free one."
        ) from None
    return bound
