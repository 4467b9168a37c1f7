"""The studio as an operator runs it: gunicorn with our configuration, nginx with TLS in front."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from env_utils import folder_lock

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
HOST = "voice.example.org"
WAIT_SECONDS = 120.0  # a busy machine may need long to load torch
SENTENCE = "The lamp in the window was lit, and somebody was singing quietly behind the door. "
NGINX = shutil.which("nginx", path=os.pathsep.join([os.environ["PATH"], "/usr/sbin"]))

pytestmark = pytest.mark.xdist_group("deploy")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.1)


def settings_file() -> dict[str, str]:
    """What deploy/voiceclone.env sets."""
    lines = (DEPLOY / "voiceclone.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@dataclass
class Studio:
    """gunicorn with the studio; ``key`` is one of its API keys."""

    process: subprocess.Popen[bytes]
    port: int
    home: Path
    log: Path
    notified: bytes
    key: str = ""

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS)


def start_gunicorn(home: Path, **environment: str) -> tuple[subprocess.Popen[bytes], int, Path]:
    """gunicorn with deploy/gunicorn.conf.py and the settings of deploy/voiceclone.env."""
    port = free_port()
    log = home.with_name(f"{home.name}.{port}.log")
    chosen = {"VOICECLONE_HOME": str(home), "VOICECLONE_SERVE_PORT": str(port), **environment}
    command = [sys.executable, "-m", "gunicorn", "--config", str(DEPLOY / "gunicorn.conf.py")]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env={**os.environ, **settings_file(), **chosen},
            cwd=home.parent,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return process, port, log


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    return False


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, shipped_checkpoints: Path) -> Iterator[Studio]:
    assert shipped_checkpoints.is_dir()
    folder = tmp_path_factory.mktemp("g")
    home = folder / "home"
    home.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:  # stands for systemd
        manager.bind(str(folder / "notify"))
        manager.settimeout(WAIT_SECONDS)
        process, port, log = start_gunicorn(home, NOTIFY_SOCKET=str(folder / "notify"))
        notified = manager.recv(4096)
    program = str(Path(sys.executable).with_name("voiceclone"))
    environment = {**os.environ, "VOICECLONE_HOME": str(home)}
    try:
        wait_for(lambda: process.poll() is not None or answers(port), "gunicorn")
        assert process.poll() is None, log.read_text()
        made = subprocess.run(
            [program, "keys", "create", "laptop"], env=environment, capture_output=True, text=True
        )
        (key,) = re.findall(r"vc-\S+", made.stdout)
        yield Studio(process, port, home, log, notified, key)
    finally:
        process.kill()
        process.wait()


@dataclass
class Proxy:
    """nginx with deploy/nginx.conf in front of the studio."""

    secure_port: int
    plain_port: int
    certificate: Path
    challenges: Path

    def connection(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=str(self.certificate))
        return http.client.HTTPSConnection(
            "localhost", self.secure_port, timeout=WAIT_SECONDS, context=context
        )


def self_signed(folder: Path) -> Path:
    """A certificate for the example's host name and for localhost, and its key beside it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed (`apt-get install openssl`)")
    names = f"subjectAltName=DNS:{HOST},DNS:localhost"
    files = ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    request = ["req", "-x509", *kind, *files, "-subj", f"/CN={HOST}", "-addext", names]
    subprocess.run([openssl, *request], check=True, capture_output=True)
    return folder / "fullchain.pem"


def site_for(studio_port: int, proxy: Proxy, folder: Path) -> str:
    """deploy/nginx.conf with this machine's ports and files; every change must find its place."""
    site = (DEPLOY / "nginx.conf").read_text()
    changes = {
        r"listen \[::\]:\d+[^;]*;": "",  # there may be no IPv6 here
        r"listen 80;": f"listen 127.0.0.1:{proxy.plain_port};",
        r"listen 443 ": f"listen 127.0.0.1:{proxy.secure_port} ",
        r"server 127\.0\.0\.1:8000;": f"server 127.0.0.1:{studio_port};",
        r"/etc/letsencrypt/live/voice\.example\.org": str(folder),
        r"/var/www/certbot": str(proxy.challenges),
    }
    for pattern, replacement in changes.items():
        site, count = re.subn(pattern, replacement, site)
        assert count, f"deploy/nginx.conf has no {pattern}"
    return site


