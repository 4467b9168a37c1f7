"""The documentation is true: links lead somewhere, and what is marked as runnable runs.

A block of bash or Python is run if the line before it is a comment: ``<!-- run -->`` needs nothing
but the installation, ``<!-- run: voices -->`` needs the shipped models and sample voices (and is
skipped until they are there), ``<!-- run: server -->`` also a server, whose address takes the place
of ``http://127.0.0.1:8000``. It runs in an empty folder that holds ``me.wav`` and ``book.txt``.
The Python blocks of a page that need nothing share a process, and nothing else.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
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
ADDRESS = "http://127.0.0.1:8000"  # of the server, in examples
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


def blocks_of(page: Path) -> list[re.Match[str]]:
    return list(BLOCK.finditer(page.read_text("utf-8")))


def is_plain_python(block: re.Match[str]) -> bool:
    return block["kind"] == "python" and block["needs"] is None


def single_blocks() -> list[object]:
    """Blocks that get a process of their own: bash, and whatever needs something."""
    return [
        pytest.param(block["kind"], block["needs"], block["code"], id=f"{name}-{number}")
        for page in PAGES
        for name in [str(page.relative_to(ROOT))]
        for number, block in enumerate(blocks_of(page), 1)
        if not is_plain_python(block)
    ]


@pytest.fixture(scope="module")
def server_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``voiceclone serve`` for the examples, on a free port and with a data folder of its own."""
    folder = tmp_path_factory.mktemp("server")
    with (folder / "log.txt").open("w") as log:
        server = subprocess.Popen(
            [str(Path(sys.executable).with_name("voiceclone")), "serve", "--port", "0"],
            env={**os.environ, "VOICECLONE_HOME": str(folder / "home")},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert server.stdout is not None
    line = server.stdout.readline()
    try:
        assert line.startswith("studio: "), (folder / "log.txt").read_text()
        yield line.removeprefix("studio: ").strip().rstrip("/")
    finally:
        server.terminate()
        assert server.wait(60) == 0


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "needs", "code"), single_blocks())
def test_a_marked_block_runs(
    kind: str,
    needs: str | None,
    code: str,
    tmp_path: Path,
    home: Path,
    request: pytest.FixtureRequest,
) -> None:
    assert needs in {None, "voices", "server"}, f"unknown requirement '{needs}'"
    if needs is not None:
        request.getfixturevalue("shipped_checkpoints")
        prepare_recording(tmp_path / "me.wav")
    if needs == "server":
        assert ADDRESS in code or "voiceclone keys" in code
        code = code.replace(ADDRESS, request.getfixturevalue("server_address"))
        if "curl" in code and shutil.which("curl") is None:
            pytest.skip("there is no curl here")
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


def failing_blocks(page: Path, folder: Path) -> list[str]:
    """Run the plain Python blocks of ``page`` in one process; those that fail, each as a text."""
    text = page.read_text("utf-8")
    name = str(page.relative_to(ROOT)) if page.is_relative_to(ROOT) else page.name
    blocks = [
        {
            "name": name,
            "line": text.count("\n", 0, block.start("code")) + 1,
            "code": block["code"],
            "files": {"book.txt": BOOK},
        }
        for block in blocks_of(page)
        if is_plain_python(block)
    ]
    (folder / "blocks.json").write_text(json.dumps(blocks))
    runner = Path(__file__).with_name("page_blocks.py")
    run = subprocess.run(
        [sys.executable, str(runner), str(folder / "blocks.json"), str(folder / "work")],
        env={**os.environ, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, f"{name}: Python ended in the middle.\n{run.stderr}"
    failures: list[str] = json.loads(run.stdout.splitlines()[-1])
    return failures


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(map(is_plain_python, blocks_of(page)))],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_the_python_of_a_page_runs(page: Path, tmp_path: Path, home: Path) -> None:
    assert not home.exists()
    failures = failing_blocks(page, tmp_path)
    assert not failures, "\n\n".join(failures)


def test_blocks_of_a_page_do_not_see_each_other(tmp_path: Path) -> None:
    blocks = [
        "from pathlib import Path\nx = 1\nPath('left.txt').write_text('here')",
        "from pathlib import Path\nassert not Path('left.txt').exists()\nprint(x)",
        "from dataclasses import dataclass\n@dataclass\nclass A:\n    b: int\nassert A(1).b == 1",
        "import sys\nsys.exit(0)",
        "from pathlib import Path\nassert 'Chapter 1' in Path('book.txt').read_text()",
    ]
    text = "".join(f"words\n\n<!-- run -->\n```python\n{code}\n```\n" for code in blocks)
    (tmp_path / "page.md").write_text(text + "```python\nnot marked\n```\n")
    failures = failing_blocks(tmp_path / "page.md", tmp_path)
    assert len(failures) == 2
    assert "page.md" in failures[0] and "NameError: name 'x'" in failures[0]
    assert f"line {text[: text.index('print(x)')].count(chr(10)) + 1}," in failures[0]
    assert "SystemExit" in failures[1]


def prepare_recording(target: Path) -> None:
    """A "recording of the user": the reference of a sample voice, which no person spoke."""
    from audio_utils import load_audio, save_audio
    from voice_replication.home import sample_voices_folder

    references = sorted(sample_voices_folder().glob("*/reference.flac"))
    if not references:
        pytest.skip(f"no sample voice in {sample_voices_folder()}")
    save_audio(target, load_audio(references[0]), 24_000)
