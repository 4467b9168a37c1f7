"""Pipelines: what is up to date is skipped, what is not runs, and a kill loses nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from env_utils import ConfigError, InputError, VoiceReplicationError
from pipeline_utils import Pipeline, Stage, StageResult


def concatenate(stage: Stage) -> None:
    """Write the texts of all inputs, and the setting, to every output."""
    text = "".join(path.read_text() for path in stage.inputs.values())
    for path in stage.outputs.values():
        path.write_text(text + str(stage.config.get("suffix", "")))


def upper(stage: Stage) -> None:
    """Write the only input in capitals: two inputs may give one output."""
    (source,), (target,) = stage.inputs.values(), stage.outputs.values()
    target.write_text(source.read_text().upper())


class Book:
    """a.txt -> upper -> joined with b.txt. ``run()`` says which stages ran."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.suffix, self.version = folder, "!", "1"
        (folder / "a.txt").write_text("a")
        (folder / "b.txt").write_text("b")

    def pipeline(self) -> Pipeline:
        at = self.folder.joinpath
        join = Stage(  # declared first, runs second
            "join",
            concatenate,
            inputs={"upper": at("upper.txt"), "b": at("b.txt")},
            outputs={"book": at("book.txt")},
            config={"suffix": self.suffix},
            version=self.version,
        )
        first = Stage("upper", upper, {"a": at("a.txt")}, {"upper": at("upper.txt")})
        return Pipeline([join, first], self.folder / "records")

    def run(self) -> list[str]:
        return [result.name for result in self.pipeline().run() if result.ran]

    @property
    def text(self) -> str:
        return (self.folder / "book.txt").read_text()


@pytest.fixture()
def book(tmp_path: Path) -> Book:
    made = Book(tmp_path)
    assert made.run() == ["upper", "join"] and made.text == "Ab!"
    return made


def test_nothing_runs_twice(book: Book) -> None:
    assert book.run() == []


def test_a_copy_of_the_folder_is_up_to_date_too(book: Book, tmp_path: Path) -> None:
    moved = tmp_path.with_name(tmp_path.name + "-moved")
    tmp_path.rename(moved)
    for path in moved.glob("*.txt"):
        os.utime(path, (1, 1))  # times say nothing, content does
    tmp_path.mkdir()
    book.folder = moved
    assert book.run() == []


@pytest.mark.parametrize(
    ("change", "ran", "text"),
    [
        (lambda book: (book.folder / "a.txt").write_text("c"), ["upper", "join"], "Cb!"),
        (lambda book: (book.folder / "a.txt").write_text("A"), ["upper"], "Ab!"),  # same output
        (lambda book: (book.folder / "b.txt").write_text("d"), ["join"], "Ad!"),
        (lambda book: setattr(book, "suffix", "?"), ["join"], "Ab?"),
        (lambda book: setattr(book, "version", "2"), ["join"], "Ab!"),
        (lambda book: (book.folder / "book.txt").unlink(), ["join"], "Ab!"),
        (lambda book: (book.folder / "book.txt").write_text("edited"), ["join"], "Ab!"),
        (lambda book: (book.folder / "records" / "join.json").write_text("{"), ["join"], "Ab!"),
        (lambda book: (book.folder / "records" / "content.json").write_text("["), [], "Ab!"),
    ],
)
def test_exactly_what_a_change_reaches_runs_again(
    book: Book, change: Callable[[Book], object], ran: list[str], text: str
) -> None:
    change(book)
    assert book.run() == ran and book.text == text and book.run() == []


def test_the_reason_is_given_in_words(book: Book) -> None:
    book.suffix = "?"
    (book.folder / "b.txt").write_text("d")
    lines: list[str] = []
    book.pipeline().run(lines.append)
    assert lines == [
        "upper: up to date",
        "join: running (input 'b' changed; setting 'suffix' changed: ! -> ?)",
    ]


def test_force_runs_everything_and_reports_seconds(book: Book) -> None:
    results = book.pipeline().run(force=True)
    assert [(r.name, r.ran, r.reason) for r in results] == [
        ("upper", True, "asked for"),
        ("join", True, "asked for"),
    ]
    assert isinstance(results[0], StageResult) and 0 <= results[0].seconds < 5


