"""Training the speaker encoder: AAM-softmax over all speakers, GE2E within a batch, or both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from audio_utils import DEFAULT_SPEC
from data_utils import Utterance
from env_utils import InputError
from pydantic import Field
from torch import Tensor
from training_utils import (
    MetricSink,
    StrictModel,
    Task,
    TrainConfig,
    Trainer,
    Update,
    save_checkpoint,
)

from voice_replication.data_processing.selection import DataSelection, select_utterances
from voice_replication.speaker_encoder.augmentation import AugmentConfig, MelAugmenter
from voice_replication.speaker_encoder.data import (
    EncoderBatch,
    SamplingConfig,
    SpeakerBank,
    limit_per_speaker,
    load_mels,
)
from voice_replication.speaker_encoder.inference import SpeakerEncoder
from voice_replication.speaker_encoder.losses import AamSoftmax, Ge2eLoss
from voice_replication.speaker_encoder.model import (
    EncoderModelConfig,
    bins_below,
    build_encoder,
)
from voice_replication.speaker_encoder.verification import (
    Trials,
    balanced_eer,
    cosines,
    cross_session_trials,
    mfcc_statistics,
    normalized_scores,
    trials_eer,
)


class EncoderLossConfig(StrictModel):
    """Weights of the two losses; a weight of zero switches one off."""

    aam: float = Field(default=1.0, ge=0)
    ge2e: float = Field(default=0.5, ge=0)
    scale: float = Field(default=30.0, gt=0)
    margin: float = Field(default=0.2, ge=0)  # radians
    margin_warmup_steps: int = Field(
        default=1_000, ge=0
    )  # the margin grows to its value until then


class EncoderConfig(StrictModel):
    """Everything ``configs/encoder.yaml`` may say."""

    model: EncoderModelConfig = EncoderModelConfig()
    loss: EncoderLossConfig = EncoderLossConfig()
    training: TrainConfig = TrainConfig()
    data: DataSelection = DataSelection()
    sampling: SamplingConfig = SamplingConfig()
    augment: AugmentConfig = AugmentConfig()


class VerificationSet:
    """Utterances with their mels, and the trials between them."""

    def __init__(self, utterances: list[Utterance], trials: Trials, mels: list[Tensor]) -> None:
        self.utterances, self.trials, self.mels = utterances, trials, mels

    def measure(self, encoder: SpeakerEncoder, cohort: Sequence[Tensor] = ()) -> dict[str, float]:
        """Equal error rates of the encoder, over all trials and balanced by speaker pair; with the
        mels of a ``cohort`` of strangers also of normalized scores."""
        embeddings = _embeddings(encoder, self.mels)
        scores = cosines(embeddings)
        rates = {
            "eer": trials_eer(scores, self.trials),
            "eer_balanced": balanced_eer(scores, self.utterances, self.trials),
        }
        if cohort:
            normalized = normalized_scores(embeddings, _embeddings(encoder, cohort))
            rates["eer_normalized"] = trials_eer(normalized, self.trials)
        return rates

    def baseline(self) -> dict[str, float]:
        """The same for MFCC statistics."""
        scores = cosines(mfcc_statistics([m.float().numpy() for m in self.mels]))
        return {
            "mfcc_eer": trials_eer(scores, self.trials),
            "mfcc_eer_balanced": balanced_eer(scores, self.utterances, self.trials),
        }


def _embeddings(encoder: SpeakerEncoder, mels: Sequence[Tensor]) -> npt.NDArray[np.float32]:
    return np.stack([encoder.embed_bins(mel.float().numpy()) for mel in mels])


class EncoderTask(Task):
    """The encoder, its losses, batches of speakers, and verification as the measure."""

    name, main = "encoder", "encoder"

    def __init__(
        self,
        config: EncoderConfig,
        bank: SpeakerBank,
        heard: VerificationSet | None,
        unseen: VerificationSet | None,
    ) -> None:
        torch.manual_seed(config.training.seed)
        self.config, self.bank, self.heard, self.unseen = config, bank, heard, unseen
        self.encoder = build_encoder(config.model, DEFAULT_SPEC)
        self.aam = AamSoftmax(config.model.embedding_size, bank.classes, config.loss.scale)
        self.ge2e = Ge2eLoss()
        self.modules = {"encoder": self.encoder, "aam": self.aam, "ge2e": self.ge2e}
        training = config.training
        parameters = [p for m in self.modules.values() for p in m.parameters()]
        self.optimizers = {
            "encoder": torch.optim.AdamW(
                parameters, betas=training.betas, weight_decay=training.weight_decay
            )
        }
        self.augmenter = MelAugmenter(config.augment, DEFAULT_SPEC)

    def batch(self, index: int, rng: np.random.Generator) -> EncoderBatch:  # noqa: ARG002
        batch = self.bank.batch(rng)
        mel = self.augmenter.apply(batch.mel, rng)
        return EncoderBatch(mel, batch.labels, batch.speakers, batch.ids)

    def optimize(self, batch: EncoderBatch, update: Update) -> dict[str, float]:
        weights, device = self.config.loss, next(self.encoder.parameters()).device
        embeddings, labels = self.encoder(batch.mel.to(device)), batch.labels.to(device)
        with torch.autocast(device.type, enabled=False):
            warmup = max(1, weights.margin_warmup_steps)
            margin = weights.margin * min(1.0, self.step / warmup)
            aam, accuracy = self.aam(embeddings, labels, margin)
            ge2e = self.ge2e(embeddings.unflatten(0, (batch.speakers, -1)))
            loss = weights.aam * aam + weights.ge2e * ge2e
        norm = update("encoder", loss)
        return {
            "loss": float(loss.detach()),
            "aam": float(aam.detach()),
            "ge2e": float(ge2e.detach()),
            "accuracy": float(accuracy.detach()),
            "gradient_norm": norm,
        }

    def validate(self) -> dict[str, float]:
        """Verification of speakers that were heard in training, on recordings that were not."""
        if self.heard is None:
            return {}
        return self.heard.measure(SpeakerEncoder(self.encoder))

    def export(self, folder: Path, step: int, metrics: dict[str, float]) -> Path:
        if self.unseen is not None:  # measured once, at the end: nothing is chosen by it
            self.encoder.eval()
            measured = self.unseen.measure(SpeakerEncoder(self.encoder), self.bank.one_each())
            unseen = {**measured, **self.unseen.baseline()}
            metrics = {**metrics, **{f"unseen_{name}": value for name, value in unseen.items()}}
        meta = {
            "kind": "encoder",
            "config": self.config.model_dump(mode="json"),
            "audio": DEFAULT_SPEC.to_dict(),
            "step": step,
            "metrics": metrics,
            "speakers": len(self.bank.speakers),
            "parameters": sum(p.numel() for p in self.encoder.parameters()),
            "licence": "see MODEL_CARD.md",
        }
        path = folder / "encoder.safetensors"
        return save_checkpoint(path, self.encoder.state_dict(), meta, bits=6)

    def describe(self, batch: EncoderBatch) -> str:
        return ", ".join(batch.ids)


def train_encoder(
    data: Path,
    folder: Path,
    config: EncoderConfig,
    *,
    resume: bool = True,
    device: str = "cpu",
    sink: MetricSink | None = None,
    max_minutes: float | None = None,
) -> Path:
    """Train on the preprocessed folder ``data``; returns the exported checkpoint.

    Mels are computed once and kept in ``data/encoder``. Speakers of the split ``unseen`` are
    never trained on; the verification of them is in the checkpoint's metrics.
    """
    bins, cache = bins_below(config.model.max_hz), data / "encoder"
    train = limit_per_speaker(
        select_utterances(data, config.data, "train"), config.sampling.max_utterances_per_speaker
    )
    mels = [
        load_mels(cache / "train", train, bins, speed, DEFAULT_SPEC)
        for speed in config.sampling.speeds
    ]
    bank = SpeakerBank(train, mels, config.sampling)
    # a heard speaker's dev utterances are few and mostly of one chapter: training ones join them
    dev = _librispeech(select_utterances(data, config.data, "dev"))
    partners = {u.speaker for u in dev}
    known = limit_per_speaker([u for u in _librispeech(train) if u.speaker in partners], 6)
    heard = _verification_set(cache / "dev", dev, known, bins)
    unseen = _librispeech(select_utterances(data, config.data, "unseen"))
    strangers = _verification_set(cache / "unseen", unseen, [], bins)
    task = EncoderTask(config, bank, heard, strangers)
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


def _librispeech(utterances: list[Utterance]) -> list[Utterance]:
    return [u for u in utterances if u.corpus.startswith("librispeech")]


def _verification_set(
    folder: Path, new: list[Utterance], known: list[Utterance], bins: int
) -> VerificationSet | None:
    """Trials of ``new`` utterances with each other and with ``known`` ones."""
    utterances = new + known
    try:
        trials = cross_session_trials(utterances, new=len(new))
    except InputError:  # a corpus without sessions can be trained on, but not measured this way
        return None
    return VerificationSet(utterances, trials, load_mels(folder, utterances, bins))
