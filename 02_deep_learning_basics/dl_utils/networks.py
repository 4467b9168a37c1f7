"""The multilayer perceptron: linear layers with a bend between them.

Shapes: ``B`` batch, ``D`` inputs, ``K`` classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from env_utils import InputError
from torch import Tensor, nn

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "gelu": nn.GELU,
    "sigmoid": nn.Sigmoid,
}
Activation = Literal["relu", "tanh", "gelu", "sigmoid"]


class MLP(nn.Module):
    """``sizes = [784, 128, 10]`` is one hidden layer of 128 units between 784 inputs and 10 logits.

    The linear layers are called ``hidden1``, ``hidden2``, … and ``output``; those names are the
    keys of the ``state_dict``. Dropout (off at 0) follows every hidden activation.
    """

    def __init__(
        self, sizes: Sequence[int], activation: Activation = "relu", dropout: float = 0.0
    ) -> None:
        super().__init__()
        if len(sizes) < 2 or min(sizes) < 1:
            raise InputError(f"MLP: sizes {list(sizes)} need an input and an output of at least 1.")
        if activation not in ACTIVATIONS:
            raise InputError(f"MLP: activation '{activation}'; known: {', '.join(ACTIVATIONS)}.")
        self.sizes, self.activation_name = tuple(sizes), activation
        self._hidden_names = [f"hidden{i + 1}" for i in range(len(sizes) - 2)]
        for name, (inputs, outputs) in zip(self._hidden_names, pairwise(sizes[:-1]), strict=True):
            self.add_module(name, nn.Linear(inputs, outputs))
        self.output = nn.Linear(sizes[-2], sizes[-1])
        self.activation = ACTIVATIONS[activation]()
        self.dropout = nn.Dropout(dropout)

    def hidden_layers(self) -> list[nn.Linear]:
        """The hidden linear layers, first to last."""
        return [
            layer for n in self._hidden_names if isinstance(layer := getattr(self, n), nn.Linear)
        ]

    def forward(self, inputs: Tensor) -> Tensor:
        """``(B, ...)`` with D values a sample -> logits ``(B, K)``."""
        values = inputs.flatten(1)
        for layer in self.hidden_layers():
            values = self.dropout(self.activation(layer(values)))
        logits: Tensor = self.output(values)
        return logits
