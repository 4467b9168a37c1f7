"""The studio, for tests: as an application in this process, or as the real server in its own."""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import soundfile
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI
from selenium.webdriver.remote.webelement import WebElement
from voice_replication.home import sample_voices_folder
from voice_replication.serving.app import create_app
from voice_replication.serving.database import open_database
from voice_replication.serving.job_runner import JobRunner
from voice_replication.serving.jobs import Job, JobStore
from voice_replication.serving.settings import ServerSettings
from voice_replication.voices import Voice, VoiceStore

START_SECONDS = 240.0  # a busy machine may need long to load torch
STOP_SECONDS = 60.0
END_SECONDS = 300.0  # of a job; the machine may have other things to do

MICROPHONE = "clara"  # the sample voice that a browser's microphone hears
CHROMIUM, CHROMEDRIVER = shutil.which("chromium"), shutil.which("chromedriver")
# Runs before the page's own scripts and listens to what it plays: `heard.samples` that were not
# silent, the time of the first, when the last stream of an answer ended, and all <audio> players.
LISTENING_SCRIPT = """
  window.heard = {samples: 0, power: 0, first: null, streamEnded: null, players: []};
  const connect = AudioNode.prototype.connect;
  const taps = new WeakMap();
  AudioNode.prototype.connect = function (target, ...rest) {
    const {context} = this;
    if (target === context.destination && context instanceof AudioContext) {
      if (!taps.has(context)) {
        const tap = context.createScriptProcessor(512, 1, 1);
        tap.onaudioprocess = ({inputBuffer}) => {
          for (const sample of inputBuffer.getChannelData(0)) {
            if (Math.abs(sample) < 1e-3) continue;
            heard.first ??= performance.now();
            heard.samples += 1;
            heard.power += sample * sample;
          }
        };
        connect.call(tap, context.destination);
        taps.set(context, tap);
      }
      connect.call(this, taps.get(context));
    }
    return connect.call(this, target, ...rest);
  };
  const read = ReadableStreamDefaultReader.prototype.read;
  ReadableStreamDefaultReader.prototype.read = async function () {
    const result = await read.call(this);
    if (result.done) heard.streamEnded = performance.now();
    return result;
  };
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    if (!heard.players.includes(this)) heard.players.push(this);
    return play.call(this);
  };
"""

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


@pytest.fixture()
def tiny_settings(tmp_path: Path, tiny_models: Path, made_up_voice: Voice) -> ServerSettings:
    """Small models that speak noise, quickly, and one voice for them: ``nobody``."""
    home = tmp_path / "home"
    VoiceStore(home).add(made_up_voice)
    return ServerSettings(home=home, models_dir=tiny_models)


OpenRunner = Callable[..., JobRunner]


@pytest.fixture()
def open_runner(tiny_settings: ServerSettings) -> Iterator[OpenRunner]:
    """``open_runner(max_jobs=2, ...)``: what runs jobs in a server, without the server.

    ``started=False``: it takes jobs but does not begin to work.
    """
    with ExitStack() as opened:

        def make(started: bool = True, **values: Any) -> JobRunner:
            settings = tiny_settings.model_copy(update=values)
            database = opened.enter_context(open_database(settings.folder))
            runner = JobRunner(settings, database, VoiceStore(settings.home))
            return opened.enter_context(runner) if started else runner

        yield make


def ended(store: JobStore, job_id: str) -> Job:
    """The job, once it has ended."""
    deadline = time.monotonic() + END_SECONDS
    job = store.get(job_id)
    while not job.is_final:
        assert time.monotonic() < deadline, f"not ended: {job}"
        job = store.wait(job, 1.0) or store.get(job_id)
    return job


@pytest.fixture()
def end_of() -> Callable[[JobStore, str], Job]:
    """``end_of(store, job_id)``: the job, once it has ended."""
    return ended


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


