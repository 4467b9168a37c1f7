"""Learning-rate schedule and exponential moving average of weights."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from training_utils.config import TrainConfig


def learning_rate(step: int, config: TrainConfig) -> float:
    """Linear warm-up, then a half cosine down to ``final_learning_rate`` at ``config.steps``."""
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    span = max(1, config.steps - config.warmup_steps)
    progress = min(1.0, (step - config.warmup_steps) / span)
    cosine = 0.5 * (1.0 + math.cos(math.pi * progress))
    return config.final_learning_rate + cosine * (config.learning_rate - config.final_learning_rate)


class Ema:
    """A running average of a module's weights, which generalizes better than the last step.

    ``average <- d * average + (1 - d) * weights`` with ``d = min(decay, (1 + n) / (10 + n))``, so
    that the random start is forgotten early on (n counts updates).
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.module, self.decay, self.updates = module, decay, 0
        self.average = {n: t.detach().clone() for n, t in module.state_dict().items()}

    @torch.no_grad()
    def update(self) -> None:
        """Move the average towards the module's present weights."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        for name, tensor in self.module.state_dict().items():
            if tensor.is_floating_point():
                self.average[name].lerp_(tensor, 1.0 - decay)
            else:
                self.average[name].copy_(tensor)

    @contextmanager
    def applied(self) -> Iterator[nn.Module]:
        """The module with the averaged weights inside the block, its own after it."""
        own = {n: t.detach().clone() for n, t in self.module.state_dict().items()}
        self.module.load_state_dict(self.average)
        try:
            yield self.module
        finally:
            self.module.load_state_dict(own)

    def state_dict(self) -> dict[str, Tensor | int]:
        """Tensors and the number of updates, for the training state."""
        return {"__updates__": self.updates, **self.average}

    def load_state_dict(self, state: dict[str, Tensor | int]) -> None:
        """Inverse of :meth:`state_dict`."""
        for name, value in state.items():
            if isinstance(value, Tensor):
                self.average[name].copy_(value)
            else:
                self.updates = int(value)
