"""What is in deploy/ fits together and fits the program: names, ports, limits, metrics."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field
from voice_replication.serving.metrics import Metrics
from voice_replication.serving.problems import PROBLEMS, TYPE_PREFIX
from voice_replication.serving.settings import ServerSettings

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
DEFAULTS = ServerSettings(home=Path("/nowhere"))


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def settings_of(environment: dict[str, str]) -> ServerSettings:
    """What the program makes of ``environment``; an unknown VOICECLONE_SERVE_* is refused."""
    return ServerSettings.from_environment(environ={"VOICECLONE_HOME": "/data", **environment})


# --- compose -----------------------------------------------------------------------------------


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Build(Strict):
    context: str
    dockerfile: str
    args: dict[str, str]


class Logging(Strict):
    driver: Literal["json-file"]
    options: dict[str, str]


class Service(Strict):
    """A service as far as the Compose specification is used here; an unknown key is refused."""

    image: str
    build: Build | None = None
    user: str
    command: list[str] | None = None
    environment: dict[str, str] = Field(default_factory=dict)
    depends_on: dict[str, dict[str, Literal["service_healthy"]]] = Field(default_factory=dict)
    ports: list[str]
    volumes: list[str]
    tmpfs: list[str]
    read_only: Literal[True]
    cap_drop: list[Literal["ALL"]] = Field(min_length=1)
    security_opt: list[Literal["no-new-privileges:true"]] = Field(min_length=1)
    restart: Literal["unless-stopped"]
    init: Literal[True]
    logging: Logging
    cpus: float = Field(gt=0)
    mem_limit: str = Field(pattern=r"^\d+[mg]$")
    shm_size: str | None = Field(default=None, pattern=r"^\d+[mg]$")
    pids_limit: int = Field(gt=0)
    stop_grace_period: str = Field(pattern=r"^\d+s$")


class Compose(BaseModel):
    model_config = ConfigDict(extra="ignore")  # x-...: fragments
    name: str
    services: dict[str, Service]
    volumes: dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def compose() -> Compose:
    return Compose.model_validate(load(DEPLOY / "compose.yaml"))


def image_environment() -> dict[str, str]:
    """ENV of the image."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.startswith("ENV ")]
    return dict(re.findall(r"(\w+)=(\S+)", " ".join(lines)))


def gunicorn_seconds(name: str) -> int:
    """A time that gunicorn.conf.py sets."""
    text = (DEPLOY / "gunicorn.conf.py").read_text()
    (value,) = re.findall(rf"^{name} = (\d+)", text, re.M)
    return int(value)


def test_compose_runs_the_studio_with_keys_and_keeps_its_data(compose: Compose) -> None:
    studio = compose.services["studio"]
    inside = {**image_environment(), **studio.environment}
    settings = settings_of(inside)
    assert settings.host == "0.0.0.0" and settings.keys_required
    assert studio.ports == [f"127.0.0.1:8000:{settings.port}"]  # TLS comes before the outside does
    assert studio.volumes == [f"data:{inside['VOICECLONE_HOME']}"]
    assert studio.build is not None and studio.user.split(":")[0] != "0"
    assert (DEPLOY / studio.build.context / studio.build.dockerfile).is_file()
    text = (DEPLOY / "Dockerfile").read_text()
    for argument in studio.build.args:
        assert re.search(rf"^ARG {argument}=", text, re.M), argument
    assert studio.tmpfs[0].startswith("/tmp:") and "noexec" in studio.tmpfs[0]
    graceful = re.search(
        r"^graceful_timeout = (\d+)", (DEPLOY / "gunicorn.conf.py").read_text(), re.M
    )
    assert graceful and int(studio.stop_grace_period[:-1]) > int(graceful[1])
    # one upload is decoded beside the server, with a limit of its own
    assert int(studio.mem_limit[:-1]) * 2**30 > settings.decode_bytes


def test_compose_names_only_volumes_services_and_files_that_exist(compose: Compose) -> None:
    for service in compose.services.values():
        assert set(service.depends_on) <= set(compose.services)
        for source in (volume.split(":")[0] for volume in service.volumes):
            assert source in compose.volumes or (DEPLOY / source).is_file(), source
        assert re.fullmatch(r".+:v?\d+\.\d+\.\d+", service.image), "a version, not a moving tag"
        assert all(port.startswith("127.0.0.1:") for port in service.ports)


def test_prometheus_asks_the_studio_where_it_listens(compose: Compose) -> None:
    config = load(DEPLOY / "prometheus.yml")
    (job,) = (job for job in config["scrape_configs"] if job["job_name"] == "voiceclone")
    (target,) = job["static_configs"][0]["targets"]
    name, _, port = target.partition(":")
    studio = compose.services[name]
    settings = settings_of({**image_environment(), **studio.environment})
    assert int(port) == settings.port and settings.public_metrics
    mounted = {v.split(":")[1] for v in compose.services["prometheus"].volumes}
    assert set(config["rule_files"]) < mounted


# --- alerts ------------------------------------------------------------------------------------

PROMQL = {
    "sum", "by", "le", "rate", "increase", "min_over_time", "histogram_quantile", "clamp_min",
    "status", "code", "job",
}  # fmt: skip


