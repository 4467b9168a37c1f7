"""Fine-tuning the synthesizer on one speaker: which weights move, and how far.

Ten to forty recordings are a few minutes of speech; a model of seven million weights would learn
them by heart. So only the parts that say *how* (durations, prosody, decoder) move, the text encoder
stays, every weight is pulled back towards where it was (L2-SP, Li et al., 1802.01483), the speaker
embedding itself is trained too, and the weights that do best on held-out recordings are kept.
Of what these changed a part is taken back, which costs little of the voice and keeps words clearer
(weights between base and fine-tuned, WiSE-FT, Wortsman et al., 2109.01903).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import Tensor
from tqdm import tqdm
from training_utils import StrictModel, learning_rate, save_checkpoint, uses_bf16
from training_utils.config import TrainConfig

from voice_replication.synthesizer.data import SpeechDataset, SynthesizerBatch
from voice_replication.synthesizer.finetune_state import Standing, StateFile, fingerprint
from voice_replication.synthesizer.inference import Synthesizer
from voice_replication.synthesizer.losses import LossConfig, lost_contrast, synthesizer_losses
from voice_replication.synthesizer.train import predict

TRAINED_PARTS = ("duration.", "prosody.", "prosody_in.", "decoder.", "final_norm.", "to_mel.")
SPEAKER = "the speaker embedding"  # among the trained tensors


class FinetuneConfig(StrictModel):
    """How long and how carefully."""

    steps: int = 800
    frames_per_batch: int = 1200
    learning_rate: float = 5e-4
    pull: float = 1e-3  # weight of the squared distance from the base model
    contrast: float = 0.0  # weight of what is lost of the base model's (losses.lost_contrast)
    validate_every: int = 25
    patience: int = 6  # validations without improvement before stopping
    seed: int = 0
    share: float = Field(default=0.75, gt=0.0, le=1.0)  # of the change that is kept
    parts: tuple[str, ...] = TRAINED_PARTS  # beginnings of the names of the weights that move


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
    *,
    state: Path | None = None,
    on_steps: Callable[[int, bool], None] = lambda _steps, _worked: None,
) -> Finetuned:
    """Adapt a copy of ``base`` to the speaker of ``train``; early stopping on ``held_out``.

    With ``state`` the training is saved there at every validation; a call with the same arguments
    goes on from what it finds there and gives the same result, to the bit, as one that was never
    interrupted. ``on_steps(n, worked)`` hears of ``n`` more steps, done now or by an earlier call.
    """
    practice = _Practice(base, embedding, config)
    trained, optimizer = practice.trained, practice.optimizer
    saved = None
    if state is not None:
        everything = [practice.speaker, *practice.start.values()]
        saved = StateFile(state, fingerprint(config.model_dump(), everything, [train, held_out]))
    found = saved.restore(trained, optimizer) if saved else None
    if found is None:
        loss = practice.validate(held_out)
        found = Standing(0, loss, loss), _copied(trained)
    now, best = found
    with tqdm(
        total=config.steps, initial=now.step, desc="fine-tuning", unit="step", disable=None
    ) as bar:
        on_steps(now.step, False)
        while now.step < config.steps and now.since_best < config.patience:
            practice.one_step(train, now.step)
            now.step += 1
            if now.step % config.validate_every == 0:
                loss = practice.validate(held_out)
                now.since_best += 1
                if loss < now.best_loss:
                    now.best_loss, now.since_best, best = loss, 0, _copied(trained)
                if saved:
                    saved.save(now, trained, best, optimizer)
            bar.update()
            on_steps(1, True)
    delta, vector = practice.keep(best)
    return Finetuned(delta, vector, now.loss_before, practice.validate(held_out), now.step)


class _Practice:
    """A copy of the model of ``base`` of which some weights move, and the embedding."""

    def __init__(
        self, base: Synthesizer, embedding: npt.NDArray[np.float32], config: FinetuneConfig
    ) -> None:
        self.base, self.config = base, config
        self.model = copy.deepcopy(base.model)
        self.start = {n: p.detach().clone() for n, p in self.model.named_parameters()}
        self.moving = {n: p for n, p in self.model.named_parameters() if n.startswith(config.parts)}
        self.model.requires_grad_(False)
        for parameter in self.moving.values():
            parameter.requires_grad_(True)
        self.speaker = torch.from_numpy(embedding.copy()).to(base.device).requires_grad_(True)
        self.original = self.speaker.detach().clone()
        self.trained: dict[str, Tensor] = {**self.moving, SPEAKER: self.speaker}
        self.optimizer = torch.optim.AdamW(list(self.trained.values()), weight_decay=0.0)
        self.schedule = TrainConfig(
            steps=config.steps, learning_rate=config.learning_rate, warmup_steps=20
        )
        self.bf16 = uses_bf16("auto", torch.device(base.device))

    def loss_of(self, batch: SynthesizerBatch) -> Tensor:
        """What is wrong with the predictions for ``batch``, the pull of the weights aside."""
        unit = self.speaker / self.speaker.norm()
        prediction = predict(self.model, batch, unit.expand(len(batch.ids), -1))
        loss = synthesizer_losses(prediction, batch, LossConfig())["loss"]
        if self.config.contrast:
            with torch.no_grad():
                before = predict(self.base.model, batch, self.original.expand(len(batch.ids), -1))
            lost = lost_contrast(prediction.mel, before.mel, batch.weight)
            loss = loss + self.config.contrast * lost
        return loss

    @torch.no_grad()
    def validate(self, held_out: SpeechDataset) -> float:
        """Mean loss of single recordings."""
        self.model.eval()
        indices = range(len(held_out.examples))
        return float(np.mean([float(self.loss_of(held_out.collate([i]))) for i in indices]))

    def one_step(self, train: SpeechDataset, step: int) -> None:
        """Step ``step``, whose chance depends on nothing but its number and the seed."""
        rng = np.random.default_rng([self.config.seed, step])
        torch.manual_seed(int(rng.integers(2**62)))
        self.model.train()
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(step, self.schedule)
        batch = train.collate(_random_batch(train, self.config.frames_per_batch, rng))
        with torch.autocast(self.base.device, torch.bfloat16, enabled=self.bf16):
            loss = self.loss_of(batch)
        squares = [(p - self.start[n]).square().sum() for n, p in self.moving.items()]
        distance = torch.stack(squares).sum()
        (loss + self.config.pull * distance).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(list(self.trained.values()), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()

    @torch.no_grad()
    def keep(self, best: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], npt.NDArray[np.float32]]:
        """Keep ``config.share`` of what ``best`` changed: the weights' difference from the base,
        and the unit embedding ``(E,)``."""
        delta = {n: self.config.share * (best[n] - self.start[n]) for n in self.moving}
        for name, parameter in self.moving.items():
            parameter.copy_(self.start[name] + delta[name])
        self.speaker.copy_(best[SPEAKER] / best[SPEAKER].norm())
        return delta, self.speaker.detach().cpu().numpy().astype(np.float32)


def _copied(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def _random_batch(dataset: SpeechDataset, frames: int, rng: np.random.Generator) -> list[int]:
    chosen: list[int] = []
    total = 0
    for index in rng.permutation(len(dataset.examples)):
        chosen.append(int(index))
        total += dataset.examples[index].frames
        if total >= frames:
            break
    return chosen
