"""The documentation is true: links lead somewhere, and what is marked as runnable runs.

A block of bash or Python is run if the line before it is a comment: ``<!-- run -->`` needs nothing
but the installation, ``<!-- run: voices -->`` needs the shipped models and sample voices (and is
skipped until they are there). It runs in an empty folder that holds ``me.wav`` and ``book.txt``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = {".venv", ".git", "outputs", "runs", "data", "build", "dist", "node_modules"}
PAGES = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not SKIPPED & set(path.relative_to(ROOT).parts)
    and not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
)
LINK = re.compile(r"(?<!\\)\[(?:[^\]\[]|\[[^\]]*\])*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
BLOCK = re.compile(
    r"<!-- run(?::\s*(?P<needs>\w+))? -->\s*\n```(?P<kind>bash|python)\n(?P<code>.*?)\n```", re.S
)
BOOK = "# Chapter 1\n\nIt rained. Nobody minded.\n\n# Chapter 2\n\nThe sun came back.\n"


def without_code(text: str) -> str:
    """The prose of a page: no fenced blocks, no inline code."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))


def anchors(page: Path) -> set[str]:
    """The anchors that a Markdown renderer gives to the headings of ``page``."""
    headings = re.findall(r"^#{1,6}\s+(.*?)\s*#*$", without_code(page.read_text("utf-8")), re.M)
    raw = re.findall(r"^#{1,6}\s+(.*?)\s*#*$", page.read_text("utf-8"), re.M)
    names = [re.sub(r"[`*]", "", heading).lower() for heading in [*headings, *raw]]
    return {re.sub(r"[^\w\- ]", "", name).replace(" ", "-") for name in names}


def broken_links(page: Path) -> list[str]:
    """The links of ``page`` that lead nowhere, out of the repository, or to an absolute path."""
    broken = []
    for target in LINK.findall(without_code(page.read_text("utf-8"))):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):  # https:, mailto: ... are for people to check
            continue
        name, _, anchor = unquote(target).partition("#")
        file = (page.parent / name).resolve() if name else page
        inside = file.exists() and file.is_relative_to(ROOT) and not name.startswith("/")
        if not inside or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            broken.append(target)
    return broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert not broken_links(page)


def test_a_broken_link_would_be_found(tmp_path: Path) -> None:
    page = ROOT / "README.md"
    sample = tmp_path / "sample.md"
    sample.write_text(f"[ok](https://x.org) [up]({page}) [no](nothing.md)\n```\n[a](b)\n```")
    assert broken_links(sample) == [str(page), "nothing.md"]


def test_no_page_names_a_folder_of_somebodys_machine() -> None:
    personal = re.compile(r"(?<![\w./:~-])/(?:home|Users|root|work|mnt)/\w+")
    found = {
        str(page.relative_to(ROOT)): hits
        for page in PAGES
        if (hits := personal.findall(page.read_text("utf-8")))
    }
    assert not found


def runnable() -> list[object]:
    blocks = []
    for page in PAGES:
        for number, match in enumerate(BLOCK.finditer(page.read_text("utf-8")), 1):
            name = f"{page.relative_to(ROOT)}-{number}"
            blocks.append(pytest.param(match["kind"], match["needs"], match["code"], id=name))
    return blocks


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "needs", "code"), runnable())
def test_a_marked_block_runs(
    kind: str,
    needs: str | None,
    code: str,
    tmp_path: Path,
    home: Path,
    request: pytest.FixtureRequest,
) -> None:
    assert needs in {None, "voices"}, f"unknown requirement '{needs}'"
    if needs == "voices":
        request.getfixturevalue("shipped_checkpoints")
        prepare_recording(tmp_path / "me.wav")
    (tmp_path / "book.txt").write_text(BOOK)
    if kind == "bash" and shutil.which("bash") is None:
        pytest.skip("there is no bash here")
    bash = ["bash", "-euo", "pipefail"]
    scripts = str(Path(sys.executable).parent)
    run = subprocess.run(
        [*(bash if kind == "bash" else [sys.executable]), "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PATH": scripts + os.pathsep + os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, f"{code}\n{run.stdout}\n{run.stderr}"
    assert home  # voices that the block enrolled went there, not to the user's folder


def prepare_recording(target: Path) -> None:
    """A "recording of the user": the reference of a sample voice, which no person spoke."""
    from audio_utils import load_audio, save_audio
    from voice_replication.home import sample_voices_folder

    references = sorted(sample_voices_folder().glob("*/reference.flac"))
    if not references:
        pytest.skip(f"no sample voice in {sample_voices_folder()}")
    save_audio(target, load_audio(references[0]), 24_000)
