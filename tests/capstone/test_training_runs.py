"""Options of a training run reach the stages they are meant for."""

from __future__ import annotations

from pathlib import Path

import pytest
from audio_utils import DEFAULT_SPEC
from env_utils import ConfigError
from text_utils import Symbols
from torch import nn
from training_utils import file_fingerprint, load_config
from voice_replication.home import checkpoint_path
from voice_replication.synthesizer.inference import Synthesizer as ShippedSynthesizer
from voice_replication.synthesizer.model import Synthesizer
from voice_replication.synthesizer.train import SynthesizerTrainingConfig
from voice_replication.training_runs import TrainingRun, config_path, overrides_for
from voice_replication.vocoder.generators import build_generator
from voice_replication.vocoder.inference import Vocoder as ShippedVocoder
from voice_replication.vocoder.train import VocoderConfig


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


def test_the_tiny_preset_trains_small_models_on_the_shipped_encoder(tmp_path: Path) -> None:
    synthesizer = load_config(SynthesizerTrainingConfig, config_path("synthesizer", None, "tiny"))
    vocoder = load_config(VocoderConfig, config_path("vocoder", None, "tiny"))
    tiny = Synthesizer(synthesizer.model, len(Symbols()), DEFAULT_SPEC)
    assert _weights(tiny) < 0.4 * _weights(ShippedSynthesizer.load().model)
    generator = build_generator(vocoder.model, DEFAULT_SPEC)
    assert _weights(generator) < 0.4 * _weights(ShippedVocoder.load().model)
    run = TrainingRun(tmp_path, "small", models_dir=tmp_path, preset="tiny")
    assert file_fingerprint(run.train("encoder")) == file_fingerprint(checkpoint_path("encoder"))


def _weights(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())
