"""Experiment tracking behind one interface: none, MLflow or Weights & Biases.

A run that nobody wrote down can not be repeated. What is written down is always the same three
things: the parameters it started from, its metrics by step, and the files it made. Everything stays
on this machine: MLflow writes to a SQLite file, Weights & Biases to an offline folder, which
``wandb sync`` uploads only if you say so.

    with track("mlflow", folder, "first-run") as tracker:
        tracker.log_params({"training": {"lr": 1e-3}})
        tracker.log_metrics({"loss": 0.7}, step=100)
        tracker.log_artifact(folder / "loss.png")
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from env_utils import ConfigError

KINDS = ("none", "mlflow", "wandb")
Status = Literal["finished", "failed", "stopped"]


@runtime_checkable
class Tracker(Protocol):
    """Where a run is written down. Logging the same run id again continues that run."""

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Note what the run starts from; nested mappings become dotted names (``training.lr``)."""

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Note measured numbers at ``step``; NaN and infinity are kept, not dropped."""

    def log_artifact(self, path: str | Path, name: str | None = None) -> None:
        """Keep a copy of a file, in the folder ``name`` of the run's artifacts if given."""

    def finish(self, status: Status = "finished") -> None:
        """Close the run. Doing it twice is harmless."""


class NoTracker:
    """Writes nothing down. The trainer's own history is in the run folder anyway."""

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Ignore ``params``."""

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Ignore ``metrics``."""

    def log_artifact(self, path: str | Path, name: str | None = None) -> None:
        """Ignore the file."""

    def finish(self, status: Status = "finished") -> None:
        """Nothing is open."""


def make_tracker(kind: str, folder: str | Path, run_id: str) -> Tracker:
    """The tracker called ``kind``, writing below ``folder``, for the run ``run_id``.

    Raises ``ConfigError`` for an unknown kind and ``MissingDependencyError``, naming the extra,
    when the package behind it is not installed.
    """
    if kind == "none":
        return NoTracker()
    if kind == "mlflow":
        from mlops_utils.mlflow_tracker import MlflowTracker

        return MlflowTracker(Path(folder), run_id)
    if kind == "wandb":
        from mlops_utils.wandb_tracker import WandbTracker

        return WandbTracker(Path(folder), run_id)
    raise ConfigError(f"tracker '{kind}': there is none of this name; choose {', '.join(KINDS)}.")


@contextmanager
def track(kind: str, folder: str | Path, run_id: str) -> Iterator[Tracker]:
    """A tracker for the length of a ``with`` block; how the block ends becomes the run's status."""
    tracker = make_tracker(kind, folder, run_id)
    status: Status = "failed"
    try:
        yield tracker
        status = "finished"
    except KeyboardInterrupt:
        status = "stopped"
        raise
    finally:
        tracker.finish(status)


def flatten(params: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested mappings as one: ``{"training": {"lr": 1e-3}}`` becomes ``{"training.lr": 1e-3}``."""
    flat: dict[str, Any] = {}
    for name, value in params.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{name}."))
        else:
            flat[f"{prefix}{name}"] = value
    return flat
