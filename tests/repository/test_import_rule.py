"""The house stands: a floor imports only from the floors below it, and nobody from the roof."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CAPSTONE = "capstone_voice_replication_pipeline"
FLOOR_FOLDERS = sorted(path for path in ROOT.glob("[0-9][0-9]_*") if path.is_dir())


def packages() -> dict[str, int]:
    """Package name -> number of its floor; the capstone stands above every number."""
    found = {
        init.parent.name: int(folder.name[:2])
        for folder in FLOOR_FOLDERS
        for init in folder.glob("*/__init__.py")
    }
    return {**found, "voice_replication": 100}


FLOOR_OF = packages()
SOURCES = sorted(p for folder in [*FLOOR_FOLDERS, ROOT / CAPSTONE] for p in folder.rglob("*.py"))


def imported_modules(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every module that is imported anywhere in a file, functions included, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield str(node.module), node.lineno
        elif isinstance(node, ast.Call) and node.args:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            called = node.func.id if isinstance(node.func, ast.Name) else called
            name = node.args[0]
            if called in {"import_module", "__import__"} and isinstance(name, ast.Constant):
                yield str(name.value), node.lineno


def floor_of_file(path: Path) -> int:
    top = path.relative_to(ROOT).parts[0]
    return 100 if top == CAPSTONE else int(top[:2])


def upward_imports(path: Path, source: str) -> list[str]:
    """The imports in ``source`` (the text of ``path``) that reach a higher floor."""
    own = floor_of_file(path)
    return [
        f"{path.relative_to(ROOT)}:{line} imports {module} (floor {FLOOR_OF[top]})"
        for module, line in imported_modules(ast.parse(source))
        if (top := module.partition(".")[0]) in FLOOR_OF and FLOOR_OF[top] > own
    ]


def test_the_rule_covers_whatever_a_floor_holds() -> None:
    assert FLOOR_OF["course"] == FLOOR_OF["env_utils"] == 0 and FLOOR_OF["hf_utils"] == 6
    kinds = {"exercises", "solutions", "checks", "figures"}
    covered = {path.parent.name for path in SOURCES}
    assert kinds <= covered, f"no file seen in {sorted(kinds - covered)}"
    lesson = ROOT / "03_tts_systems" / "exercises" / "ex01_x.py"
    assert upward_imports(lesson, "from text_utils import normalize_text")
    assert not upward_imports(lesson, "from course.expect import expect")


def test_no_floor_imports_a_higher_one() -> None:
    assert len(SOURCES) > 60 and len(FLOOR_OF) >= 12
    found = [line for path in SOURCES for line in upward_imports(path, path.read_text("utf-8"))]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "statement",
    [
        "import audio_utils.mel",
        "from voice_replication import cli",
        "def late():\n    from audio_utils import mel_spectrogram",
        "import importlib\nimportlib.import_module('audio_utils')",
    ],
)
def test_the_rule_sees_every_way_to_import(statement: str) -> None:
    assert len(upward_imports(ROOT / "00_env_setup" / "env_utils" / "x.py", statement)) == 1
    assert not upward_imports(ROOT / CAPSTONE / "voice_replication" / "x.py", statement)


def test_imports_are_absolute() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level > 0
    ]
    assert not found, f"relative imports: {found}"


def test_nobody_touches_sys_path() -> None:
    tricks = re.compile(r"\bsys\.path\b|\bsite\.addsitedir\b|\bPYTHONPATH\b")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if tricks.search(line)
    ]
    assert not found, f"import tricks: {found}"


def test_no_module_is_called_utils_or_helpers() -> None:
    found = [str(p.relative_to(ROOT)) for p in SOURCES if p.stem in {"utils", "helpers", "common"}]
    assert not found


def test_an_init_file_only_hands_names_on() -> None:
    allowed = (ast.ImportFrom, ast.Import, ast.Assign, ast.Expr)
    for path in (source for source in SOURCES if source.name == "__init__.py"):
        text = path.read_text("utf-8")
        where = str(path.relative_to(ROOT))
        assert len(text.splitlines()) < 40, f"{where} has {len(text.splitlines())} lines"
        body = ast.parse(text).body
        assert ast.get_docstring(ast.parse(text)), f"{where} does not say what the package is"
        assert all(isinstance(node, allowed) for node in body), f"{where} holds code"


def test_every_file_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not silent, f"no docstring at the top: {silent}"


def test_test_files_have_names_of_their_own() -> None:
    every_floor = {"test_graduation.py"}  # what a lesson writes by hand against the floor's utils
    paths = (ROOT / "tests").rglob("test_*.py")
    names = [path.name for path in paths if path.name not in every_floor]
    assert len(names) == len(set(names))


# What only an extra installs: a lesson or a package must be importable without it.
OPTIONAL = {
    "transformers", "tokenizers", "spacy", "sklearn", "librosa", "accelerate", "datasets", "TTS",
    "imageio_ffmpeg", "jupytext", "nbclient", "nbformat", "sounddevice", "mlflow", "wandb",
    "jiwer", "pocketsphinx", "pystoi", "pesq", "resemblyzer", "torchaudio", "torchvision",
    "ray", "gunicorn",
}  # fmt: skip


def imported_at_once(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """What a file imports as soon as it is imported itself: not inside functions or guards."""
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from imported_modules(ast.Module([node], []))


def test_optional_packages_are_imported_where_they_are_used() -> None:
    """So that a missing one is a sentence that names the extra, not a traceback at the top."""
    practice = {"exercises", "solutions", "checks"}  # the course's extra is installed there
    found = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in SOURCES
        if not practice & set(path.relative_to(ROOT).parts)
        for module, line in imported_at_once(ast.parse(path.read_text("utf-8")))
        if module.partition(".")[0] in OPTIONAL
    ]
    assert not found, "\n".join(found)
