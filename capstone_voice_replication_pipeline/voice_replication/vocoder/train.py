"""Training the vocoder: spectral losses first, then discriminators, then predicted mels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from audio_utils import DEFAULT_SPEC, load_audio, mel_spectrogram, save_audio
from data_utils import Utterance
from pydantic import Field, ValidationInfo, field_validator
from torch import Tensor
from training_utils import (
    MetricSink,
    StrictModel,
    Task,
    TrainConfig,
    Trainer,
    Update,
    load_into,
    save_checkpoint,
)

from voice_replication.data_processing.features import read_features
from voice_replication.data_processing.selection import DataSelection, select_utterances
from voice_replication.vocoder.data import AudioBank, VocoderBatch
from voice_replication.vocoder.generators import (
    Architecture,
    GeneratorConfig,
    build_generator,
    generator_config,
    load_generator,
)
from voice_replication.vocoder.losses import (
    Discriminators,
    discriminator_loss,
    generator_losses,
    mel_loss,
    multi_resolution_stft_loss,
)
from voice_replication.vocoder.model import Vocos
from voice_replication.vocoder.pitch import pitch_loss


class LossConfig(StrictModel):
    """Weights of the losses, and when the discriminators come in."""

    mel: float = 15.0
    stft: float = 3.0
    adversarial: float = 1.0
    matching: float = 2.0
    adversarial_from_step: int = 1_000_000  # the spectral losses alone until then
    discriminator_channels: int = 24
    discriminator_samples: int = 8192  # random part of each crop that the discriminators see
    periods: bool = False  # also multi-period discriminators: for GPUs
    discriminator_lr_scale: float = 0.5


class VocoderConfig(StrictModel):
    """Everything ``configs/vocoder.yaml`` and ``configs/hifigan.yaml`` may say."""

    architecture: Architecture = "vocos"
    model: GeneratorConfig = Field(
        default_factory=lambda data: generator_config(data.get("architecture", "vocos"), {})
    )
    loss: LossConfig = LossConfig()
    training: TrainConfig = TrainConfig()
    data: DataSelection = DataSelection()
    batch_size: int = Field(default=8, ge=1)
    crop_frames: int = Field(default=65, ge=9)

    @field_validator("model", mode="before")
    @classmethod
    def _model_of_the_architecture(cls, values: Any, info: ValidationInfo) -> Any:
        """Validate ``model`` as the section of ``architecture``, so that errors name its keys."""
        if "architecture" not in info.data:  # which was wrong, and is reported itself
            return values
        return generator_config(info.data["architecture"], values)


class VocoderTask(Task):
    """A generator, its discriminators, and crops of real speech."""

    name, main = "vocoder", "generator"

    def __init__(
        self,
        config: VocoderConfig,
        train: list[Utterance],
        dev: list[Utterance],
        pitch: Mapping[str, Tensor],
        mels: Path | None = None,
    ) -> None:
        torch.manual_seed(config.training.seed)
        self.config = config
        self.generator = build_generator(config.model, DEFAULT_SPEC)
        loss = config.loss
        self.discriminators = Discriminators(loss.discriminator_channels, loss.periods)
        self.modules = {"generator": self.generator, "discriminators": self.discriminators}
        training = config.training
        options: dict[str, Any] = {"betas": training.betas, "weight_decay": training.weight_decay}
        self.optimizers = {
            "generator": torch.optim.AdamW(self.generator.parameters(), **options),
            "discriminators": torch.optim.AdamW(
                [
                    {
                        "params": list(self.discriminators.parameters()),
                        "lr_scale": loss.discriminator_lr_scale,
                    }
                ],
                **options,
            ),
        }
        self.bank = AudioBank(train, pitch, mels)
        self.dev = [(u.id, load_audio(u.path)[: 4 * DEFAULT_SPEC.sample_rate]) for u in dev[:16]]

    def batch(self, index: int, rng: np.random.Generator) -> VocoderBatch:
        del index  # crops are drawn by rng alone
        return self.bank.batch(rng, self.config.batch_size, self.config.crop_frames)

    def optimize(self, batch: VocoderBatch, update: Update) -> dict[str, float]:
        device = next(self.generator.parameters()).device
        real, mel_in, f0_hz = (t.to(device) for t in (batch.audio, batch.mel, batch.f0_hz))
        weights, logs = self.config.loss, {}
        pitch = mel_in.new_zeros(())
        if isinstance(self.generator, Vocos):
            pitch = pitch_loss(self.generator.pitch(mel_in), f0_hz)
        # every other step it has to do with the pitch that it reads from the mel itself
        fake = self.generator(mel_in, f0_hz if self.step % 2 else None)
        with torch.autocast(device.type, enabled=False):
            mel = mel_loss(fake, real, DEFAULT_SPEC)
            stft = multi_resolution_stft_loss(fake, real)
        loss = weights.mel * mel + weights.stft * stft + pitch
        if self.step >= weights.adversarial_from_step:
            part_real, part_fake = self._part(real), self._part(fake)
            real_maps = self.discriminators(part_real)
            fake_maps = self.discriminators(part_fake.detach())
            d_loss = discriminator_loss(real_maps, fake_maps)
            update("discriminators", d_loss)
            self.discriminators.requires_grad_(False)
            adversarial, matching = generator_losses(real_maps, self.discriminators(part_fake))
            self.discriminators.requires_grad_(True)
            loss = loss + weights.adversarial * adversarial + weights.matching * matching
            logs = {
                "discriminator": float(d_loss.detach()),
                "adversarial": float(adversarial.detach()),
                "matching": float(matching.detach()),
            }
        norm = update("generator", loss)
        return {
            "loss": float(loss.detach()),
            "mel": float(mel.detach()),
            "stft": float(stft.detach()),
            "pitch": float(pitch.detach()),
            "gradient_norm": norm,
            **logs,
        }

    def _part(self, audio: Tensor) -> Tensor:
        samples = min(self.config.loss.discriminator_samples, audio.shape[1])
        # the step decides where: the same place in the real and in the generated audio
        start = (self.step * 977) % (audio.shape[1] - samples + 1)
        return audio[:, start : start + samples]

    def validate(self) -> dict[str, float]:
        device = next(self.generator.parameters()).device
        mels, stfts = [], []
        for _, audio in self.dev:
            mel = torch.from_numpy(mel_spectrogram(audio, DEFAULT_SPEC))[None].to(device)
            fake = self.generator(mel)
            real = torch.from_numpy(audio)[None, : fake.shape[1]].to(device)
            mels.append(float(mel_loss(fake, real, DEFAULT_SPEC)))
            stfts.append(float(multi_resolution_stft_loss(fake, real)))
        if not mels:
            return {}
        return {"mel": float(np.mean(mels)), "stft": float(np.mean(stfts))}

    def visualize(self, folder: Path, step: int) -> None:
        from audio_utils.plots import plot_mel

        device = next(self.generator.parameters()).device
        for name, audio in self.dev[:2]:
            mel = mel_spectrogram(audio, DEFAULT_SPEC)
            fake = self.generator(torch.from_numpy(mel)[None].to(device))[0].cpu().numpy()
            save_audio(folder / f"{step:07d}_{name}.wav", fake)
            plot_mel(
                mel_spectrogram(fake, DEFAULT_SPEC),
                DEFAULT_SPEC,
                path=folder / f"{step:07d}_{name}.png",
                title=f"{name}, decoded at step {step}",
            )

    def export(self, folder: Path, step: int, metrics: dict[str, float]) -> Path:
        meta = {
            "kind": "vocoder",
            "config": self.config.model_dump(mode="json"),
            "audio": DEFAULT_SPEC.to_dict(),
            "step": step,
            "metrics": metrics,
            "licence": "see MODEL_CARD.md",
        }
        path = folder / "vocoder.safetensors"
        return save_checkpoint(path, self.generator.state_dict(), meta, bits=8)

    def describe(self, batch: VocoderBatch) -> str:
        return ", ".join(batch.ids)


def train_vocoder(
    data: Path,
    folder: Path,
    config: VocoderConfig,
    *,
    resume: bool = True,
    device: str = "cpu",
    sink: MetricSink | None = None,
    max_minutes: float | None = None,
    mels: Path | None = None,
    start_from: Path | None = None,
) -> Path:
    """Train on the preprocessed folder ``data``; returns the exported checkpoint.

    ``mels``: take every second mel from these predicted ones (see :class:`AudioBank`).
    ``start_from``: an exported vocoder whose weights a new run begins with.
    """
    train = select_utterances(data, config.data, "train")
    dev = select_utterances(data, config.data, "dev")
    pitch = {f.id: f.f0 for f in read_features(data)}
    task = VocoderTask(config, train, dev, pitch, mels)
    if start_from is not None:
        load_into(task.generator, load_generator(start_from).state_dict(), start_from)
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
