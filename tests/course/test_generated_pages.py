"""What is made from the manifest is up to date, and the generator says when it is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from course.generate import MADE_BY, cell, generated, main, minutes, replace_part
from course.manifest import load_course
from course.reuse import uses
from env_utils import InputError

ROOT = Path(__file__).resolve().parents[2]


def test_no_page_is_stale() -> None:
    pages, problems = generated(load_course())
    stale = [path for path, text in pages.items() if path.read_text("utf-8") != text]
    names = [str(path.relative_to(ROOT)) for path in stale]
    assert not problems and not names, "run python 00_env_setup/course/generate.py"


def test_the_script_runs_by_its_path() -> None:
    command = [sys.executable, str(ROOT / "00_env_setup/course/generate.py"), "--check"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode in {0, 1} and "Traceback" not in run.stderr


def test_a_part_is_replaced_and_nothing_else() -> None:
    page = f"before\n<!-- x: begin ({MADE_BY}) -->\nold\n<!-- x: end -->\nafter\n"
    assert replace_part(page, "x", "new", "p") == page.replace("old", "new")
    empty = page.replace("old\n", "").replace(f" ({MADE_BY})", "")
    assert replace_part(empty, "x", r"\1 new", "p") == page.replace("old", r"\1 new")


@pytest.mark.parametrize("page", ["", "<!-- x: begin -->\n<!-- x: end -->\n" * 2])
def test_a_page_without_one_place_is_named(page: str) -> None:
    with pytest.raises(InputError, match=r"page\.md"):
        replace_part(page, "x", "new", "page.md")


def test_numbers_and_texts_are_made_for_a_table() -> None:
    assert [minutes(m) for m in (0.25, 1.0, 1.5, 12.4)] == ["0.2", "1", "1.5", "12"]
    assert cell("a|b\nc") == "a\\|b c"


def test_a_manifest_without_pages_is_an_error_not_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("course.manifest.repo_root", lambda: tmp_path)
    assert main(["--check"]) == 3
    (tmp_path / "course.toml").write_text("")
    assert main(["--check"]) == 1
    assert "ROADMAP.md" in capsys.readouterr().err


def test_the_reuse_map_reads_the_real_imports() -> None:
    found = uses(ROOT)
    assert found["env_utils"][0] == "01_python_programming"
    assert "capstone_voice_replication_pipeline" in found["audio_utils"]
    assert "04_speech_audio_processing" not in found["audio_utils"]
    assert not found["voice_replication"], "nothing imports the capstone"
