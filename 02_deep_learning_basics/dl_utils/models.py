"""Looking at a model: how large it is, and how well a classifier does on held-out data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Evaluation:
    """Result of :func:`evaluate_model`."""

    loss: float  # mean cross-entropy per sample, in nats
    accuracy: float  # share of correct answers, 0..1
    samples: int


def evaluate_model(
    model: nn.Module,
    batches: Iterable[tuple[Tensor, Tensor]],
    device: torch.device | str | None = None,
) -> Evaluation:
    """Loss and accuracy of a classifier over ``batches`` of ``(inputs (B, ...), labels (B,))``.

    The model's answers are logits ``(B, classes)``. It is switched to evaluation mode and back, no
    gradients are kept, and a smaller last batch counts with its own size. Raises ``ValueError``
    when there is no sample.
    """
    where = next((p.device for p in model.parameters()), None) if device is None else device
    was_training = model.training
    model.eval()
    loss, correct, samples = 0.0, 0, 0
    try:
        with torch.no_grad():
            for inputs, labels in batches:
                logits, labels = model(inputs.to(where)), labels.to(where)
                loss += float(nn.functional.cross_entropy(logits, labels, reduction="sum"))
                correct += int((logits.argmax(dim=-1) == labels).sum())
                samples += len(labels)
    finally:
        model.train(was_training)
    if samples == 0:
        raise ValueError("evaluate_model: there is no sample to evaluate on.")
    return Evaluation(loss / samples, correct / samples, samples)


def count_parameters(model: nn.Module, trainable_only: bool = False) -> int:
    """How many numbers the model has learned (or, with ``trainable_only``, is free to learn).

    A tensor that two layers share counts once.
    """
    return sum(
        parameter.numel()
        for parameter in model.parameters()
        if parameter.requires_grad or not trainable_only
    )


def model_info(model: nn.Module) -> str:
    """A table of the layers that hold parameters: name, type, shapes, count; then the total."""
    rows = [("layer", "type", "shapes", "parameters")]
    for name, module in model.named_modules():
        own = list(module.parameters(recurse=False))
        if own:
            shapes = " ".join("×".join(map(str, parameter.shape)) for parameter in own)
            count = sum(parameter.numel() for parameter in own)
            rows.append((name or "(model)", type(module).__name__, shapes, f"{count:,}"))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    number = max(len(row[3]) for row in rows)
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        + f"  {row[3]:>{number}}"
        for row in rows
    ]
    total, free = count_parameters(model), count_parameters(model, trainable_only=True)
    size = sum(p.numel() * p.element_size() for p in model.parameters()) / 1e6
    return "\n".join([*lines, f"total {total:,} parameters, {free:,} trainable, {size:.1f} MB"])


def print_model_info(model: nn.Module) -> None:
    """Print :func:`model_info`."""
    print(model_info(model))
