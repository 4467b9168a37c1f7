"""Tracking with MLflow on a SQLite file: no server, and ``mlflow ui`` shows it.

mlflow ui --backend-store-uri sqlite:///FOLDER/mlflow.db
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from env_utils import InputError, MissingDependencyError

from mlops_utils.tracker import Status, flatten

EXPERIMENT = "voiceclone"
STATUS = {"finished": "FINISHED", "failed": "FAILED", "stopped": "KILLED"}
LONGEST_PARAMETER = 6000  # characters; MLflow refuses longer ones


class MlflowTracker:
    """A :class:`mlops_utils.Tracker` that writes ``folder/mlflow.db`` and ``folder/artifacts``.

    A run id that the database knows is continued: its metrics go on, and a parameter that has
    changed since (MLflow allows no second value) is noted as the tag ``resumed.<parameter>``.
    Raises ``MissingDependencyError`` without the package ``mlflow``.
    """

    def __init__(self, folder: Path, run_id: str) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        try:
            from mlflow.tracking import MlflowClient
        except ImportError as error:
            raise MissingDependencyError(
                "Tracking with MLflow needs the package mlflow: "
                'pip install "voice-cloning-pipeline[track]", or use the tracker "none".'
            ) from error
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        self.uri = f"sqlite:///{(folder / 'mlflow.db').as_posix()}"
        self._client: Any = MlflowClient(tracking_uri=self.uri)
        experiment = self._experiment((folder / "artifacts").as_uri())
        self._run = self._open_run(experiment, run_id)

    def _experiment(self, artifacts: str) -> str:
        known = self._client.get_experiment_by_name(EXPERIMENT)
        if known is not None:
            return str(known.experiment_id)
        return str(self._client.create_experiment(EXPERIMENT, artifact_location=artifacts))

    def _open_run(self, experiment: str, run_id: str) -> str:
        """MLflow's id of our run: the newest one tagged with our id, or a new one."""
        tag = quote(run_id)  # MLflow's filters have no way to write a quotation mark
        known = self._client.search_runs(
            [experiment], filter_string=f"tags.voiceclone_run = '{tag}'", max_results=1
        )
        if not known:
            new = self._client.create_run(experiment, run_name=run_id, tags={"voiceclone_run": tag})
            return str(new.info.run_id)
        identifier = str(known[0].info.run_id)
        self._client.update_run(identifier, status="RUNNING")
        return identifier

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Write parameters; see the class for what happens to changed ones."""
        from mlflow.entities import Param, RunTag

        texts = {name: str(value)[:LONGEST_PARAMETER] for name, value in flatten(params).items()}
        known = self._client.get_run(self._run).data.params
        new = [Param(name, text) for name, text in texts.items() if name not in known]
        changed = [
            RunTag(f"resumed.{name}", text)
            for name, text in texts.items()
            if name in known and known[name] != text
        ]
        for start in range(0, len(new), 100):  # MLflow takes at most a hundred at a time
            self._client.log_batch(self._run, params=new[start : start + 100])
        self._client.log_batch(self._run, tags=changed[:100])

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Write metrics of one step."""
        from mlflow.entities import Metric

        now = int(1000 * time.time())
        values = [Metric(name, float(value), now, step) for name, value in metrics.items()]
        self._client.log_batch(self._run, metrics=values)

    def log_artifact(self, path: str | Path, name: str | None = None) -> None:
        """Copy a file to the run's artifacts."""
        if not Path(path).is_file():
            raise InputError(f"{path}: there is no such file to keep as an artifact.")
        self._client.log_artifact(self._run, str(path), name)

    def finish(self, status: Status = "finished") -> None:
        """Note how the run ended."""
        self._client.set_terminated(self._run, STATUS[status])
