"""Draws the figures of ENVIRONMENTS_EXPLAINED.md: python 00_env_setup/figures/draw_figures.py"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from env_utils import atomic_path
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

FOLDER = Path(__file__).resolve().parent
BLUE, ORANGE, GREEN, SKY = "#0072B2", "#D55E00", "#009E73", "#56B4E9"


def save(figure: Figure, name: str) -> None:
    """Write a figure beside this script."""
    with atomic_path(FOLDER / name) as temporary:
        figure.savefig(temporary, dpi=100)


def box(
    axes: Axes, corner: tuple[float, float], size: tuple[float, float], text: str, color: str
) -> None:
    """A rounded box with a text in its middle."""
    (x, y), (width, height) = corner, size
    axes.add_patch(
        FancyBboxPatch(
            (x, y), width, height, boxstyle="round,pad=0.02", fc=color, ec="black", alpha=0.35
        )
    )
    axes.text(x + width / 2, y + height / 2, text, ha="center", va="center", fontsize=9)


def layers() -> None:
    """What an import of torch stands on."""
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    axes = figure.subplots()
    rows = [
        ("your script", SKY),
        ("packages in .venv: torch, numpy, soundfile … (wheels)", BLUE),
        ("libraries inside the wheels: MKL, cuBLAS, libsndfile …", BLUE),
        ("the Python that made the environment", GREEN),
        ("operating system: C library, GPU driver, sound system", ORANGE),
    ]
    for row, (text, color) in enumerate(rows):
        box(axes, (0.05, 4 - row), (0.9, 0.8), text, color)
    axes.set(xlim=(0, 1), ylim=(-0.2, 5))
    axes.set_axis_off()
    axes.set_title("The environment is the two darker blue layers; what is below is shared")
    save(figure, "layers.png")


def float_spacing() -> None:
    """The distance from a number to the next one, in three formats."""
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    axes = figure.subplots()
    size = np.geomspace(1e-4, 1e9, 400)
    for name, bits, color in (
        ("bfloat16", 7, ORANGE),
        ("float32", 23, BLUE),
        ("float64", 52, GREEN),
    ):
        axes.loglog(size, 2.0 ** (np.floor(np.log2(size)) - bits), color=color, label=name)
    axes.axhline(1.0, color="black", linewidth=0.8, linestyle=":")
    axes.axvline(2.0**24, color="black", linewidth=0.8, linestyle=":")
    axes.annotate("above $2^{24}$ float32\nskips whole numbers", (2.0**24, 1.0), (3e4, 1e-8),
                  arrowprops={"arrowstyle": "->"}, fontsize=9)  # fmt: skip
    axes.set_xlabel("size of the number")
    axes.set_ylabel("distance to the next number")
    axes.set_title("Floating point keeps digits, not places: large numbers are far apart")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    save(figure, "float_spacing.png")


def roofline() -> None:
    """The roofline model, with the numbers of an invented machine."""
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    axes = figure.subplots()
    intensity = np.geomspace(0.05, 500, 300)
    peak, bandwidth = 200.0, 10.0
    axes.loglog(intensity, np.minimum(peak, bandwidth * intensity), color="black")
    axes.fill_between(
        intensity, 0.1, np.minimum(peak, bandwidth * intensity), alpha=0.12, color=BLUE
    )
    axes.axvline(peak / bandwidth, color=ORANGE, linestyle="--")
    axes.text(0.09, 14, "waits for memory:\nrate = bandwidth × intensity", fontsize=9)
    axes.text(30, 30, "waits for arithmetic:\nrate = peak", fontsize=9)
    axes.text(
        peak / bandwidth * 0.9, 0.3, "ridge: peak / bandwidth", color=ORANGE, ha="right", fontsize=9
    )
    axes.set_ylim(0.2, 500)
    axes.set_xlabel("intensity (operations per byte moved)")
    axes.set_ylabel("highest rate (GFLOP/s)")
    axes.set_title("The roof of an imagined machine: 200 GFLOP/s and 10 GB/s")
    axes.grid(alpha=0.3)
    save(figure, "roofline_model.png")


def summation_trees() -> None:
    """Adding in turn against adding by pairs: how many roundings a number goes through."""
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for step in range(7):
        left.plot([step, step + 1], [step, step + 1], color=BLUE)
        left.plot([step + 1, step + 1], [0, step + 1], color=SKY, linewidth=0.8)
    left.plot(range(8), [0] * 8, "o", color="black")
    for level in range(3):
        width = 2**level
        for start in range(0, 8, 2 * width):
            middle = start + width - 0.5
            for child in (start + (width - 1) / 2, start + width + (width - 1) / 2):
                right.plot([child, middle], [level, level + 1], color=ORANGE)
    right.plot(range(8), [0] * 8, "o", color="black")
    for axes, title in (
        (left, "in turn: up to n − 1 roundings"),
        (right, "by pairs: log₂ n roundings"),
    ):
        axes.set_xlabel("number")
        axes.set_ylabel("additions so far")
        axes.set_title(title)
        axes.set_ylim(-0.4, 7.6)
    save(figure, "summation_trees.png")


def main() -> None:
    """All figures of the guide."""
    layers()
    float_spacing()
    roofline()
    summation_trees()


if __name__ == "__main__":
    main()
