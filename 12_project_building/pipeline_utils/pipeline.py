"""A pipeline runs its stages in the order of their data and skips what is up to date.

              version, config, content of the inputs
                              |
inputs ──► action ──► outputs │ all as in the record, outputs untouched?  ──► skip
                              └ otherwise ──► run, then write the record
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from env_utils import ConfigError, InputError, VoiceReplicationError, atomic_write_json

from pipeline_utils.content import ContentHashes, plain
from pipeline_utils.stage import Record, Stage

MEMORY = "content"  # the file of remembered hashes, beside the records


@dataclass(frozen=True)
class StageResult:
    """What happened to a stage; ``seconds`` is what its outputs took, now or back then."""

    name: str
    ran: bool
    reason: str
    seconds: float


class Pipeline:
    """Stages, and a folder of records (one small JSON file a stage).

    Interrupting is safe at any moment: a stage whose action did not return has no record and is
    called again. If a stage runs again and writes what it wrote before, the stages after it are
    skipped all the same, because only content counts.
    Raises ``ConfigError`` if two stages share a name or an output, or need each other.
    """

    def __init__(self, stages: Sequence[Stage], records: str | Path) -> None:
        self.records = Path(records)
        self.stages = _in_order(stages)
        self._hashes = ContentHashes(self.records / f"{MEMORY}.json")

    def run(
        self, report: Callable[[str], None] | None = None, force: bool = False
    ) -> list[StageResult]:
        """Bring every output up to date; with ``force`` run every stage regardless.

        ``report`` gets one line before a stage runs or is skipped. An exception of an action ends
        the run and is passed on; what was finished before stays finished. Raises ``InputError``,
        before anything runs, if an input is missing that no stage makes.
        """
        self._require_inputs()
        results = []
        try:
            for stage in self.stages:
                results.append(self._bring_up_to_date(stage, report or (lambda _line: None), force))
        finally:
            self._hashes.save()
        return results

    def reason_to_run(self, stage: Stage) -> str | None:
        """Why ``stage`` has to run, in words, or ``None`` if it is up to date."""
        return self._reason(stage, Record.read(self._record_path(stage)), self._now(stage))

    def _reason(self, stage: Stage, record: Record | None, now: Record) -> str | None:
        if record is None:
            return "not finished before"
        if record.key != now.key:
            return "; ".join(record.differences(now))
        for name, path in stage.outputs.items():
            if not path.exists():
                return f"output '{name}' is missing ({path})"
            if self._hashes.of(path) != record.outputs.get(name):
                return f"output '{name}' was changed from outside ({path})"
        return None

    def _bring_up_to_date(
        self, stage: Stage, report: Callable[[str], None], force: bool
    ) -> StageResult:
        record_path = self._record_path(stage)
        record = Record.read(record_path)
        now = self._now(stage)  # what the action reads, not what may lie there when it ends
        reason = "asked for" if force else self._reason(stage, record, now)
        if record is not None and reason is None:
            report(f"{stage.name}: up to date")
            return StageResult(stage.name, False, "up to date", record.seconds)
        report(f"{stage.name}: running ({reason})")
        record_path.unlink(missing_ok=True)  # from here on the outputs may be half new
        start = time.monotonic()
        stage.action(stage)
        seconds = time.monotonic() - start
        missing = [str(path) for path in stage.outputs.values() if not path.exists()]
        if missing:
            raise VoiceReplicationError(
                f"stage '{stage.name}' ended without writing {', '.join(missing)}."
            )
        outputs = {name: self._hashes.of(path) for name, path in stage.outputs.items()}
        atomic_write_json(record_path, asdict(replace(now, outputs=outputs, seconds=seconds)))
        return StageResult(stage.name, True, str(reason), seconds)

    def _now(self, stage: Stage) -> Record:
        """The record that ``stage`` would get if it ran now, without outputs."""
        inputs = {name: self._hashes.of(path) for name, path in stage.inputs.items()}
        return Record(stage.version, plain(dict(stage.config)), inputs, {}, 0.0)

    def _record_path(self, stage: Stage) -> Path:
        return self.records / f"{stage.name}.json"

    def _require_inputs(self) -> None:
        for stage in self.stages:
            for name, path in stage.inputs.items():
                if not path.exists() and not any(other.makes(path) for other in self.stages):
                    raise InputError(
                        f"stage '{stage.name}': its input '{name}' ({path}) does not exist, and no "
                        "stage makes it."
                    )


def _in_order(stages: Sequence[Stage]) -> list[Stage]:
    """Every stage after those it needs; otherwise as given."""
    names = [stage.name for stage in stages]
    if len(set(names)) != len(names) or MEMORY in names:
        raise ConfigError(f"stages {names}: every stage needs a name of its own, not '{MEMORY}'.")
    owners: dict[Path, str] = {}
    for stage in stages:
        for path in stage.outputs.values():
            other = owners.setdefault(path.absolute(), stage.name)
            if other != stage.name:
                raise ConfigError(f"stages '{other}' and '{stage.name}' both write {path}.")
    ordered: list[Stage] = []
    waiting = list(stages)
    while waiting:
        ready = next((s for s in waiting if not any(map(s.needs, waiting))), None)
        if ready is None:
            circle = ", ".join(stage.name for stage in waiting)
            raise ConfigError(f"stages {circle}: none can be first, each needs what another makes.")
        ordered.append(ready)
        waiting.remove(ready)
    return ordered
