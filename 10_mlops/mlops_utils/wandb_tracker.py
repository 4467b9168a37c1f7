"""Tracking with Weights & Biases, offline: a folder that ``wandb sync`` can upload later."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from env_utils import InputError, MissingDependencyError

from mlops_utils.tracker import Status, flatten

PROJECT = "voiceclone"
EXIT_CODE = {"finished": 0, "failed": 1, "stopped": 130}


class WandbTracker:
    """A :class:`mlops_utils.Tracker` that writes ``folder/wandb/offline-run-...``.

    Nothing is sent anywhere, no account is needed and the console is not captured. Every start
    writes a folder of its own under the same id; ``wandb sync`` joins them to one run. Like any
    log that is only appended to, W&B ignores metrics of a step that lies behind the last one.
    Raises ``MissingDependencyError`` without the package ``wandb``.
    """

    def __init__(self, folder: Path, run_id: str) -> None:
        try:
            import wandb
        except ImportError as error:
            raise MissingDependencyError(
                "Tracking with Weights & Biases needs the package wandb: "
                'pip install "voice-cloning-pipeline[track]", or use the tracker "none".'
            ) from error
        folder.mkdir(parents=True, exist_ok=True)
        self._open = True
        self._run: Any = wandb.init(
            project=PROJECT,
            id=re.sub(r"[^\w-]", "-", run_id),  # the characters W&B allows in an id
            name=run_id,
            dir=str(folder),
            mode="offline",
            resume="allow",
            reinit="create_new",  # a second tracker in the process does not close the first
            settings=wandb.Settings(silent=True, console="off", disable_git=True),
        )

    @property
    def folder(self) -> Path:
        """What ``wandb sync`` takes: this start's offline folder."""
        return Path(self._run.dir).parent

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Write parameters; a changed one replaces its old value."""
        self._run.config.update(flatten(params), allow_val_change=True)

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Write metrics of one step."""
        self._run.log({name: float(value) for name, value in metrics.items()}, step=step)

    def log_artifact(self, path: str | Path, name: str | None = None) -> None:
        """Copy a file to the run's folder."""
        path = Path(path).resolve()
        if not path.is_file():
            raise InputError(f"{path}: there is no such file to keep as an artifact.")
        target = Path(self._run.dir) / (name or "") / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
        self._run.save(str(target), base_path=self._run.dir, policy="now")

    def finish(self, status: Status = "finished") -> None:
        """Close the run's folder."""
        if self._open:
            self._open = False
            self._run.finish(exit_code=EXIT_CODE[status])
