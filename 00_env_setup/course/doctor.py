"""``course doctor``: what works on this machine, and the fix for everything that does not.

What takes an import of torch or a wait for the network runs in child processes with a limit.
"""

from __future__ import annotations

import importlib.util
import json
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from env_utils.errors import VoiceReplicationError
from rich.text import Text

from course.lookup import course_root
from course.manifest import MANIFEST, load_course
from course.screen import Screen, command_name, new_table
from course.state import state_folder

PROJECT = "voice-cloning-pipeline"
GIB = 2**30
FACTS = "import json, env_utils; print(json.dumps(env_utils.describe_machine().to_dict()))"
NET = "import urllib.request as u; u.urlopen('https://huggingface.co', timeout=4)"
STYLES = {"ok": "green", "FAIL": "bold red", "note": "yellow"}


@dataclass(frozen=True)
class Finding:
    """One line of the report. ``FAIL`` stops lessons; a ``note`` only makes something poorer."""

    status: str  # of STYLES
    what: str
    found: str
    fix: str = ""


def doctor(screen: Screen) -> int:
    """Print the report; 0 if nothing fails, else 1."""
    screen.say("Looking at this machine ...", "dim")
    findings = list(examine())
    table = new_table("", "what", "found")
    for finding in findings:
        found = Text(finding.found)
        if finding.fix:
            found.append(f"\n-> {finding.fix}", "cyan")
        table.add_row(Text(finding.status, STYLES[finding.status]), finding.what, found)
    screen.show(table)
    failed = sum(finding.status == "FAIL" for finding in findings)
    if failed:
        screen.say(f"\n{failed} to fix; run `{command_name()} doctor` again afterwards.", "bold")
        return 1
    screen.say("\nAll that is needed is here.", "bold green")
    screen.say(f"`{command_name()} next` says where to begin.")
    return 0


def examine() -> Iterator[Finding]:
    """All findings, cheap ones first."""
    yield python_version()
    yield from packages()
    yield manifest()
    yield writable("progress", state_folder(), "set COURSE_HOME to a folder where you may write")
    yield writable("outputs", course_root() / "outputs", "give lessons --output-dir DIR")
    yield from machine_facts()
    yield microphone()
    yield network()


def python_version() -> Finding:
    """Old ones never get here; ones that are newer than what was tried may work."""
    version = platform.python_version()
    where = "in an environment of its own" if sys.prefix != sys.base_prefix else "system-wide"
    if sys.version_info[:2] >= (3, 14):
        return Finding("note", "Python", version, "3.11, 3.12 and 3.13 are what was tried")
    return Finding("ok", "Python", f"{version}, {where}")


def required(extra: str = "") -> Iterator[str]:
    """Names of the packages that the project, or one of its extras, asks for."""
    for line in metadata.requires(PROJECT) or []:
        name = re.match(r"[\w.-]+", line)
        asked = re.search(r"""extra == ['"]([\w-]+)['"]""", line)
        if name is None or (asked[1] if asked else "") != extra:
            continue
        if name[0] == PROJECT:  # an extra that is made of other extras
            inside = re.search(r"\[([^\]]+)\]", line)
            for other in (inside[1] if inside else "").split(","):
                yield from required(other.strip())
        else:
            yield name[0]


def missing(names: Iterator[str]) -> list[str]:
    """Which of the packages are not installed."""
    absent = []
    for name in names:
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            absent.append(name)
    return absent


def packages() -> Iterator[Finding]:
    """The project's own packages and those of the lessons."""
    fix = "make install-requirements"
    if missing(iter([PROJECT])):
        yield Finding("FAIL", "packages", f"{PROJECT} is not installed in this Python", fix)
        return
    for what, extra in (("packages", ""), ("packages of lessons", "course")):
        absent = missing(required(extra))
        if absent:
            yield Finding("FAIL", what, f"missing: {', '.join(absent)}", fix)
        else:
            yield Finding("ok", what, "all there")


def manifest() -> Finding:
    """The lessons themselves."""
    try:
        course = load_course(course_root() / MANIFEST)
    except VoiceReplicationError as error:
        return Finding("FAIL", "lessons", str(error), "git checkout course.toml")
    found = f"{len(course.lessons)} lessons, {len(course.exercises)} exercises in {course.root}"
    return Finding("ok", "lessons", found)


def writable(what: str, folder: Path, fix: str) -> Finding:
    """Whether a file can be made in ``folder`` (which is made if need be)."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Finding("FAIL", what, f"{folder}: {error.strerror}", fix)
    return Finding("ok", what, str(folder))


def child(code: str, limit_seconds: float) -> subprocess.CompletedProcess[str] | None:
    """Run Python code in another process; ``None`` if it took too long."""
    command = [sys.executable, "-c", code]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=limit_seconds)
    except subprocess.TimeoutExpired:
        return None


def machine_facts() -> Iterator[Finding]:
    """What ``env_utils.describe_machine`` finds, each with what to do where it is too little."""
    run = child(FACTS, 120.0)
    if run is None or run.returncode != 0:
        why = "no answer in two minutes" if run is None else run.stderr.strip()[-300:]
        yield Finding("FAIL", "machine", why, "make install-requirements")
        return
    facts: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    if facts["torch"] is None:
        yield Finding("FAIL", "PyTorch", "can not be imported", "make install-requirements")
    else:
        accelerators = ", ".join(facts["accelerators"]) or "CPU only, which is enough"
        yield Finding("ok", "PyTorch", f"{facts['torch']}, {accelerators}")
    yield Finding("ok", "processor", f"{facts['processor']}, {facts['cores']} usable cores")
    yield size("memory", facts["memory_bytes"], 4, "close other programs; lessons have --smoke")
    yield size("free disk", facts["disk_free_bytes"], 2, "free some space")
    if facts["libsndfile"]:
        yield Finding("ok", "sound files", f"libsndfile {facts['libsndfile']}")
    else:
        fix = "pip install --force-reinstall soundfile (on Linux also: apt install libsndfile1)"
        yield Finding("FAIL", "sound files", "no libsndfile", fix)
    if facts["ffmpeg"]:
        yield Finding("ok", "FFmpeg", facts["ffmpeg"])
    else:
        fix = "pip install imageio-ffmpeg, or install ffmpeg with your system's package manager"
        yield Finding("note", "FFmpeg", "not found: no m4a, and no m4b audiobooks", fix)


def size(what: str, found: int | None, least_gib: float, fix: str) -> Finding:
    """A size that should be at least so large."""
    if found is None:
        return Finding("note", what, "unknown")
    text = f"{found / GIB:.1f} GiB"
    enough = found >= least_gib * GIB
    return Finding("ok", what, text) if enough else Finding("note", what, text, fix)


def microphone() -> Finding:
    """Only recording needs it."""
    if importlib.util.find_spec("sounddevice") is None:
        fix = f'pip install "{PROJECT}[record]" (only to record your own voice)'
        return Finding("note", "microphone", "the extra 'record' is not installed", fix)
    run = child("import sounddevice as s; print(s.query_devices(kind='input')['name'])", 15.0)
    if run is None or run.returncode != 0:
        fix = "plug one in, or give `voiceclone record` existing recordings"
        return Finding("note", "microphone", "none found", fix)
    return Finding("ok", "microphone", run.stdout.strip())


def network() -> Finding:
    """What is on the internet is used if it is there; nothing needs it."""
    run = child(NET, 6.0)
    if run is None or run.returncode != 0:
        text = "huggingface.co can not be reached; lessons use what is here instead"
        return Finding("note", "internet", text)
    return Finding("ok", "internet", "huggingface.co answers")
