"""Training the synthesizer on aligned features of many speakers."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from audio_utils import DEFAULT_SPEC
from data_utils import FrameBucketSampler
from pydantic import Field
from torch import Tensor, nn
from training_utils import (
    MetricSink,
    StrictModel,
    Task,
    TrainConfig,
    Trainer,
    Update,
    load_checkpoint,
    load_into,
    save_checkpoint,
)

from voice_replication.data_processing.selection import DataSelection, select_utterances
from voice_replication.synthesizer import model as network
from voice_replication.synthesizer.data import SpeechDataset, SynthesizerBatch
from voice_replication.synthesizer.losses import LossConfig, synthesizer_losses
from voice_replication.synthesizer.modulation import fit_filters
from voice_replication.synthesizer.treble import fit_treble, low_bins


class SpeechTrainingConfig(StrictModel):
    """What the training of any synthesizer may be told."""

    training: TrainConfig = TrainConfig()
    data: DataSelection = DataSelection()
    frames_per_batch: int = Field(default=2000, ge=100)


class SynthesizerTrainingConfig(SpeechTrainingConfig):
    """Everything ``configs/synthesizer.yaml`` may say."""

    architecture: Literal["feedforward"] = "feedforward"
    model: network.SynthesizerConfig = network.SynthesizerConfig()
    loss: LossConfig = LossConfig()


def predict(
    model: network.Synthesizer, batch: SynthesizerBatch, speaker: Tensor | None = None
) -> network.Prediction:
    """What ``model`` answers to ``batch`` when all but the mel is given; ``speaker (B, E)`` instead
    of the batch's own embeddings."""
    prediction = model(
        batch.ids,
        batch.speaker if speaker is None else speaker,
        batch.mask,
        batch.durations,
        batch.prosody,
        batch.speaker_log_f0,
        batch.f0_hz,
    )
    assert isinstance(prediction, network.Prediction)
    return prediction


class SpeechTask(Task):
    """A synthesizer of any architecture, and batches of about ``frames_per_batch`` frames."""

    name, main = "synthesizer", "synthesizer"

    def __init__(
        self,
        config: SpeechTrainingConfig,
        model: nn.Module,
        train: SpeechDataset,
        dev: SpeechDataset,
    ) -> None:
        self.settings, self.train, self.dev = config, train, dev
        self.modules = {"synthesizer": model}
        training = config.training
        decay = [p for p in model.parameters() if p.ndim > 1 and p.requires_grad]
        rest = [p for p in model.parameters() if p.ndim <= 1 and p.requires_grad]
        groups: list[dict[str, Any]] = [
            {"params": decay, "weight_decay": training.weight_decay},
            {"params": rest, "weight_decay": 0.0},
        ]
        self.optimizers = {"synthesizer": torch.optim.AdamW(groups, betas=training.betas)}
        self.sampler = FrameBucketSampler(
            [e.frames for e in train.examples], config.frames_per_batch, training.seed
        )

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return next(self.modules["synthesizer"].parameters()).device

    @abstractmethod
    def losses(self, batch: SynthesizerBatch) -> dict[str, Tensor]:
        """Forward pass and all losses; ``loss`` is the one to minimize."""

    def batch(self, index: int, rng: np.random.Generator) -> SynthesizerBatch:
        return self.train.collate(self.sampler.batch(index), rng)

    def optimize(self, batch: SynthesizerBatch, update: Update) -> dict[str, float]:
        losses = self.losses(batch)
        norm = update("synthesizer", losses["loss"])
        return {**{k: float(v.detach()) for k, v in losses.items()}, "gradient_norm": norm}

    def validate(self) -> dict[str, float]:
        totals: dict[str, list[float]] = {}
        for index in range(min(48, len(self.dev.examples))):
            for name, value in self.losses(self.dev.collate([index])).items():
                totals.setdefault(name, []).append(float(value))
        return {name: float(np.mean(values)) for name, values in totals.items()}

    def export(self, folder: Path, step: int, metrics: dict[str, float]) -> Path:
        meta = {
            "kind": "synthesizer",
            "config": self.settings.model_dump(mode="json"),
            "audio": DEFAULT_SPEC.to_dict(),
            "symbols": self.train.symbols.to_dict(),
            "encoder": self.train.encoder,
            "step": step,
            "metrics": metrics,
            "licence": "see MODEL_CARD.md",
        }
        path = folder / "synthesizer.safetensors"
        model = self.modules["synthesizer"]
        fitted = [name for name, _ in model.named_buffers()]
        return save_checkpoint(path, model.state_dict(), meta, bits=6, exact=fitted)

    def describe(self, batch: SynthesizerBatch) -> str:
        return ", ".join(batch.names)


