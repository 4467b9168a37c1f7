"""02.7  Laboratory: why the first random numbers matter

What you will learn: how signals and gradients grow or shrink from layer to layer, the two formulas
    (Xavier, He) that keep their size, and what a badly started network looks like in training.
Needs: nothing but the installation
Writes to outputs/02_deep_learning_basics/: initialization.png
Look for: the steep lines in the first two panels (a factor per layer, to the power of the depth)
    and the loss curve that stays flat at log 5: a network that does not learn and gives no error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from dl_utils import COLOURS, MLP, new_figure, save_plot, train_epoch
from dl_utils.vowel_data import BANDS, draw_voices, standardize, vowel_data
from env_utils import TrainingError, lesson_parser, run_lesson, seed_everything
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

Array = npt.NDArray[np.float64]
WIDTH, DEPTH = 64, 12


def xavier_std(inputs: int, outputs: int) -> float:
    """Glorot & Bengio (2010): sqrt(2 / (inputs + outputs)); for tanh and other near-linear bends.

    A sum of n products with weights of variance v has n v times the variance of its inputs. To keep
    it forward needs v = 1/inputs, backward v = 1/outputs; this is the compromise.
    """
    return math.sqrt(2 / (inputs + outputs))


def he_std(inputs: int, outputs: int) -> float:  # noqa: ARG001 (the schemes share a signature)
    """He et al. (2015): sqrt(2 / inputs). ReLU loses half of the power, so twice the variance."""
    return math.sqrt(2 / inputs)


SCHEMES: dict[str, Callable[[int, int], float]] = {
    "too small (0.01)": lambda i, o: 0.01,  # noqa: ARG005
    "Xavier": xavier_std,
    "He": he_std,
    "too large (0.5)": lambda i, o: 0.5,  # noqa: ARG005
}


def signal_and_gradient(
    scheme: Callable[[int, int], float], rng: np.random.Generator, samples: int = 200
) -> tuple[list[float], list[float]]:
    """Root mean square of the activations and of the gradients in each of DEPTH ReLU layers.

    Forward: h <- relu(h W). Backward, from a random gradient of size 1 at the top: multiply by
    1 where ReLU let the signal through and by 0 elsewhere, then by the transposed weights.
    """
    values = rng.normal(0, 1, (samples, WIDTH))
    weights, passed, forward = [], [], []
    for _ in range(DEPTH):
        matrix = rng.normal(0, scheme(WIDTH, WIDTH), (WIDTH, WIDTH))
        sums = values @ matrix
        values = np.maximum(sums, 0.0)
        weights.append(matrix)
        passed.append(sums > 0)
        forward.append(float(np.sqrt(np.mean(values**2))))
    gradient = rng.normal(0, 1, (samples, WIDTH))
    backward = []
    for matrix, mask in zip(reversed(weights), reversed(passed), strict=True):
        gradient = (gradient * mask) @ matrix.T
        backward.append(float(np.sqrt(np.mean(gradient**2))))
    return forward, backward[::-1]


def initialize(model: MLP, scheme: Callable[[int, int], float]) -> None:
    """Draw all weights anew with the scheme's standard deviation; biases are zero."""
    for layer in [*model.hidden_layers(), model.output]:
        nn.init.normal_(layer.weight, 0.0, scheme(layer.in_features, layer.out_features))
        nn.init.zeros_(layer.bias)


def vowel_batches(rng: np.random.Generator, speakers: int) -> DataLoader[tuple[torch.Tensor, ...]]:
    """Five vowels of many speakers; features standardized."""
    data = vowel_data(draw_voices(speakers, rng), 2, rng)
    (features,) = standardize(data.features)
    tensors = torch.from_numpy(features).float(), torch.from_numpy(data.vowels)
    order = torch.Generator().manual_seed(0)
    return DataLoader(TensorDataset(*tensors), 64, shuffle=True, generator=order)


