"""Options of a training run reach the stages they are meant for."""

from __future__ import annotations

from pathlib import Path

import pytest
from env_utils import ConfigError
from voice_replication.training_runs import TrainingRun, overrides_for


def test_overrides_of_one_stage_stay_with_it() -> None:
    given = ["training.steps=3", "encoder:sampling.speakers_per_batch=8", "vocoder:batch_size=2"]
    assert overrides_for("encoder", given) == [
        "training.steps=3",
        "sampling.speakers_per_batch=8",
    ]
    assert overrides_for("synthesizer", given) == ["training.steps=3"]


def test_one_config_cannot_serve_all_stages(tmp_path: Path) -> None:
    run = TrainingRun(data=tmp_path, run_id="r", models_dir=tmp_path, config=tmp_path / "c.yaml")
    with pytest.raises(ConfigError, match="one stage"):
        run.run("all")


@pytest.mark.parametrize("name", ["../up", "", "a b", ".hidden", "a/b"])
def test_a_run_id_cannot_leave_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="run-id"):
        TrainingRun(data=tmp_path, run_id=name)