class SynthesizerTask(SpeechTask):
    """The synthesizer that ships."""

    def __init__(
        self,
        config: SynthesizerTrainingConfig,
        train: SpeechDataset,
        dev: SpeechDataset,
        model: network.Synthesizer | None = None,
    ) -> None:
        torch.manual_seed(config.training.seed)
        self.config = config
        self.model = model or network.Synthesizer(config.model, len(train.symbols), DEFAULT_SPEC)
        super().__init__(config, self.model, train, dev)

    def losses(self, batch: SynthesizerBatch) -> dict[str, Tensor]:
        batch = batch.to(self.device)
        return synthesizer_losses(predict(self.model, batch), batch, self.config.loss)

    @torch.no_grad()
    def measure_movement(self, utterances: int = 200) -> None:
        """Set the model's ``modulation`` from held-out recordings: what predicted mels lack of the
        movement of real ones. Narrow-band recordings do not count: their coding lets the bins below
        its limit come and go."""
        low = low_bins(DEFAULT_SPEC)
        wide = [i for i, example in enumerate(self.dev.examples) if example.top_bin >= low]
        pairs = []
        for index in wide[:utterances]:
            batch = self.dev.collate([index]).to(self.device)
            pairs.append((batch.mel[0], predict(self.model, batch).mel[0]))
        self.model.get_buffer("modulation").copy_(fit_filters(pairs, low))

    def learn_treble(self, utterances: int = 300) -> None:
        """Fit the model's ``treble`` to full-band training recordings, if there are any."""
        full = [e.mel for e in self.train.examples if e.top_bin >= DEFAULT_SPEC.n_mels]
        if full:
            low = low_bins(DEFAULT_SPEC)
            self.model.get_buffer("treble").copy_(fit_treble(full[:utterances], low))

    def export(self, folder: Path, step: int, metrics: dict[str, float]) -> Path:
        self.measure_movement()
        self.learn_treble()
        return super().export(folder, step, metrics)

    def visualize(self, folder: Path, step: int) -> None:
        from audio_utils import save_audio
        from audio_utils.griffin_lim import griffin_lim
        from audio_utils.plots import plot_mel

        for index in range(min(2, len(self.dev.examples))):
            batch = self.dev.collate([index]).to(self.device)
            mel = predict(self.model, batch).mel[0].float().cpu().numpy()
            stem = f"{step:07d}_{batch.names[0]}"
            title = f"{batch.names[0]}, predicted with true durations at step {step}"
            plot_mel(mel, DEFAULT_SPEC, path=folder / f"{stem}.png", title=title)
            save_audio(folder / f"{stem}.wav", griffin_lim(mel, DEFAULT_SPEC, 30))


def train_synthesizer(
    data: Path,
    folder: Path,
    config: SynthesizerTrainingConfig,
    *,
    resume: bool = True,
    device: str = "cpu",
    sink: MetricSink | None = None,
    max_minutes: float | None = None,
    start_from: Path | None = None,
) -> Path:
    """Train on a preprocessed, aligned folder with features; returns the exported checkpoint.

    ``start_from``: an exported synthesizer whose weights a new run begins with.
    """
    train = SpeechDataset.read(data, select_utterances(data, config.data, "train"))
    dev = SpeechDataset.read(data, select_utterances(data, config.data, "dev"))
    task = SynthesizerTask(config, train, dev)
    if start_from is not None:
        load_into(task.model, network.in_use(load_checkpoint(start_from)[0]), start_from)
    trainer = Trainer(
        task,
        config.training,
        folder,
        device=device,
        resume=resume,
        sink=sink,
        max_minutes=max_minutes,
    )
    return trainer.run()
