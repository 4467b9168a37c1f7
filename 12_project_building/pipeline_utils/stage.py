"""One stage of a pipeline, and the record that says what it was last made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from env_utils import InputError, read_json

from pipeline_utils.content import content_key


@dataclass(frozen=True)
class Stage:
    """Inputs, settings, outputs, and the action that makes the outputs from the rest.

    ``action`` is called with the stage and writes ``outputs`` in place. It should write every file
    atomically and, if it takes long, go on where an interrupted call stopped: the pipeline calls it
    again. ``config`` holds plain values only. ``version`` is raised when the code changes what
    comes out; a change that only makes it faster needs no new version.
    """

    name: str
    action: Callable[[Stage], None]
    inputs: Mapping[str, Path] = field(default_factory=dict)
    outputs: Mapping[str, Path] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    version: str = "1"

    def makes(self, path: Path) -> bool:
        """Whether an output of this stage is ``path``, lies in it, or contains it."""
        path = path.absolute()
        return any(
            path == mine or mine in path.parents or path in mine.parents
            for mine in map(Path.absolute, self.outputs.values())
        )

    def needs(self, other: Stage) -> bool:
        """Whether ``other`` makes an input of this stage."""
        return any(other.makes(path) for path in self.inputs.values())


@dataclass(frozen=True)
class Record:
    """What a stage was made from and what came out, as fingerprints."""

    version: str
    config: dict[str, Any]
    inputs: dict[str, str]
    outputs: dict[str, str]
    seconds: float

    @classmethod
    def read(cls, path: Path) -> Record | None:
        """The record in ``path``; ``None`` if there is none or it is damaged."""
        try:
            return cls(**read_json(path))
        except (InputError, TypeError):
            return None

    @property
    def key(self) -> str:
        """The fingerprint of everything the outputs depend on."""
        return content_key([self.version, self.config, self.inputs])

    def differences(self, now: Record) -> Iterator[str]:
        """Why ``now`` is another key than this, as short sentences for a person."""
        if self.version != now.version:
            yield f"code version {self.version} -> {now.version}"
        yield from _changes("input", self.inputs, now.inputs, values=False)
        yield from _changes("setting", self.config, now.config, values=True)


def _changes(
    what: str, before: Mapping[str, Any], now: Mapping[str, Any], values: bool
) -> Iterator[str]:
    for name in sorted(before.keys() | now.keys()):
        if name not in before:
            yield f"new {what} '{name}'"
        elif name not in now:
            yield f"{what} '{name}' is gone"
        elif before[name] != now[name]:
            detail = f": {before[name]} -> {now[name]}" if values else ""
            yield f"{what} '{name}' changed{detail}"
