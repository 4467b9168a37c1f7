"""The command line answers at once, every command explains itself, and its example is real."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from importlib.metadata import version

import pytest
from voice_replication.cli import COMMANDS, build_parser, main

HEAVY = ("torch", "numpy", "scipy", "librosa", "numba", "matplotlib", "soundfile", "pydantic")


def heavy_modules_after(arguments: list[list[str]]) -> list[list[str]]:
    """Which of HEAVY one fresh Python has loaded after each of some `voiceclone` calls in turn."""
    program = """
import contextlib, io, json, sys
from voice_replication.cli import main
shown = []
for arguments in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            main(arguments)  # argparse leaves after --help
        except SystemExit as left:
            assert not left.code
        else:
            sys.exit(f"{arguments} gave no help")
    shown.append([name for name in json.loads(sys.argv[2]) if name in sys.modules])
print(json.dumps(shown))
"""
    command = [sys.executable, "-c", program, json.dumps(arguments), json.dumps(HEAVY)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    shown: list[list[str]] = json.loads(run.stdout)
    return shown


def test_no_help_waits_for_a_heavy_import() -> None:
    calls = [["--help"], *([name, "--help"] for name in COMMANDS)]
    loaded = {call[0]: heavy for call, heavy in zip(calls, heavy_modules_after(calls), strict=True)}
    assert loaded == {call[0]: [] for call in calls}


def test_the_overview_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    shown = capsys.readouterr().out
    assert left.value.code == 0
    assert all(f"  {name} " in shown and text in shown for name, text in COMMANDS.items())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_explains_itself_with_an_example_that_it_accepts(name: str) -> None:
    parser = build_parser(name)
    shown = parser.format_help()
    _, _, example = shown.partition("example:\n")
    words = shlex.split(example)
    assert words[:2] == ["voiceclone", name], f"the example of '{name}' is: {example}"
    parser.parse_args(words[2:])  # leaves with code 2 if the example is not valid
    silent = [a.dest for a in parser._actions if not (a.help or a.choices)]
    assert not silent, f"'{name}' does not explain {silent}"


def test_the_version_is_the_installed_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == version("voice-cloning-pipeline")


def test_an_unknown_command_is_named_with_the_known_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["spaek"]) == 2
    shown = capsys.readouterr().err
    assert "'spaek'" in shown and "speak" in shown
