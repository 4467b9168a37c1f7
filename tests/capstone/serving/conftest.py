"""The studio, for tests: as an application in this process, or as the real server in its own."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI
from voice_replication.serving.app import create_app
from voice_replication.serving.settings import ServerSettings

START_SECONDS = 120.0  # a busy machine may need long to load torch
STOP_SECONDS = 60.0

OpenApp = Callable[..., OpenAPI]


class LiveServer:
    """``voiceclone serve`` in a process of its own, on a free port; ``url`` ends with a slash."""

    def __init__(self, home: Path, arguments: tuple[str, ...], environment: dict[str, str]) -> None:
        program = str(Path(sys.executable).with_name("voiceclone"))
        self.home = home
        self._log = home.with_name(f"{home.name}.{id(self):x}.log")
        with self._log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [program, "serve", "--port", "0", *arguments],
                env={**os.environ, "VOICECLONE_HOME": str(home), **environment},
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        self.url = self._wait_for_url()

    def _wait_for_url(self) -> str:
        lines: queue.Queue[str] = queue.Queue()
        assert self.process.stdout is not None
        stdout = self.process.stdout
        threading.Thread(target=lambda: lines.put(stdout.readline()), daemon=True).start()
        try:
            line = lines.get(timeout=START_SECONDS)
        except queue.Empty:
            self.kill()
            raise AssertionError(f"the server did not start: {self.log()}") from None
        if not line.startswith("studio: "):
            self.process.wait(STOP_SECONDS)
            raise AssertionError(f"the server did not start: {line}{self.log()}")
        return line.removeprefix("studio: ").strip()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.url.rstrip("/").rpartition(":")[2])

    def log(self) -> str:
        """What it wrote to stderr so far: JSON lines."""
        return self._log.read_text()

    def stop(self) -> int:
        """Ask it to end, as an operator does, and return its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """What ``kill -9`` does."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)


@pytest.fixture()
def open_app(tmp_path: Path, shipped_checkpoints: Path) -> Iterator[OpenApp]:
    """``open_app(require_keys=True, ...)``: an application with an empty data folder.

    ``home=``: another folder. Its studio is ``app.extensions["studio"]``; closed at the end.
    """
    assert shipped_checkpoints.is_dir()
    opened: list[OpenAPI] = []

    def make(**settings: Any) -> OpenAPI:
        settings.setdefault("home", tmp_path / "home")
        app = create_app(ServerSettings(**settings))
        opened.append(app)
        return app

    yield make
    for app in opened:
        app.extensions["studio"].close()


@pytest.fixture()
def app(open_app: OpenApp) -> OpenAPI:
    """An application with default settings: loopback, no keys, shipped models."""
    return open_app()


@pytest.fixture()
def api(app: OpenAPI) -> FlaskClient:
    """A client of ``app``."""
    return app.test_client()


@pytest.fixture(scope="module")
def serve(
    tmp_path_factory: pytest.TempPathFactory, shipped_checkpoints: Path
) -> Iterator[Callable[..., LiveServer]]:
    """``serve("--max-queue", "4", home=folder, VOICECLONE_X="1")``: start the real server."""
    assert shipped_checkpoints.is_dir()
    started: list[LiveServer] = []

    def start(*arguments: str, home: Path | None = None, **environment: str) -> LiveServer:
        folder = home or tmp_path_factory.mktemp("server") / "home"
        folder.mkdir(exist_ok=True)
        started.append(LiveServer(folder, arguments, environment))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            server.kill()


@pytest.fixture(scope="module")
def server(serve: Callable[..., LiveServer]) -> LiveServer:
    """One server for the tests of a module."""
    return serve()