class Browser:
    """A headless Chromium on ``server``'s page, with a sample voice before its microphone."""

    def __init__(self, server: LiveServer, folder: Path, microphone: Path) -> None:
        from selenium import webdriver

        self.server, self.downloads = server, folder / "downloads"
        self.downloads.mkdir()
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM or ""
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        options.add_experimental_option(
            "prefs", {"download.default_directory": str(self.downloads)}
        )
        for argument in (
            "--headless=new",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            f"--user-data-dir={folder / 'profile'}",
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={microphone}",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),  # Chromium has none for root
        ):
            options.add_argument(argument)
        service = webdriver.ChromeService(executable_path=CHROMEDRIVER)
        self.driver = webdriver.Chrome(options=options, service=service)
        listen = {"source": LISTENING_SCRIPT}
        self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", listen)

    def open(self, view: str) -> None:
        """Load the page anew and wait until ``view`` is built."""
        self.driver.get("about:blank")
        self.driver.get(f"{self.server.url}#{view}")
        self.wait(f"#view-{view.partition('?')[0]}[data-ready]")

    def look(self, width: int, height: int, dark: bool = False, **features: str) -> None:
        """Give the window this size and the page these preferences (``prefers-...``)."""
        phone = width < 600
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"prefers-color-scheme": "dark" if dark else "light"}
        chosen = [{"name": n, "value": v} for n, v in (scheme | features).items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": chosen})

    def wait(self, css: str, seconds: float = 60.0) -> WebElement:
        """The first element that matches ``css`` and is shown, once there is one."""
        return self.wait_until(
            lambda: next((e for e in self.find_all(css) if e.is_displayed()), None),
            seconds,
            f"no {css} is shown",
        )

    def wait_until(
        self, found: Callable[[], Any], seconds: float = 60.0, otherwise: str = ""
    ) -> Any:
        """What ``found`` returns, once that is true."""
        from selenium.common.exceptions import StaleElementReferenceException
        from selenium.webdriver.support.wait import WebDriverWait

        wait = WebDriverWait(
            self.driver, seconds, 0.05, ignored_exceptions=[StaleElementReferenceException]
        )
        return wait.until(lambda _: found(), otherwise)

    def find_all(self, css: str) -> list[WebElement]:
        """All elements that match."""
        return self.driver.find_elements("css selector", css)

    def button(self, name: str, within: str = "body") -> WebElement:
        """The button or link that is called ``name``, once it is shown."""
        script = """
          return [...document.querySelectorAll(`${arguments[0]} :is(button, a.button)`)].find((b) =>
            b.checkVisibility() &&
            (b.getAttribute("aria-label") ?? b.textContent).trim() === arguments[1]);
        """
        found = self.wait_until(
            lambda: self.run(script, within, name), otherwise=f"no button '{name}' is shown"
        )
        assert isinstance(found, WebElement)
        return found

    def click(self, name: str, within: str = "body") -> None:
        """Click the button that is called ``name``; once more if the page was just drawn anew."""
        self.wait_until(lambda: self.button(name, within).click() is None)

    def run(self, script: str, *arguments: object) -> Any:
        """What ``script`` (the body of a function) returns."""
        return self.driver.execute_script(script, *arguments)

    def complaints(self) -> list[str]:
        """What the console said since the last call, but for answers with an error status."""
        return [
            str(entry["message"])
            for entry in self.driver.get_log("browser")  # type: ignore[no-untyped-call]
            if "the server responded with a status of" not in str(entry["message"])
            and entry["source"] != "deprecation"  # the listening script's own
        ]


@pytest.fixture(scope="session")
def chromium(
    tmp_path_factory: pytest.TempPathFactory, shipped_checkpoints: Path
) -> Iterator[Browser]:
    """One Chromium and one server for all tests of the page: both take seconds to start."""
    if not (CHROMIUM and CHROMEDRIVER):
        pytest.skip("no Chromium: apt-get install chromium chromium-driver")
    assert shipped_checkpoints.is_dir()
    folder = tmp_path_factory.mktemp("browser")
    audio, rate = soundfile.read(sample_voices_folder() / MICROPHONE / "reference.flac")
    soundfile.write(folder / "microphone.wav", audio, rate, "PCM_16")
    (folder / "home").mkdir()
    server = LiveServer(folder / "home", (), {})
    try:
        opened = Browser(server, folder, folder / "microphone.wav")
        yield opened
        opened.driver.quit()
    finally:
        server.kill()


@pytest.fixture()
def browser(chromium: Browser) -> Iterator[Browser]:
    """``chromium`` with a wide, light window. The test fails when the console complains."""
    chromium.look(1280, 800)
    chromium.complaints()
    yield chromium
    assert chromium.complaints() == []
