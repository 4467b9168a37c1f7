"""Draws the figures of ML_CONCEPTS_EXPLAINED.md; run it to have them redrawn beside this file.

Every curve is computed here with numpy; nothing is sketched except the arrows of backpropagation.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from dl_utils import COLOURS, new_figure, save_plot
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Array = npt.NDArray[np.float64]
BLUE, ORANGE, GREEN = COLOURS[:3]


def finish(axes: Axes, x: str, y: str, title: str) -> None:
    axes.set(xlabel=x, ylabel=y)
    axes.set_title(title, fontsize=10)
    axes.grid(alpha=0.3)


def gradient() -> Figure:
    figure = new_figure(7, 3)
    axes = figure.subplots()
    x = np.linspace(-1.6, 2.8, 200)
    axes.plot(x, x**4 / 4 - x**3 / 3 - x**2, color="black")
    for place, colour in ((0.6, BLUE), (1.4, ORANGE), (2.0, GREEN)):
        height = place**4 / 4 - place**3 / 3 - place**2
        slope = place**3 - place**2 - 2 * place
        near = np.linspace(place - 0.6, place + 0.6, 2)
        label = f"x = {place:g}: slope {slope + 0.0:+.2f}"
        axes.plot(near, height + slope * (near - place), color=colour, lw=2, label=label)
        axes.plot(place, height, "o", color=colour)
    axes.legend(frameon=False, loc="lower left")
    finish(axes, "x", "f(x)", "The gradient is the slope of the tangent; at the bottom it is 0")
    return figure


def backpropagation() -> Figure:
    figure = new_figure(8, 2.6)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set(xlim=(0, 10), ylim=(-0.7, 3))
    names = ["x", "a = x W1", "h = max(a, 0)", "z = h W2", "loss"]
    centres = np.linspace(0.6, 9.4, len(names))
    for name, centre in zip(names, centres, strict=True):
        box = {"boxstyle": "round,pad=0.4", "fc": "white", "ec": "black"}
        axes.text(centre, 1.5, name, ha="center", va="center", bbox=box)
    backward = ["", "da = dh · [a > 0]", "dh = dz W2ᵀ", "dz = softmax − truth"]
    for i, (left, right) in enumerate(pairwise(centres)):
        arrow = {"arrowstyle": "->", "color": BLUE, "lw": 2}
        axes.annotate("", (right - 0.35, 2.2), (left + 0.35, 2.2), arrowprops=arrow)
        if i:
            arrow = {"arrowstyle": "->", "color": ORANGE, "lw": 2}
            axes.annotate("", (left + 0.2, 0.75), (right - 0.2, 0.75), arrowprops=arrow)
            middle = (left + right) / 2
            axes.text(middle, 0.3, backward[i], ha="center", color=ORANGE, fontsize=9)
    for centre, text in ((centres[1], "dW1 = xᵀ da"), (centres[3], "dW2 = hᵀ dz")):
        axes.text(centre, -0.4, text, ha="center", color=ORANGE, fontsize=9, weight="bold")
    axes.text(5, 2.55, "forward: values, kept for later", ha="center", color=BLUE)
    axes.set_title(
        "Backward (orange; dz: derivative of the loss by z) uses what forward (blue) has kept",
        fontsize=10,
    )
    return figure


def losses() -> Figure:
    figure = new_figure(8, 3)
    left, right = figure.subplots(1, 2)
    p = np.linspace(0.005, 1, 300)
    left.plot(p, -np.log(p), color=BLUE)
    left.axhline(np.log(10), color="black", ls=":", lw=1)
    left.text(0.35, np.log(10) + 0.12, "ten classes, no idea: log 10", fontsize=8)
    finish(
        left,
        "probability given to the truth",
        "loss (nats)",
        "Cross-entropy punishes false certainty",
    )
    e = np.linspace(-3, 3, 200)
    right.plot(e, e**2, color=ORANGE, label="squared error")
    right.plot(e, np.abs(e), color=GREEN, label="absolute error")
    right.legend(frameon=False)
    finish(right, "prediction − target", "loss", "Squared error listens to outliers most")
    return figure


def valley_walk(rate: float, momentum: float, scale: float, steps: int = 22) -> Array:
    """Places of gradient descent on (x² + scale y²) / 2 from (-9, 1.5)."""
    place, velocity, curve = np.array([-9.0, 1.5]), np.zeros(2), np.array([1.0, scale])
    places = [place]
    for _ in range(steps):
        velocity = momentum * velocity + curve * place
        place = place - rate * velocity
        places.append(place)
    return np.array(places)


def contours(axes: Axes, scale: float) -> None:
    x, y = np.meshgrid(np.linspace(-10, 3, 80), np.linspace(-2.2, 2.2, 60))
    axes.contour(x, y, x**2 + scale * y**2, levels=6, colors="#BBBBBB", linewidths=0.8)
    axes.plot(0, 0, "k*", ms=9)
    axes.set_aspect("equal")  # only then is downhill at right angles to the lines


def optimizers() -> Figure:
    figure = new_figure(7, 3.1)
    axes = figure.subplots()
    contours(axes, 20)
    for (rate, momentum, name), colour in zip(
        ((0.09, 0.0, "SGD"), (0.03, 0.7, "momentum 0.7")), COLOURS, strict=False
    ):
        places = valley_walk(rate, momentum, 20)
        axes.plot(*places.T, "o-", ms=3, lw=1, color=colour, label=f"{name}, rate {rate:g}")
    axes.legend(frameon=False, loc="lower right", fontsize=8)
    finish(
        axes,
        "x (gentle)",
        "y (20 times steeper)",
        "SGD zigzags in a narrow valley; momentum averages that out",
    )
    return figure


def normalization() -> Figure:
    figure = new_figure(8, 2.3)
    for axes, scale, rate, title in zip(
        figure.subplots(1, 2),
        (20, 1.0),
        (0.09, 0.9),
        ("Features on different scales: zigzag", "Standardized: straight down"),
        strict=True,
    ):
        contours(axes, scale)
        axes.plot(*valley_walk(rate, 0.0, scale, 12).T, "o-", ms=3, lw=1, color=BLUE)
        finish(axes, "weight 1", "weight 2", f"{title}\n(12 steps, rate {rate:g})")
    return figure


def activations() -> Figure:
    figure = new_figure(8, 3)
    left, right = figure.subplots(1, 2)
    x = np.linspace(-4, 4, 400)
    s = 1 / (1 + np.exp(-x))
    curves = {
        "ReLU": (np.maximum(x, 0), (x > 0).astype(float)),
        "tanh": (np.tanh(x), 1 - np.tanh(x) ** 2),
        "sigmoid": (s, s * (1 - s)),
    }
    for (name, (value, slope)), colour in zip(curves.items(), COLOURS, strict=False):
        left.plot(x, value, color=colour, label=name)
        right.plot(x, slope, color=colour)
    left.set_ylim(-1.5, 3)
    left.legend(frameon=False)
    finish(left, "input", "output", "Three bends")
    finish(right, "input", "slope", "Their slopes: sigmoid never above 1/4")
    return figure


def noisy_sine(count: int, rng: np.random.Generator) -> tuple[Array, Array]:
    x = np.linspace(-1, 1, count) + rng.uniform(-0.5, 0.5, count) / count
    return x, np.sin(3 * x) + rng.normal(0, 0.25, count)


def polynomial(x: Array, degree: int) -> Array:
    """Legendre polynomials up to ``degree`` as columns: the same curves, better conditioned."""
    return np.polynomial.legendre.legvander(x, degree)


def ridge(x: Array, y: Array, degree: int, decay: float) -> Array:
    """Least squares with ``decay`` times the squared weights (not the constant)."""
    columns = polynomial(x, degree)
    penalty = decay * np.eye(degree + 1)
    penalty[0, 0] = 0
    return np.linalg.lstsq(columns.T @ columns + penalty, columns.T @ y, rcond=None)[0]


def fitting() -> Figure:
    figure = new_figure(9, 2.8)
    x, y = noisy_sine(16, np.random.default_rng(4))
    grid = np.linspace(-1, 1, 300)
    for axes, degree, name in zip(
        figure.subplots(1, 3),
        (1, 4, 14),
        ("Under-fitting", "About right", "Over-fitting"),
        strict=True,
    ):
        axes.plot(grid, np.sin(3 * grid), color="black", lw=0.8, ls=":", label="truth")
        axes.plot(x, y, "o", color=BLUE, ms=4, label="data")
        axes.plot(
            grid, polynomial(grid, degree) @ ridge(x, y, degree, 0), color=ORANGE, label="fit"
        )
        axes.set_ylim(-2, 2)
        finish(axes, "x", "y", f"{name}: degree {degree}")
    axes.legend(frameon=False, fontsize=8)
    return figure


def regularization() -> Figure:
    figure = new_figure(9, 2.8)
    x, y = noisy_sine(16, np.random.default_rng(4))
    grid = np.linspace(-1, 1, 300)
    for axes, decay in zip(figure.subplots(1, 3), (0.0, 0.05, 20.0), strict=True):
        weights = ridge(x, y, 14, decay)
        axes.plot(grid, np.sin(3 * grid), color="black", lw=0.8, ls=":")
        axes.plot(x, y, "o", color=BLUE, ms=4)
        axes.plot(grid, polynomial(grid, 14) @ weights, color=ORANGE)
        axes.set_ylim(-2, 2)
        size = np.linalg.norm(weights[1:])
        finish(axes, "x", "y", f"decay {decay:g}: weights of length {size:.2g}")
    return figure


def capacity() -> Figure:
    figure = new_figure(7, 3)
    axes = figure.subplots()
    degrees = np.arange(0, 15)
    train, test = np.zeros((2, 200, len(degrees)))
    for run in range(200):
        rng = np.random.default_rng(run)
        (x, y), (new_x, new_y) = noisy_sine(20, rng), noisy_sine(200, rng)
        for i, degree in enumerate(degrees):
            weights = ridge(x, y, int(degree), 0)
            train[run, i] = np.mean((polynomial(x, int(degree)) @ weights - y) ** 2)
            test[run, i] = np.mean((polynomial(new_x, int(degree)) @ weights - new_y) ** 2)
    axes.plot(degrees, np.median(train, axis=0), "o-", color=BLUE, label="training points")
    axes.plot(degrees, np.median(test, axis=0), "s--", color=ORANGE, label="new points")
    axes.axhline(0.25**2, color="black", ls=":", lw=1, label="the noise itself")
    axes.set_yscale("log")
    axes.legend(frameon=False)
    finish(
        axes,
        "degree of the polynomial (capacity)",
        "mean squared error",
        "Training error only falls; the error on new points turns\n(20 points, median of 200 sets)",
    )
    return figure


def learning_rate() -> Figure:
    figure = new_figure(7, 3)
    axes = figure.subplots()
    for rate, colour in zip((0.02, 0.3, 1.9, 2.05), COLOURS, strict=False):
        steps = np.arange(26)
        axes.plot(steps, (1 - rate) ** (2 * steps), color=colour, label=f"rate {rate:g}")
    axes.set_yscale("log")
    axes.set_ylim(1e-6, 20)
    axes.legend(frameon=False)
    finish(
        axes,
        "step",
        "loss x² / 2, relative to the start",
        "Curvature 1: best at rate 1 (one step), diverges beyond 2",
    )
    return figure


def batches() -> Figure:
    figure = new_figure(7, 3)
    axes = figure.subplots()
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1024, 10))
    y = x @ rng.normal(size=10) + rng.normal(0, 0.5, 1024)
    for size, colour in zip((4, 32, 1024), COLOURS, strict=False):
        w, curve, seen = np.zeros(10), [], []
        for step in range(4 * 1024 // size + 1):
            chosen = rng.choice(1024, size, replace=False)
            curve.append(np.mean((x @ w - y) ** 2))
            seen.append(step * size / 1024)
            w -= 0.05 * 2 * x[chosen].T @ (x[chosen] @ w - y[chosen]) / size
        axes.plot(
            seen,
            curve,
            "o-" if size == 1024 else "-",
            ms=4,
            lw=1,
            color=colour,
            label=f"batches of {size}: {1024 // size} step{'s' * (size < 1024)} an epoch",
        )
    axes.set_yscale("log")
    axes.legend(frameon=False)
    finish(
        axes,
        "epochs",
        "mean squared error, all data",
        "Small batches: more steps an epoch, and noisier ones (rate 0.05)",
    )
    return figure


FIGURES: tuple[Callable[[], Figure], ...] = (
    gradient, backpropagation, losses, optimizers, activations, fitting, regularization,
    normalization, learning_rate, batches, capacity,
)  # fmt: skip


def main() -> None:
    folder = Path(__file__).parent
    for draw in FIGURES:
        data = save_plot(draw(), folder / f"{draw.__name__}.png", dpi=95)
        print(f"{draw.__name__}.png  {len(data) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
