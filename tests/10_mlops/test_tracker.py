"""Trackers: what was logged can be read back with the tracking tool's own reader."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path

import pytest
from env_utils import ConfigError, InputError, MissingDependencyError
from hypothesis import given
from hypothesis import strategies as st
from mlops_utils import KINDS, NoTracker, Tracker, flatten, make_tracker, track

needs_mlflow = pytest.mark.skipif(
    importlib.util.find_spec("mlflow") is None,
    reason='mlflow is not installed (pip install "voice-cloning-pipeline[track]")',
)
needs_wandb = pytest.mark.skipif(
    importlib.util.find_spec("wandb") is None,
    reason='wandb is not installed (pip install "voice-cloning-pipeline[track]")',
)

names = st.text("abcxyz_", min_size=1, max_size=5)
nested = st.recursive(
    st.dictionaries(names, st.integers(), max_size=3),
    lambda inner: st.dictionaries(names, inner | st.integers(), max_size=3),
)


@given(nested)
def test_flattening_keeps_every_value_under_the_path_that_leads_to_it(tree: dict) -> None:
    flat = flatten(tree)
    for dotted, value in flat.items():
        node: object = tree
        for part in dotted.split("."):
            assert isinstance(node, dict)
            node = node[part]
        assert node == value
    assert not any(isinstance(value, dict) for value in flat.values())


def test_no_tracker_takes_everything_and_leaves_no_trace(tmp_path: Path) -> None:
    with track("none", tmp_path, "run") as tracker:
        tracker.log_params({"lr": 1e-3})
        tracker.log_metrics({"loss": 1.0}, step=1)
        tracker.log_artifact(tmp_path / "anything.png")
    assert isinstance(tracker, NoTracker) and isinstance(tracker, Tracker)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_tracker_is_named_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'tensorboard'.*none, mlflow, wandb"):
        make_tracker("tensorboard", tmp_path, "run")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "none"])
def test_a_tracker_that_is_not_installed_names_the_extra(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in [kind, *(name for name in sys.modules if name.startswith(f"{kind}."))]:
        monkeypatch.setitem(sys.modules, module, None)  # importing it raises ImportError
    with pytest.raises(MissingDependencyError, match=r"voice-cloning-pipeline\[track\]"):
        make_tracker(kind, tmp_path, "run")


@pytest.mark.parametrize(
    ("error", "status"),
    [(None, "finished"), (ValueError("no"), "failed"), (KeyboardInterrupt(), "stopped")],
)
def test_how_the_block_ends_is_the_status_of_the_run(
    error: BaseException | None, status: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(NoTracker, "finish", lambda _self, status: seen.append(status))
    if error is None:
        with track("none", tmp_path, "run"):
            pass
    else:
        with pytest.raises(type(error)), track("none", tmp_path, "run"):
            raise error
    assert seen == [status]


@needs_mlflow
def test_mlflow_keeps_parameters_metrics_files_and_status(tmp_path: Path) -> None:
    from mlflow.tracking import MlflowClient

    plot = tmp_path / "loss.svg"
    plot.write_text("<svg/>")
    with track("mlflow", tmp_path / "mlruns", "it's a run") as tracker:
        tracker.log_params({"training": {"lr": 1e-3}, "note": "x" * 10_000})
        for step, loss in enumerate([3.0, 2.0, math.nan]):
            tracker.log_metrics({"loss": loss, "val/loss": 2 * loss}, step)
        tracker.log_artifact(plot, "plots")
    with track("mlflow", tmp_path / "mlruns", "it's a run") as resumed:
        resumed.log_params({"training": {"lr": 2e-3}})
        resumed.log_metrics({"loss": 1.0}, 3)

    client = MlflowClient(tracking_uri=resumed.uri)
    (experiment,) = (e for e in client.search_experiments() if e.name == "voiceclone")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED" and run.data.params["training.lr"] == "0.001"
    assert run.data.tags["resumed.training.lr"] == "0.002"
    history = client.get_metric_history(run.info.run_id, "loss")
    assert [m.step for m in history] == [0, 1, 2, 3]
    assert [m.value for m in history][:2] == [3.0, 2.0] and math.isnan(history[2].value)
    kept = client.download_artifacts(run.info.run_id, "plots/loss.svg", str(tmp_path))
    assert Path(kept).read_text() == "<svg/>"
    with pytest.raises(InputError, match=r"gone\.png"):
        resumed.log_artifact(tmp_path / "gone.png")


@needs_mlflow
def test_mlflow_remembers_that_a_run_failed(tmp_path: Path) -> None:
    from mlflow.tracking import MlflowClient

    with pytest.raises(ValueError, match="NaN"), track("mlflow", tmp_path, "bad") as tracker:
        raise ValueError("NaN in step 3")
    client = MlflowClient(tracking_uri=tracker.uri)
    (run,) = client.search_runs([client.get_experiment_by_name("voiceclone").experiment_id])
    assert run.info.status == "FAILED"


@needs_wandb
def test_wandb_writes_a_complete_offline_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    plot = tmp_path / "loss.svg"
    plot.write_text("<svg/>")
    with track("wandb", tmp_path / "runs", "run: 1") as tracker:
        tracker.log_params({"training": {"lr": 1e-3}})
        for step, loss in enumerate([3.0, 2.0, 1.0]):
            tracker.log_metrics({"loss": loss}, step)
        tracker.log_artifact(plot, "plots")
        folder = tracker.folder
    assert folder.parent == tmp_path / "runs" / "wandb" and folder.name.endswith("-run--1")
    (log,) = folder.glob("run-*.wandb")
    written = log.read_bytes()
    assert b"training.lr" in written and b"loss" in written
    assert (folder / "files" / "plots" / "loss.svg").read_text() == "<svg/>"
