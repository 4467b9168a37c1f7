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
    model = copy.deepcopy(base.model)
    start = {n: p.detach().clone() for n, p in model.named_parameters()}
    moving = {n: p for n, p in model.named_parameters() if n.startswith(config.parts)}
    model.requires_grad_(False)
    for parameter in moving.values():
        parameter.requires_grad_(True)
    speaker = torch.from_numpy(embedding.copy()).to(base.device).requires_grad_(True)
    trained: dict[str, Tensor] = {**moving, SPEAKER: speaker}
    optimizer = torch.optim.AdamW(list(trained.values()), weight_decay=0.0)
    schedule = TrainConfig(steps=config.steps, learning_rate=config.learning_rate, warmup_steps=20)
    original = speaker.detach().clone()
    bf16 = uses_bf16("auto", torch.device(base.device))

    def loss_of(batch: SynthesizerBatch) -> Tensor:
        unit = speaker / speaker.norm()
        prediction = predict(model, batch, unit.expand(len(batch.ids), -1))
        loss = synthesizer_losses(prediction, batch, LossConfig())["loss"]
        if config.contrast:
            with torch.no_grad():
                before = predict(base.model, batch, original.expand(len(batch.ids), -1))
            loss = loss + config.contrast * lost_contrast(prediction.mel, before.mel, batch.weight)
        return loss

    def validate() -> float:
        model.eval()
        with torch.no_grad():
            indices = range(len(held_out.examples))
            return float(np.mean([float(loss_of(held_out.collate([i]))) for i in indices]))

    def one_step(step: int) -> None:
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
        torch.nn.utils.clip_grad_norm_(list(trained.values()), 1.0)
        optimizer.step()
        optimizer.zero_grad()

    saved = None
    if state is not None:
        everything = [speaker, *start.values()]
        saved = StateFile(state, fingerprint(config.model_dump(), everything, [train, held_out]))
    found = saved.restore(trained, optimizer) if saved else None
    if found is None:
        loss = validate()
        found = Standing(0, loss, loss), _copied(trained)
    now, best = found
    with tqdm(
        total=config.steps, initial=now.step, desc="fine-tuning", unit="step", disable=None
    ) as bar:
        on_steps(now.step, False)
        while now.step < config.steps and now.since_best < config.patience:
            one_step(now.step)
            now.step += 1
            if now.step % config.validate_every == 0:
                loss = validate()
                now.since_best += 1
                if loss < now.best_loss:
                    now.best_loss, now.since_best, best = loss, 0, _copied(trained)
                if saved:
                    saved.save(now, trained, best, optimizer)
            bar.update()
            on_steps(1, True)
    delta = {n: config.share * (best[n] - start[n]) for n in moving}
    with torch.no_grad():
        for name, parameter in moving.items():
            parameter.copy_(start[name] + delta[name])
        speaker.copy_(best[SPEAKER] / best[SPEAKER].norm())
    vector = speaker.detach().cpu().numpy().astype(np.float32)
    return Finetuned(delta, vector, now.loss_before, validate(), now.step)


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