@pytest.fixture(scope="module")
def proxy(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    if NGINX is None:
        pytest.skip("nginx is not installed (`apt-get install nginx-light`)")
    folder = tmp_path_factory.mktemp("nginx")
    found = Proxy(free_port(), free_port(), self_signed(folder), folder / "challenges")
    (folder / "site.conf").write_text(site_for(studio.port, found, folder))
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;"
        f"events {{}} http {{ access_log off; {temporary} include {folder}/site.conf; }}"
    )
    command = [NGINX, "-p", str(folder), "-e", str(folder / "error.log"), "-c"]
    checked = subprocess.run(
        [*command, str(folder / "nginx.conf"), "-t"], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen([*command, str(folder / "nginx.conf")])
    try:
        wait_for(lambda: connects(found.secure_port), "nginx")
        yield found
    finally:
        process.terminate()
        process.wait()


def connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def speech(text: str, **more: Any) -> bytes:
    body = {"model": "voiceclone-1", "input": text, "voice": "ada", "response_format": "pcm"}
    return json.dumps({**body, **more}).encode()


def headers(studio: Studio) -> dict[str, str]:
    return {"Authorization": f"Bearer {studio.key}", "Content-Type": "application/json"}


def measured(studio: Studio, name: str) -> float:
    """A value of /metrics, asked past nginx."""
    connection = studio.connection()
    connection.request("GET", "/metrics", headers=headers(studio))
    text = connection.getresponse().read().decode()
    (value,) = re.findall(rf"^{name} (\S+)$", text, re.M)
    return float(value)


def test_gunicorn_says_that_it_is_ready_and_asks_for_keys(studio: Studio) -> None:
    assert b"READY=1" in studio.notified
    connection = studio.connection()
    connection.request("GET", "/v1/audio/voices")
    refused = connection.getresponse()
    assert refused.status == 401 and json.loads(refused.read())["code"] == "key_required"
    connection.request("GET", "/v1/audio/voices", headers=headers(studio))
    listed = connection.getresponse()
    assert listed.status == 200
    assert "ada" in [voice["id"] for voice in json.loads(listed.read())["data"]]


def test_a_second_server_on_the_same_data_folder_ends_with_a_sentence(studio: Studio) -> None:
    process, _, log = start_gunicorn(studio.home)
    try:
        assert process.wait(WAIT_SECONDS) != 0
    finally:
        process.kill()
    assert "another server is using this data folder" in log.read_text()
    assert answers(studio.port)


def test_plain_http_leads_to_https_but_for_the_certificates_renewal(proxy: Proxy) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.plain_port, timeout=WAIT_SECONDS)
    connection.request("GET", "/v1/models?x=1", headers={"Host": HOST})
    moved = connection.getresponse()
    moved.read()
    assert moved.status == 301 and moved.headers["Location"] == f"https://{HOST}/v1/models?x=1"
    token = proxy.challenges / ".well-known" / "acme-challenge" / "token"
    token.parent.mkdir(parents=True)
    token.write_text("proof")
    connection.request("GET", "/.well-known/acme-challenge/token", headers={"Host": HOST})
    assert connection.getresponse().read() == b"proof"


def test_speech_reaches_a_listener_behind_nginx_while_the_rest_is_made(
    studio: Studio, proxy: Proxy
) -> None:
    connection = proxy.connection()
    connection.request("POST", "/v1/audio/speech", speech(SENTENCE * 20), headers(studio))
    response = connection.getresponse()
    assert response.status == 200
    before = measured(studio, "voiceclone_audio_seconds_total")
    first = response.read(2_000)  # 42 ms
    made = measured(studio, "voiceclone_audio_seconds_total") - before
    rest = response.read()
    seconds = (len(first) + len(rest)) / 48_000
    assert seconds > 60.0
    assert made < 0.7 * seconds, "the answer was held back until most of it had been made"


def test_events_of_a_job_arrive_one_by_one(studio: Studio, proxy: Proxy) -> None:
    """Events are small: a proxy that collects whole buffers would deliver none before the end."""
    connection = proxy.connection()
    book = json.dumps({"input": SENTENCE * 60, "voice": "ada", "format": "wav"}).encode()
    connection.request("POST", "/v1/narrations", book, headers(studio))
    response = connection.getresponse()
    job = json.loads(response.read())
    assert response.status == 202, job
    connection.request("GET", f"/v1/jobs/{job['id']}/events", headers=headers(studio))
    events = connection.getresponse()
    assert events.headers.get_content_type() == "text/event-stream"
    line = b""
    while not line.startswith(b"data:"):
        line = events.readline()
    state = json.loads(line.removeprefix(b"data:"))["state"]
    connection.close()
    again = proxy.connection()
    again.request("GET", f"/v1/jobs/{job['id']}", headers=headers(studio))
    now = json.loads(again.getresponse().read())["state"]
    again.request("DELETE", f"/v1/jobs/{job['id']}", headers=headers(studio))
    assert again.getresponse().status == 200
    assert {state, now} <= {"queued", "running"}


def test_what_nginx_refuses_is_a_problem_detail(studio: Studio, proxy: Proxy) -> None:
    connection = proxy.connection()
    length = {**headers(studio), "Content-Length": str(51 * 2**20)}
    connection.request("POST", "/v1/audio/voices", headers=length)
    refused = connection.getresponse()
    assert refused.status == 413
    assert refused.headers.get_content_type() == "application/problem+json"
    assert json.loads(refused.read())["code"] == "too_large"


def test_answers_behind_nginx_are_marked_as_secure(studio: Studio, proxy: Proxy) -> None:
    """The studio knows that its page came over TLS, and nobody can pretend another address."""
    connection = proxy.connection()
    forged = {**headers(studio), "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"}
    connection.request("GET", "/v1/models", headers=forged)
    response = connection.getresponse()
    response.read()
    assert response.headers.get_all("Strict-Transport-Security") == ["max-age=31536000"]
    request = response.headers["X-Request-Id"]
    wait_for(lambda: request in studio.log.read_text(), "the request in the log")
    line = next(row for row in studio.log.read_text().splitlines() if request in row)
    assert json.loads(line)["address"] == "127.0.0.1"


def test_told_to_stop_it_finishes_the_stream_and_releases_the_data_folder(
    studio: Studio, proxy: Proxy
) -> None:
    """The last test of this file: it ends the studio."""
    connection = proxy.connection()
    connection.request("POST", "/v1/audio/speech", speech(SENTENCE * 3, seed=3), headers(studio))
    response = connection.getresponse()
    first = response.read(2_000)
    studio.process.send_signal(signal.SIGTERM)
    audio = first + response.read()
    assert len(audio) / 48_000 > 8.0
    assert studio.process.wait(WAIT_SECONDS) == 0, studio.log.read_text()
    with folder_lock(studio.home / "server"):
        pass
    connection = proxy.connection()
    connection.request("GET", "/v1/models", headers=headers(studio))
    absent = connection.getresponse()
    assert absent.status == 503 and json.loads(absent.read())["code"] == "not_ready"
