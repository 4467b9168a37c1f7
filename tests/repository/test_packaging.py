"""The wheel is whole: it builds, holds every file, and speaks in an environment of its own."""

from __future__ import annotations

import json
import math
import os
import struct
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
CAPSTONE = ROOT / "capstone_voice_replication_pipeline"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

PACKAGE_FOLDERS = sorted(
    [init.parent for init in ROOT.glob("[0-9][0-9]_*/*/__init__.py")]
    + [CAPSTONE / "voice_replication"]
)


def test_every_floor_is_on_every_list() -> None:
    """A floor that one of the lists forgets would be missing from the wheel, mypy or imports."""
    relative = [folder.relative_to(ROOT).as_posix() for folder in PACKAGE_FOLDERS]
    floors = {name.partition("/")[0] for name in relative}
    build = PROJECT["tool"]["hatch"]["build"]
    assert set(build["dev-mode-dirs"]) == floors
    assert set(relative) <= set(build["targets"]["wheel"]["only-include"])
    assert set(PROJECT["tool"]["mypy"]["mypy_path"].split(":")) == floors
    makefile = (ROOT / "Makefile").read_text("utf-8").replace("\\\n", " ")
    (listed,) = (line for line in makefile.splitlines() if line.startswith("PACKAGES :="))
    assert set(listed.split()[2:]) == {folder.name for folder in PACKAGE_FOLDERS}


def test_all_thirteen_modules_have_a_readme() -> None:
    modules = sorted(ROOT.glob("[0-9][0-9]_*"))
    assert [folder.name[:2] for folder in modules] == [f"{number:02}" for number in range(13)]
    assert not [folder.name for folder in modules if not (folder / "README.md").is_file()]


def test_constraints_fit_what_is_required() -> None:
    pins = {}
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text:
            name, _, pin = text.partition("==")
            assert pin and "+" not in pin and "@" not in pin, f"not a plain pin: {line}"
            pins[name.lower().replace("_", "-")] = pin
    project = PROJECT["project"]
    optional = project["optional-dependencies"]
    extras = [*optional["eval"], *optional["dev"], *optional["course"]]
    inside = [*optional["hf"], *optional["text"], *optional["notebooks"]]  # parts of `course`
    needed = [r for r in [*project["dependencies"], *extras, *inside] if "[" not in r]
    for requirement in map(Requirement, needed):
        pin = pins.get(requirement.name.lower().replace("_", "-"))
        assert pin is not None, f"constraints.txt does not pin {requirement.name}"
        assert requirement.specifier.contains(pin), f"{requirement} does not allow {pin}"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the tree as it is, without network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run([*command, "--directory", str(folder)], cwd=ROOT, check=True)
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_every_file_of_every_package(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    expected = {
        file.relative_to(folder.parent).as_posix()
        for folder in PACKAGE_FOLDERS
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".pyc"
    }
    for shipped, name in [
        ("checkpoints", "checkpoints"),
        ("voices", "sample_voices"),
        ("configs", "configs"),
    ]:
        files = [p for p in (CAPSTONE / shipped).rglob("*") if p.is_file()]
        assert files, f"{shipped} is empty"
        expected |= {
            f"voice_replication/{name}/{p.relative_to(CAPSTONE / shipped).as_posix()}"
            for p in files
        }
    story = ROOT / "01_python_programming" / "sample_book"
    expected |= {f"book_utils/sample_book/{p.name}" for p in story.iterdir()}
    assert not expected - inside, f"not in the wheel: {sorted(expected - inside)}"
    strangers = {name for name in inside - expected if ".dist-info/" not in name}
    assert not strangers, f"in the wheel, but in no package: {sorted(strangers)}"


def test_what_ships_is_small(shipped_checkpoints: Path) -> None:
    """At most 24 MB and 16 million parameters, counted in the files themselves."""
    stages = [
        shipped_checkpoints / f"{s}.safetensors" for s in ("encoder", "synthesizer", "vocoder")
    ]
    assert sum(path.stat().st_size for path in stages) <= 24 * 10**6
    parameters = 0
    for path in stages:
        with path.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))  # the safetensors header
            header = json.loads(stream.read(length))
        for name, tensor in header.items():
            if name != "__metadata__":
                parameters += math.prod(tensor["shape"])
    assert 0 < parameters <= 16 * 10**6


def test_no_recording_is_in_the_tree() -> None:
    """Sound files are allowed in one place only: the references that the models spoke."""
    sounds = {".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".m4b", ".aac"}
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if tracked.returncode != 0:
        pytest.skip("this copy is not a git checkout")
    voices = "capstone_voice_replication_pipeline/voices/"
    found = [
        name
        for name in tracked.stdout.splitlines()
        if Path(name).suffix.lower() in sounds and not name.startswith(voices)
    ]
    assert not found


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty environment with the wheel in it; its folder of programs.

    The dependencies come from the environment that runs the tests, through a .pth file with its
    site-packages alone: a .pth file *in* there, such as that of the editable install, is not read.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    install = ["install", "--no-deps", "--no-index", "--quiet", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", "--python", str(python), *install], check=True)
    site = subprocess.run(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    parents = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    Path(site, "dependencies.pth").write_text("\n".join(sorted(parents)) + "\n")
    return scripts


@pytest.mark.slow
def test_the_installed_wheel_uses_its_own_files(environment: Path, tmp_path: Path) -> None:
    code = "import env_utils, voice_replication.home as h; print(env_utils.__file__);"
    code += "print(h.shipped('checkpoints')); print(h.shipped('configs')); print(h.PACKAGE)"
    run = subprocess.run(
        [str(environment / "python"), "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    for line in run.stdout.splitlines():
        assert Path(line).is_relative_to(environment.parent) and Path(line).exists()


@pytest.mark.slow
def test_the_installed_wheel_speaks(
    environment: Path, shipped_checkpoints: Path, tmp_path: Path, home: Path
) -> None:
    import soundfile

    assert shipped_checkpoints.is_dir() and not home.exists()
    sentence = "A wheel that has been installed can also speak."
    speak = [str(environment / "voiceclone"), "demo", "--text", sentence, "-o", "spoken"]
    run = subprocess.run(speak, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    sounds = list((tmp_path / "spoken").glob("*.wav"))
    assert sounds
    for sound in sounds:
        audio, rate = soundfile.read(sound)
        assert rate == 24_000 and 1.0 < len(audio) / rate < 20.0 and abs(audio).max() > 0.05