def train(
    scheme: Callable[[int, int], float], speakers: int, epochs: int, seed: int
) -> list[float]:
    """Training loss of a ReLU network of DEPTH layers; same data and batches for every scheme.

    The curve ends where the loss is no longer a number.
    """
    batches = vowel_batches(np.random.default_rng(seed), speakers)
    torch.manual_seed(seed)
    model = MLP([BANDS, *[WIDTH] * (DEPTH - 1), 5], "relu")
    initialize(model, scheme)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    curve: list[float] = []
    try:
        for _ in range(epochs):
            curve.append(train_epoch(model, batches, optimizer).loss)
    except TrainingError as error:
        print(f"    stopped in epoch {len(curve) + 1}: {error}")
    return curve


def draw(
    signals: dict[str, tuple[list[float], list[float]]], curves: dict[str, list[float]], path: Path
) -> None:
    """Forward, backward, and what comes of it."""
    figure = new_figure(12, 3.9)
    forward, backward, learning = figure.subplots(1, 3)
    layers = range(1, DEPTH + 1)
    for number, (name, (up, down)) in enumerate(signals.items()):
        style = {"color": COLOURS[number], "marker": "os^D"[number], "ms": 4, "label": name}
        forward.plot(layers, up, **style)
        backward.plot(layers, down, **style)
        if curves[name]:
            learning.plot(range(1, len(curves[name]) + 1), curves[name], color=COLOURS[number])
    forward.set(yscale="log", xlabel="layer", ylabel="activations (root mean square)")
    forward.set_title("Forward: He keeps the signal's size")
    backward.set(yscale="log", xlabel="layer", ylabel="gradients (root mean square)")
    backward.set_title("Backward: and the gradient's")
    learning.axhline(math.log(5), color="black", lw=0.8, ls=":", label="knowing nothing: log 5")
    learning.set(xlabel="epoch", ylabel="cross-entropy (nats)", ylim=(0, 2))
    learning.set_title("Training: only He gets away\n(too large is not a number at once)")
    for axes in (forward, backward, learning):
        axes.grid(alpha=0.3)
    forward.legend(frameon=False, fontsize=8)
    learning.legend(frameon=False, fontsize=8)
    save_plot(figure, path)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    args = lesson_parser("02_deep_learning_basics", __doc__).parse_args(argv)
    rng = seed_everything(args.seed)
    speakers, epochs = (8, 40) if args.smoke else (24, 40)

    print(f"{DEPTH} ReLU layers of {WIDTH} units; sizes are root mean squares\n")
    signals, curves = {}, {}
    for name, scheme in SCHEMES.items():
        signals[name] = signal_and_gradient(scheme, rng)
        up, down = signals[name]
        print(f"{name}: standard deviation {scheme(WIDTH, WIDTH):.3f}")
        print(f"    signal   layer 1 {up[0]:9.2e}   layer {DEPTH} {up[-1]:9.2e}")
        print(f"    gradient layer 1 {down[0]:9.2e}   layer {DEPTH} {down[-1]:9.2e}")
        curves[name] = train(scheme, speakers, epochs, args.seed)
        if curves[name]:
            print(f"    training loss {curves[name][0]:.3f} -> {curves[name][-1]:.3f}")

    path = args.output_dir / "initialization.png"
    draw(signals, curves, path)
    print(f"\npicture: {path}")
    return {
        "signal_ratio": {name: up[-1] / up[0] for name, (up, _) in signals.items()},
        "last_loss": {name: curve[-1] if curve else None for name, curve in curves.items()},
        "epochs_survived": {name: len(curve) for name, curve in curves.items()},
    }


# Try this next
#  1. Use tanh instead of ReLU in both parts (np.tanh; its derivative is 1 - tanh²). Which scheme
#     wins now?
#  2. Add what `nn.Linear` does when nobody asks: uniform between ±1/sqrt(inputs), a standard
#     deviation of 1/sqrt(3 inputs). For how many layers does that carry a signal?
#  3. Put nn.LayerNorm before every ReLU and start too small once more. Normalization makes a
#     network nearly indifferent to how it was started; that is a good part of why it is used.

if __name__ == "__main__":
    run_lesson(main)
