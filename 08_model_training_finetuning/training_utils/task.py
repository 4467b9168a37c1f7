"""``Task``: what one stage (encoder, synthesizer, vocoder) brings to the trainer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.optim import Optimizer

Update = Callable[[str, Tensor], float]  # (optimizer name, loss) -> gradient norm


class Task(ABC):
    """Models, data and losses of one training; the loop itself is :class:`Trainer`'s.

    Everything random must come from the ``rng`` given to :meth:`batch` or from torch's global
    generator; both are seeded from (seed, step) before each step, which is what makes a resumed
    run equal to one that was never interrupted.
    """

    name: str
    modules: dict[str, nn.Module]  # all that is trained; moved to the device by the trainer
    optimizers: dict[str, Optimizer]
    main: str  # the module whose moving average is kept and exported
    step: int = 0  # the step being done, set by the trainer

    @abstractmethod
    def batch(self, index: int, rng: np.random.Generator) -> Any:
        """Batch ``index`` of the whole training: a pure function of ``index`` and ``rng``."""

    @abstractmethod
    def optimize(self, batch: Any, update: Update) -> dict[str, float]:
        """One step: compute losses and hand each to ``update(optimizer, loss)``, which does the
        backward pass, checks, clipping and optimizer step. Returns values to log."""

    @abstractmethod
    def validate(self) -> dict[str, float]:
        """Measures on held-out data, with the averaged weights in place."""

    @abstractmethod
    def export(self, folder: Path, step: int, metrics: dict[str, float]) -> Path:
        """Write the inference checkpoint (averaged weights in place) and return its path."""

    def visualize(self, folder: Path, step: int) -> None:  # noqa: B027
        """Write samples, mels or alignments for people to look at. Optional."""

    def describe(self, batch: Any) -> str:
        """Which utterances a batch holds, for the message about a NaN."""
        return str(type(batch).__name__)
