"""06.e6  Answers that move (broken on purpose)

A classifier was trained, saved, and now answers questions. Asked twice, it gives two different
probabilities for the same sentence, its accuracy is lower than it was in training, and its memory
grows with every question. Two lines are missing; and afterwards the model must be in the mode in
which it came (training goes on with it).

Shapes: model maps inputs (B, D) to logits (B, classes) -> probabilities (B, classes), rows sum to
    1, without a gradient attached.

Example: probabilities(model, x) equals probabilities(model, x), to the last digit.
"""

from __future__ import annotations

import torch  # noqa: F401 - you will want it
from torch import Tensor, nn


def probabilities(model: nn.Module, inputs: Tensor) -> Tensor:
    """What the model answers: a probability for each class."""
    return model(inputs).softmax(dim=-1)
