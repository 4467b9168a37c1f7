"""A training run: one folder for all stages, and what the ``train`` command does.

``RUNS/<run id>/<stage>/`` holds a stage's training state, metrics and samples;
``RUNS/<run id>/<stage>.safetensors`` is what inference loads, so that a run folder can be given to
``--models-dir`` of every other command.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from data_utils import read_manifest
from dl_utils import get_device
from env_utils import ConfigError, atomic_path
from mlops_utils import make_tracker
from pydantic import BaseModel
from training_utils import load_config

from voice_replication.home import STAGES, checkpoint_path, runs_folder, shipped


def overrides_for(stage: str, overrides: Sequence[str]) -> list[str]:
    """Those overrides that concern ``stage``: ``key=value`` for every stage, and
    ``encoder:key=value`` for the encoder alone, as ``train all`` needs."""
    chosen = []
    for override in overrides:
        named, separator, rest = override.partition(":")
        if not separator or named not in STAGES:
            chosen.append(override)
        elif named == stage:
            chosen.append(rest)
    return chosen


@dataclass(frozen=True)
class TrainingRun:
    """What to train on, under which name, and how (see ``voiceclone train --help``)."""

    data: Path
    run_id: str
    models_dir: Path | None = None
    config: Path | None = None
    overrides: tuple[str, ...] | list[str] = ()
    device: str = "auto"
    restart: bool = False
    tracker: str = "none"
    max_minutes: float | None = None
    start_from: Path | None = None
    mels: Path | None = None
    preset: str = ""  # a folder of configs that ships: "tiny"; "": the shipped models' own

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", self.run_id):
            raise ConfigError(
                f"--run-id '{self.run_id}': use letters, digits, '.', '_' and '-' only."
            )

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return (self.models_dir or runs_folder()) / self.run_id

    def run(self, stage: str) -> list[Path]:
        """Train ``stage`` ('all': every stage in order); returns the checkpoints."""
        if stage != "all":
            return [self.train(stage)]
        given = {"--config": self.config, "--start-from": self.start_from, "--mels": self.mels}
        for option, value in given.items():
            if value is not None:
                raise ConfigError(
                    f"{option} is for one stage; 'train all' uses the shipped configs and begins "
                    "from nothing. Train the stages one by one to give each its own."
                )
        from voice_replication.data_processing.alignment import align_folder
        from voice_replication.data_processing.features import (
            compute_embeddings,
            compute_features,
        )
        from voice_replication.synthesizer.teacher_forcing import write_predicted_mels

        utterances = read_manifest(self.data / "manifest.csv")
        encoder = self.train("encoder")
        if self.restart or not (self.data / "alignment" / "alignments.jsonl").is_file():
            align_folder(self.data, [u for u in utterances if u.text.strip()])
        compute_features(self.data, utterances)
        compute_embeddings(self.data, utterances, encoder)
        synthesizer = self.train("synthesizer")
        write_predicted_mels(self.data, synthesizer)
        vocoder = replace(self, mels=self.data / "predicted").train("vocoder")
        return [encoder, synthesizer, vocoder]

    def train(self, stage: str) -> Path:
        """Train one stage and put its checkpoint beside the others of this run."""
        folder = self.folder / stage
        path = config_path(stage, self.config, self.preset)
        if self.preset and not self.config and not path.exists():  # it leaves this stage as shipped
            return self._keep(checkpoint_path(stage), stage)
        tracker = make_tracker(self.tracker, self.folder, f"{self.run_id}-{stage}")
        options: dict[str, Any] = {
            "resume": not self.restart,
            "device": str(get_device(None if self.device == "auto" else self.device)),
            "sink": tracker,
            "max_minutes": self.max_minutes,
        }
        overrides = overrides_for(stage, self.overrides)
        if stage == "encoder":
            from voice_replication.speaker_encoder.train import EncoderConfig, train_encoder

            encoder_config = load_config(EncoderConfig, path, overrides)
            tracker.log_params(encoder_config.model_dump())
            made = train_encoder(self.data, folder, encoder_config, **options)
        elif stage == "synthesizer" and _architecture(path, overrides) == "tacotron":
            from voice_replication.synthesizer.tacotron_train import (
                TacotronTrainingConfig,
                train_tacotron,
            )

            tacotron_config = load_config(TacotronTrainingConfig, path, overrides)
            tracker.log_params(tacotron_config.model_dump())
            made = train_tacotron(self.data, folder, tacotron_config, **options)
        elif stage == "synthesizer":
            from voice_replication.synthesizer.train import (
                SynthesizerTrainingConfig,
                train_synthesizer,
            )

            config = load_config(SynthesizerTrainingConfig, path, overrides)
            tracker.log_params(config.model_dump())
            made = train_synthesizer(
                self.data, folder, config, start_from=self.start_from, **options
            )
        else:
            from voice_replication.vocoder.train import VocoderConfig, train_vocoder

            vocoder_config = load_config(VocoderConfig, path, overrides)
            tracker.log_params(vocoder_config.model_dump())
            made = train_vocoder(
                self.data,
                folder,
                vocoder_config,
                mels=self.mels,
                start_from=self.start_from,
                **options,
            )
        tracker.finish()
        return self._keep(made, stage)

    def _keep(self, made: Path, stage: str) -> Path:
        """Put the checkpoint ``made`` beside the others of this run."""
        for source in (made, made.with_suffix(".json")):
            with atomic_path(self.folder / source.name) as temporary:
                shutil.copyfile(source, temporary)
        return checkpoint_path(stage, self.folder)


def config_path(stage: str, wanted: Path | None = None, preset: str = "") -> Path:
    """The config to train ``stage`` with: ``wanted``, that of ``preset``, or the one that made the
    shipped model.

    ``tacotron.yaml`` and ``configs/tacotron.yaml`` also find the config that ships under that
    name, wherever the program was started.
    """
    folder = shipped("configs")
    if wanted is None:
        return folder / preset / f"{stage}.yaml"
    if not wanted.exists() and wanted.parent in (Path(), Path("configs")):
        return folder / wanted.name
    return wanted


class _SynthesizerKind(BaseModel):
    """The one key of a synthesizer's config that decides what the others may be."""

    architecture: Literal["feedforward", "tacotron"] = "feedforward"


def _architecture(path: Path, overrides: list[str]) -> str:
    return load_config(_SynthesizerKind, path, overrides).architecture
