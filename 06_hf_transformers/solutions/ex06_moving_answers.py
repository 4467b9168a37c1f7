"""06.e6  Answers that move (broken on purpose): the reference answer."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def probabilities(model: nn.Module, inputs: Tensor) -> Tensor:
    """What the model answers: a probability for each class."""
    was_training = model.training
    model.eval()  # dropout off, batch normalization with its stored statistics
    try:
        with torch.no_grad():  # nothing is remembered for a backward pass
            return model(inputs).softmax(dim=-1)
    finally:
        model.train(was_training)