def test_after_a_failure_only_the_rest_runs(tmp_path: Path) -> None:
    attempts: list[str] = []

    def flaky(stage: Stage) -> None:
        attempts.append(stage.name)
        if len(attempts) == 1:
            raise OSError("the network is gone")
        concatenate(stage)

    (tmp_path / "a.txt").write_text("a")
    stages = [
        Stage("one", upper, {"a": tmp_path / "a.txt"}, {"x": tmp_path / "x.txt"}),
        Stage("two", flaky, {"x": tmp_path / "x.txt"}, {"y": tmp_path / "y.txt"}),
    ]
    with pytest.raises(OSError, match="network"):
        Pipeline(stages, tmp_path / "records").run()
    results = Pipeline(stages, tmp_path / "records").run()
    assert [(r.name, r.ran) for r in results] == [("one", False), ("two", True)]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_a_killed_stage_runs_again_and_goes_on_where_it_was(tmp_path: Path) -> None:
    """The action writes ten files slowly and skips those it has: killed, it must not start over."""
    program = """
import sys, time
from pathlib import Path
from env_utils import atomic_write_text
from pipeline_utils import Pipeline, Stage

def slow(stage):
    for number in range(10):
        target = stage.outputs["chapters"] / f"{number}.txt"
        if not target.exists():
            atomic_write_text(target, str(number))
            time.sleep(0.1)

folder = Path(sys.argv[1])
stage = Stage("slow", slow, outputs={"chapters": folder / "chapters"})
print(Pipeline([stage], folder / "records").run())
"""
    command = [sys.executable, "-c", program, str(tmp_path)]
    worker = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not (tmp_path / "chapters" / "3.txt").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    written = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "chapters").glob("[0-9].txt")}
    assert 4 <= len(written) < 10 and not (tmp_path / "records" / "slow.json").exists()
    subprocess.run(command, check=True, capture_output=True)
    again = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "chapters").glob("[0-9].txt")}
    assert len(again) == 10 and {name: again[name] for name in written} == written
    third = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "ran=False" in third.stdout


def test_records_are_readable(book: Book) -> None:
    record = json.loads((book.folder / "records" / "join.json").read_text())
    assert record["config"] == {"suffix": "!"} and set(record["inputs"]) == {"upper", "b"}


def test_a_missing_input_is_named_before_anything_runs(book: Book) -> None:
    (book.folder / "b.txt").unlink()
    (book.folder / "a.txt").write_text("c")
    with pytest.raises(InputError, match=r"stage 'join': its input 'b' .*b\.txt"):
        book.run()
    assert (book.folder / "upper.txt").read_text() == "A"


def test_a_stage_that_writes_nothing_is_named(tmp_path: Path) -> None:
    stage = Stage("lazy", lambda _stage: None, outputs={"x": tmp_path / "x.txt"})
    with pytest.raises(VoiceReplicationError, match=r"'lazy' ended without writing .*x\.txt"):
        Pipeline([stage], tmp_path / "records").run()


def test_impossible_pipelines_are_refused(tmp_path: Path) -> None:
    x, y = {"x": tmp_path / "x"}, {"y": tmp_path / "y"}
    with pytest.raises(ConfigError, match="one, two: none can be first"):
        Pipeline([Stage("one", upper, x, y), Stage("two", upper, y, x)], tmp_path)
    with pytest.raises(ConfigError, match="'one' and 'two' both write"):
        Pipeline([Stage("one", upper, outputs=x), Stage("two", upper, outputs=x)], tmp_path)
    with pytest.raises(ConfigError, match="a name of its own"):
        Pipeline([Stage("one", upper, outputs=x), Stage("one", upper, outputs=y)], tmp_path)
    inside = Stage("inside", upper, {"folder": tmp_path}, {"x": tmp_path / "x"})
    with pytest.raises(ConfigError, match="inside: none can be first"):
        Pipeline([inside], tmp_path)
