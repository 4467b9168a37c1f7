"""Fine-tuning the synthesizer on one speaker: which weights move, and how far.

Ten to forty recordings are a few minutes of speech; a model of seven million weights would learn
them by heart. So only the parts that say *how* (durations, prosody, decoder) move, the text encoder
stays, every weight is pulled back towards where it was (L2-SP, Li et al., 1802.01483), the speaker
embedding itself is trained too, and the weights that do best on held-out recordings are kept.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from tqdm import tqdm
from training_utils import StrictModel, learning_rate, save_checkpoint, uses_bf16
from training_utils.config import TrainConfig

from voice_replication.synthesizer.data import SpeechDataset, SynthesizerBatch
from voice_replication.synthesizer.inference import Synthesizer
from voice_replication.synthesizer.train import LossConfig, predict, synthesizer_losses

TRAINED_PARTS = ("duration.", "prosody.", "prosody_in.", "decoder.", "final_norm.", "to_mel.")


class FinetuneConfig(StrictModel):
    """How long and how carefully."""

    steps: int = 800
    frames_per_batch: int = 1200
    learning_rate: float = 5e-4
    pull: float = 3e-3  # weight of the squared distance from the base model
    validate_every: int = 25
    patience: int = 6  # validations without improvement before stopping
    seed: int = 0


@dataclass(frozen=True)
class Finetuned:
    """The adapted weights' difference from the base, the trained embedding ``(E,)`` and losses."""

    delta: dict[str, Tensor]
    embedding: npt.NDArray[np.float32]
    loss_before: float
    loss_after: float
    steps: int

    def save(self, path: Path, base_step: int) -> Path:
        """Write the delta as a small checkpoint (float16)."""
        meta = {
            "kind": "synthesizer delta",
            "base_step": base_step,
            "steps": self.steps,
            "metrics": {"loss_before": self.loss_before, "loss_after": self.loss_after},
        }
        return save_checkpoint(path, self.delta, meta, bits=16)


def finetune(
    base: Synthesizer,
    embedding: npt.NDArray[np.float32],
    train: SpeechDataset,
    held_out: SpeechDataset,
    config: FinetuneConfig,
) -> Finetuned:
    """Adapt a copy of ``base`` to the speaker of ``train``; early stopping on ``held_out``."""
    model = copy.deepcopy(base.model)
    start = {n: p.detach().clone() for n, p in model.named_parameters()}
    moving = {n: p for n, p in model.named_parameters() if n.startswith(TRAINED_PARTS)}
    model.requires_grad_(False)
    for parameter in moving.values():
        parameter.requires_grad_(True)
    speaker = torch.from_numpy(embedding.copy()).to(base.device).requires_grad_(True)
    optimizer = torch.optim.AdamW([*moving.values(), speaker], weight_decay=0.0)
    schedule = TrainConfig(steps=config.steps, learning_rate=config.learning_rate, warmup_steps=20)
    bf16 = uses_bf16("auto", torch.device(base.device))

    def loss_of(batch: SynthesizerBatch) -> Tensor:
        unit = speaker / speaker.norm()
        prediction = predict(model, batch, unit.expand(len(batch.ids), -1))
        return synthesizer_losses(prediction, batch, LossConfig())["loss"]

    def validate() -> float:
        model.eval()
        with torch.no_grad():
            indices = range(len(held_out.examples))
            return float(np.mean([float(loss_of(held_out.collate([i]))) for i in indices]))

    before = best_loss = validate()
    best = {n: p.detach().clone() for n, p in moving.items()}
    best_speaker, since_best, step = speaker.detach().clone(), 0, 0
    for step in tqdm(range(config.steps), desc="fine-tuning", unit="step", disable=None):
        rng = np.random.default_rng([config.seed, step])
        torch.manual_seed(int(rng.integers(2**62)))
        model.train()
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, schedule)
        batch = train.collate(_random_batch(train, config.frames_per_batch, rng))
        with torch.autocast(base.device, torch.bfloat16, enabled=bf16):
            loss = loss_of(batch)
        distance = torch.stack([(p - start[n]).square().sum() for n, p in moving.items()]).sum()
        (loss + config.pull * distance).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_([*moving.values(), speaker], 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if (step + 1) % config.validate_every == 0:
            now = validate()
            since_best += 1
            if now < best_loss:
                best_loss, since_best = now, 0
                best = {n: p.detach().clone() for n, p in moving.items()}
                best_speaker = speaker.detach().clone()
            if since_best >= config.patience:
                break
    delta = {n: best[n] - start[n] for n in moving}
    unit = best_speaker / best_speaker.norm()
    return Finetuned(delta, unit.cpu().numpy().astype(np.float32), before, best_loss, step + 1)


def _random_batch(dataset: SpeechDataset, frames: int, rng: np.random.Generator) -> list[int]:
    chosen: list[int] = []
    total = 0
    for index in rng.permutation(len(dataset.examples)):
        chosen.append(int(index))
        total += dataset.examples[index].frames
        if total >= frames:
            break
    return chosen
