"""02.1  Hello PyTorch: tensors, gradients, devices

What you will learn: what a tensor is (numbers, a shape, a type, a device); that PyTorch can
    differentiate what you compute; and that "learning" is walking downhill along a gradient.
Needs: nothing but the installation (gpu: used if there is one)
Writes to outputs/02_deep_learning_basics/: gradient_descent.png
Look for: the gradient found in three ways (a formula, a measurement, autograd) and the same
    number each time; and the walk in the picture, which takes long steps where it is steep.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from dl_utils import COLOURS, get_device, new_figure, numerical_gradient, save_plot
from env_utils import lesson_parser, run_lesson, seed_everything
from torch import Tensor


def show_tensors() -> None:
    """The four things to know about any tensor, and the operations used everywhere below."""
    samples = torch.tensor([[0.0, 0.5, 1.0], [1.0, 0.5, 0.0]])
    print(f"a tensor: shape {tuple(samples.shape)}, {samples.dtype}, on {samples.device}")

    # Element by element. The shapes (2, 3) and (3,) fit together: the missing dimension is repeated
    # ("broadcasting"). Convenient, and the source of bugs that raise no error: (3,) - (3, 1) is a
    # (3, 3) matrix of all differences.
    weights = torch.tensor([1.0, 10.0, 100.0])
    print(f"  times {weights.tolist()}:     {(samples * weights).tolist()}")
    column = weights.unsqueeze(1)
    print(f"  a trap: {tuple(weights.shape)} - {tuple(column.shape)} has shape", end=" ")
    print(tuple((weights - column).shape))

    # A matrix product: (2, 3) @ (3, 4) -> (2, 4). This is what a layer of a network computes for a
    # batch of 2 samples with 3 numbers each.
    layer = torch.ones(3, 4)
    print(f"  (2, 3) @ (3, 4):  shape {tuple((samples @ layer).shape)}\n")


def loss_function(x: Tensor) -> Tensor:
    """The valley of this lesson: f(x) = x⁴/4 - x³/3 - x², deepest at x = 2."""
    return x**4 / 4 - x**3 / 3 - x**2


def derivative(x: float) -> float:
    """f'(x) = x³ - x² - 2x = x (x - 2) (x + 1), derived by hand."""
    return x**3 - x**2 - 2 * x


def gradient_three_ways(x: float) -> float:
    """The slope at ``x`` by formula, by measuring and by autograd; the largest disagreement."""
    # requires_grad says: remember what is computed from this number. backward() then walks back
    # through what was remembered, applies the chain rule at every step, and leaves df/dx in .grad.
    variable = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    loss_function(variable).backward()
    assert variable.grad is not None
    automatic = variable.grad.item()

    measured = float(numerical_gradient(lambda a: float(loss_function(torch.tensor(a))), x))
    print(f"slope of f at x = {x}:")
    print(f"  derived by hand   {derivative(x):+.10f}")
    print(f"  measured          {measured:+.10f}   ((f(x + h) - f(x - h)) / 2h)")
    print(f"  autograd          {automatic:+.10f}\n")
    return max(abs(derivative(x) - automatic), abs(derivative(x) - measured))


def walk_downhill(start: float, learning_rate: float, steps: int) -> list[float]:
    """Gradient descent, the whole of it: x <- x - learning_rate * slope. All the places visited."""
    x = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    places = [start]
    for _ in range(steps):
        loss_function(x).backward()
        assert x.grad is not None
        with torch.no_grad():  # the step itself is not part of what is differentiated
            x -= learning_rate * x.grad
        # backward() ADDS to .grad. Whoever forgets this line walks along the sum of all slopes so
        # far; exercise 02.e4 is about exactly that.
        x.grad = None
        places.append(x.item())
    return places


def fit_a_line(device: torch.device) -> tuple[float, float]:
    """The same walk with two parameters and data: find slope and offset of noisy points."""
    inputs = torch.linspace(-1, 1, 50, device=device)
    targets = 3.0 * inputs - 1.0 + 0.1 * torch.randn(50, device=device)
    slope = torch.zeros((), device=device, requires_grad=True)
    offset = torch.zeros((), device=device, requires_grad=True)
    optimizer = torch.optim.SGD([slope, offset], lr=0.3)  # does the "x -= …" for all parameters
    for _ in range(60):
        optimizer.zero_grad()
        loss = ((slope * inputs + offset - targets) ** 2).mean()
        loss.backward()
        optimizer.step()
    print(f"a line through noisy points of y = 3x - 1, learned on {device}:", end=" ")
    print(f"y = {slope.item():.2f} x {offset.item():+.2f}")
    return slope.item(), offset.item()


def draw(walks: dict[float, list[float]], path: Path) -> None:
    """The valley, and for every learning rate the places that its walk visited."""
    figure = new_figure(8, 3.6)
    axes = figure.subplots()
    x = np.linspace(-1.8, 2.9, 300)
    axes.plot(x, loss_function(torch.from_numpy(x)).numpy(), color="black", lw=1)
    for number, (rate, places) in enumerate(walks.items()):
        heights = loss_function(torch.tensor(places)).numpy() + 0.35 * number
        label = f"learning rate {rate:g}"
        axes.plot(places, heights, "o-", ms=4, lw=0.8, color=COLOURS[number], label=label)
    axes.set(xlabel="x", ylabel="loss f(x)")
    axes.set_title(
        "Downhill, each walk drawn a bit higher: 0.02 crawls, 0.2 settles, 0.36 overshoots"
    )
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    save_plot(figure, path)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    args = lesson_parser("02_deep_learning_basics", __doc__).parse_args(argv)
    seed_everything(args.seed)
    device = get_device()

    show_tensors()
    error = gradient_three_ways(1.5)
    steps = 12 if args.smoke else 25
    walks = {rate: walk_downhill(0.3, rate, steps) for rate in (0.02, 0.2, 0.36)}
    for rate, places in walks.items():
        print(f"walk from x = 0.3, rate {rate:4.2f}: after {steps} steps at x = {places[-1]:.3f}")
    slope, offset = fit_a_line(device)

    path = args.output_dir / "gradient_descent.png"
    draw(walks, path)
    print(f"\npicture: {path}")
    return {
        "device": device.type,
        "gradient_error": error,
        "lowest_point": walks[0.2][-1],
        "slope": slope,
        "offset": offset,
    }


# Try this next
#  1. Start the walk at x = -0.3 instead of 0.3. Where does it end, and why is that not x = 2?
#  2. Find the learning rate at which the walk no longer settles. (The curvature f''(2) = 6 tells:
#     near the bottom, a rate above 2/6 makes every step overshoot by more than the last.)
#  3. Delete `x.grad = None` in walk_downhill and explain the picture.

if __name__ == "__main__":
    run_lesson(main)
