"""The training loop: one epoch, and epochs with a look at held-out data after each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import torch
from env_utils import TrainingError
from torch import Tensor, nn

from dl_utils.models import Evaluation, evaluate_model

Batches = Iterable[Sequence[Tensor]]  # of (inputs (B, ...), labels (B,))
History = dict[str, list[float]]


def train_epoch(
    model: nn.Module,
    batches: Batches,
    optimizer: torch.optim.Optimizer,
    device: torch.device | str | None = None,
) -> Evaluation:
    """One pass over ``batches`` with a step of the optimizer after each; cross-entropy loss.

    Returns the mean loss and accuracy *during* the epoch: the weights change while they are
    measured, and dropout is on. Raises ``TrainingError`` when the loss is no longer a number.
    """
    where = next((p.device for p in model.parameters()), None) if device is None else device
    model.train()
    loss_sum, correct, samples = 0.0, 0, 0
    for number, (inputs, labels) in enumerate(batches):
        inputs, labels = inputs.to(where), labels.to(where)
        optimizer.zero_grad()
        logits = model(inputs)
        loss = nn.functional.cross_entropy(logits, labels)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        value = float(loss.detach())
        if not math.isfinite(value):
            raise TrainingError(
                f"the loss became {value} in batch {number}; a smaller learning rate usually helps."
            )
        loss_sum += value * len(labels)
        correct += int((logits.argmax(dim=-1) == labels).sum())
        samples += len(labels)
    if samples == 0:
        raise ValueError("train_epoch: there is no sample to train on.")
    return Evaluation(loss_sum / samples, correct / samples, samples)


def fit(
    model: nn.Module,
    train: Batches,
    validation: Iterable[tuple[Tensor, Tensor]],
    optimizer: torch.optim.Optimizer,
    epochs: int,
    after_epoch: Callable[[int, History], None] | None = None,
) -> History:
    """Train for ``epochs``; the curves ``loss``, ``val_loss``, ``accuracy``, ``val_accuracy``.

    ``after_epoch(epoch, history)`` is called with epochs counted from 1, for a line of output or
    to keep the best weights.
    """
    history: History = {"loss": [], "val_loss": [], "accuracy": [], "val_accuracy": []}
    for epoch in range(1, epochs + 1):
        trained = train_epoch(model, train, optimizer)
        checked = evaluate_model(model, validation)
        history["loss"].append(trained.loss)
        history["accuracy"].append(trained.accuracy)
        history["val_loss"].append(checked.loss)
        history["val_accuracy"].append(checked.accuracy)
        if after_epoch is not None:
            after_epoch(epoch, history)
    return history