def rules() -> Iterator[dict[str, Any]]:
    for group in load(DEPLOY / "alerts.yml")["groups"]:
        yield from group["rules"]


def test_every_rule_is_about_metrics_that_the_studio_has() -> None:
    known = {line.split()[2] for line in Metrics().text().decode().splitlines() if "# TYPE" in line}
    exported = known | {f"{name}_{part}" for name in known for part in ("bucket", "sum", "count")}
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    for rule in rules():
        bare = re.sub(r'"[^"]*"|\[\w+\]', "", rule["expr"])
        names = set(re.findall(r"(?<![\w.])[A-Za-z_][\w:]*", bare)) - PROMQL
        assert names <= exported | recorded | {"up"}, (rule, names - exported)
        assert names, rule
        assert bare.count("(") == bare.count(")")


def test_every_alert_says_what_happens_to_people_and_what_to_do() -> None:
    alerts = [rule for rule in rules() if "alert" in rule]
    assert len({rule["alert"] for rule in alerts}) == len(alerts) >= 6
    guide = (ROOT / "docs" / "serving.md").read_text()
    for rule in alerts:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["action"].endswith(".")
        assert rule["alert"] in guide, f"docs/serving.md does not explain {rule['alert']}"


def test_alerts_ask_for_codes_that_exist_and_limits_that_are_set() -> None:
    texts = [rule["expr"] for rule in rules()]
    codes = {
        c
        for text in texts
        for found in re.findall(r'code=~?"([^"]+)"', text)
        for c in found.split("|")
    }
    assert codes and codes <= set(PROBLEMS)
    (long_queue,) = (rule["expr"] for rule in rules() if rule.get("alert") == "StudioQueueLong")
    assert float(long_queue.split(">")[1]) < DEFAULTS.max_queue


# --- systemd -----------------------------------------------------------------------------------


def unit() -> dict[str, dict[str, list[str]]]:
    """voiceclone.service by section and name; a name may stand there more than once."""
    sections: dict[str, dict[str, list[str]]] = {}
    for line in (DEPLOY / "voiceclone.service").read_text().splitlines():
        if line.startswith("["):
            current = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            current.setdefault(name, []).append(value)
    return sections


def test_the_services_settings_ask_for_keys_behind_nginx() -> None:
    lines = (DEPLOY / "voiceclone.env").read_text().splitlines()
    environment = dict(line.split("=", 1) for line in lines if line and line[0] != "#")
    settings = settings_of(environment)
    assert settings.host == "127.0.0.1" and settings.keys_required
    assert settings.trusted_proxies == 1 and not settings.public_metrics
    service = unit()["Service"]
    assert environment["VOICECLONE_HOME"] == f"/var/lib/{service['StateDirectory'][0]}"
    assert service["EnvironmentFile"] == ["/etc/voiceclone/voiceclone.env"]


def test_the_service_writes_only_where_it_may() -> None:
    service = unit()["Service"]
    cache = f"/var/cache/{service['CacheDirectory'][0]}/"
    assert service["ProtectSystem"] == ["strict"]
    assert all(value.partition("=")[2].startswith(cache) for value in service["Environment"])
    assert "ExecReload" not in service  # two processes would want the data folder at once


def test_systemd_finds_nothing_wrong_with_the_service(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed (`apt-get install systemd`)")
    text = (DEPLOY / "voiceclone.service").read_text()
    command = unit()["Service"]["ExecStart"][0].split()[0]
    copy = tmp_path / "voiceclone.service"
    copy.write_text(text.replace(command, str(shutil.which("true"))))  # which is installed here
    verified = subprocess.run([program, "verify", str(copy)], capture_output=True, text=True)
    about = [line for line in verified.stderr.splitlines() if "voiceclone" in line]
    assert not about, about
    judged = subprocess.run(
        [program, "security", "--offline=true", str(copy)], capture_output=True, text=True
    )
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", judged.stdout)
    if exposure is None:
        pytest.skip("this systemd-analyze cannot judge a file (it is older than version 250)")
    assert float(exposure[1]) <= 1.5


# --- nginx -------------------------------------------------------------------------------------


def test_nginx_lets_in_what_the_studio_takes_and_waits_as_long() -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    body = re.search(r"client_max_body_size (\d+)m;", text)
    assert body and int(body[1]) * 2**20 == DEFAULTS.max_upload_bytes
    waits = [int(seconds) for seconds in re.findall(r"proxy_read_timeout (\d+)s;", text)]
    assert waits and min(waits) > DEFAULTS.deadline_seconds
    assert gunicorn_seconds("keepalive") > 60  # nginx's default for connections to a server


def test_what_nginx_refuses_has_the_codes_of_the_studio() -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    bodies = re.findall(r"return (\d+) '(\{.*\})';", text)
    assert len(bodies) == 3
    for status, body in bodies:
        problem = yaml.safe_load(body)
        assert problem["status"] == int(status) == PROBLEMS[problem["code"]][0]
        assert problem["title"] == PROBLEMS[problem["code"]][1]
        assert problem["type"] == TYPE_PREFIX + problem["code"]
