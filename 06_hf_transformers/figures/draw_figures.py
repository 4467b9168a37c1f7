"""Draws the figures of TRANSFORMERS_EXPLAINED.md; each is computed, none is sketched by eye.

python 06_hf_transformers/figures/draw_figures.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from dl_utils import COLOURS, new_figure, save_plot
from hf_utils import causal_mask, padding_mask, rotate, sinusoidal_positions
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent


def draw_attention() -> None:
    """Three steps of attention on four tokens: scores, weights, output."""
    torch.manual_seed(4)
    words = ["the", "clock", "that", "stopped"]
    query, key, value = torch.randn(3, 4, 8)
    query = 1.5 * query  # so that the weights differ enough to be seen
    scores = query @ key.T / 8**0.5
    weights = scores.softmax(-1)
    figure = new_figure(8.4, 2.9)
    panels = (
        ("scores: query · key / √D", scores, "cividis", words),
        ("weights: softmax of each row", weights, "cividis", words),
        ("output: weighted values", weights @ value, "cividis", [str(i) for i in range(8)]),
    )
    for axes, (title, table, colours, columns) in zip(figure.subplots(1, 3), panels, strict=True):
        picture = axes.imshow(table, cmap=colours, aspect="auto")
        axes.set_title(title, fontsize=10)
        axes.set_xticks(range(len(columns)), columns, fontsize=8, rotation=45)
        axes.set_yticks(range(4), words, fontsize=8)
        figure.colorbar(picture, ax=axes, shrink=0.8)
    save_plot(figure, HERE / "attention.png", dpi=95)


def draw_scaling() -> None:
    """The largest weight of a softmax over 20 random scores, with and without the root."""
    rng = np.random.default_rng(0)
    widths = np.array([2, 4, 8, 16, 32, 64, 128, 256, 512])
    figure = new_figure(7.6, 3.0)
    axes = figure.subplots()
    for colour, style, name, power in (
        (COLOURS[1], "s--", "query · key", 0.0),
        (COLOURS[0], "o-", "query · key / √D", 0.5),
    ):
        means = []
        for width in widths:
            query, keys = rng.normal(size=(400, 1, width)), rng.normal(size=(400, 20, width))
            scores = (query * keys).sum(-1) / width**power
            exponentials = np.exp(scores - scores.max(-1, keepdims=True))
            means.append((exponentials / exponentials.sum(-1, keepdims=True)).max(-1).mean())
        axes.plot(widths, means, style, color=colour, label=name)
    axes.set_xscale("log", base=2)
    axes.set_xlabel("width D of a head")
    axes.set_ylabel("largest of 20 weights (mean)")
    axes.set_ylim(0, 1)
    axes.set_title("Without the root, wide heads see one token only")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    save_plot(figure, HERE / "scaling.png", dpi=95)


def draw_masks() -> None:
    """Who may look at whom: encoder, decoder, encoder-decoder."""
    keep = torch.tensor([[1, 1, 1, 1, 1, 0, 0]])
    panels = (
        ("encoder (padding masked)", padding_mask(keep)[0, 0].expand(7, 7)),
        ("decoder (causal)", causal_mask(7)),
        ("cross-attention", padding_mask(keep)[0, 0].expand(4, 7)),
    )
    figure = new_figure(8.4, 2.9)
    for axes, (title, allowed) in zip(figure.subplots(1, 3), panels, strict=True):
        axes.imshow(allowed, cmap="cividis", vmin=0, vmax=1)
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("token that is looked at")
        axes.set_ylabel("token that looks")
        axes.set_xticks(np.arange(-0.5, allowed.shape[1]), minor=True)
        axes.set_yticks(np.arange(-0.5, allowed.shape[0]), minor=True)
        axes.grid(which="minor", color="white")
    figure.suptitle("Yellow: may look. Dark: may not", fontsize=10)
    save_plot(figure, HERE / "masks.png", dpi=95)


def draw_positions() -> None:
    """The sinusoidal table, its products, and a rotary pair turning."""
    table = sinusoidal_positions(64, 64)
    figure = new_figure(8.2, 2.9)
    left, middle, right = figure.subplots(1, 3)
    picture = left.imshow(table, cmap="cividis", aspect="auto", interpolation="nearest")
    left.set_xlabel("column")
    left.set_ylabel("position (tokens)")
    left.set_title("sinusoidal table", fontsize=10)
    figure.colorbar(picture, ax=left)
    middle.plot((table @ table[32]) / (table[32] @ table[32]), color=COLOURS[0])
    middle.set_xlabel("position (tokens)")
    middle.set_ylabel("similarity to position 32")
    middle.set_title("near positions are alike", fontsize=10)
    middle.grid(alpha=0.3)
    places = torch.arange(12)
    point = torch.tensor([[1.0, 0.0, 1.0, 0.0]]).expand(12, -1)
    turned = rotate(point, places)
    for pair, colour, mark in ((0, COLOURS[0], "o"), (1, COLOURS[1], "s")):
        x, y = turned[:, 2 * pair], turned[:, 2 * pair + 1]
        rate = 10_000 ** (-2 * pair / 4)
        right.plot(x, y, mark, color=colour, label=f"pair {pair}: {rate:g} rad a token")
    right.set_aspect("equal")
    right.set_xlim(-1.2, 1.2)
    right.set_ylim(-1.2, 1.9)
    right.set_xlabel("first column of the pair")
    right.set_ylabel("second column")
    right.set_title("rotary pairs, positions 0-11", fontsize=10)
    right.legend(frameon=False, fontsize=8, loc="upper center")
    save_plot(figure, HERE / "positions.png", dpi=95)


def draw_depth() -> None:
    """Size of the signal through 24 random layers: plain, residual, residual with norm."""
    rng = np.random.default_rng(1)
    width, depth = 128, 24
    figure = new_figure(7.6, 3.0)
    axes = figure.subplots()

    def norm(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return (x - x.mean(-1, keepdims=True)) / x.std(-1, keepdims=True)

    rules = {
        "x = f(x)": lambda x, f: f(x),
        "x = x + f(x)": lambda x, f: x + f(x),
        "x = x + f(norm(x))  (pre-norm)": lambda x, f: x + f(norm(x)),
        "x = norm(x + f(x))  (post-norm)": lambda x, f: norm(x + f(x)),
    }
    for colour, style, (name, rule) in zip(
        COLOURS, ("o", "s", "^", "v"), rules.items(), strict=False
    ):
        x = rng.normal(size=(64, width))
        sizes = [1.0]
        for _ in range(depth):
            first, second = rng.normal(size=(2, width, width)) / width**0.5
            x = rule(x, lambda v, a=first, b=second: np.maximum(v @ a, 0) @ b)
            sizes.append(float(x.std()))
        axes.semilogy(sizes, style + "-", color=colour, label=name, markersize=4)
    axes.set_xlabel("layer")
    axes.set_ylabel("standard deviation of x")
    axes.set_title("Alone a layer loses or inflates the signal; the norm keeps it in reach")
    axes.legend(frameon=False, fontsize=8)
    axes.grid(alpha=0.3)
    save_plot(figure, HERE / "depth.png", dpi=95)


def draw_residual_quantization() -> None:
    """How the error falls with each codebook of a residual quantizer."""
    rng = np.random.default_rng(2)
    data = rng.normal(size=(2000, 4))
    errors = [1.0]
    rest = data.copy()
    for _ in range(6):  # each codebook: 16 entries, k-means on what the ones before left over
        book = rest[rng.choice(len(rest), 16, replace=False)]
        for _ in range(15):
            nearest = ((rest[:, None] - book) ** 2).sum(-1).argmin(1)
            book = np.stack(
                [rest[nearest == i].mean(0) if (nearest == i).any() else book[i] for i in range(16)]
            )
        rest -= book[((rest[:, None] - book) ** 2).sum(-1).argmin(1)]
        errors.append(float((rest**2).mean() / (data**2).mean()))
    figure = new_figure(7.6, 3.0)
    axes = figure.subplots()
    decibels = -10 * np.log10(errors)
    axes.plot(range(7), decibels, "o-", color=COLOURS[0])
    for books, value in enumerate(decibels):
        axes.annotate(f"{4 * books} bit", (books, value), (6, -10), textcoords="offset points")
    axes.set_xlim(-0.3, 6.7)
    axes.set_ylim(-3, 28)
    axes.set_xlabel("codebooks of 16 entries used (label: bits for a vector)")
    axes.set_ylabel("signal to error (dB)")
    axes.set_title("Each codebook describes what the ones before left over")
    axes.grid(alpha=0.3)
    save_plot(figure, HERE / "residual_quantization.png", dpi=95)


def draw_cache() -> None:
    """Multiplications for writing n tokens with one attention layer, with and without a cache."""
    lengths = np.array([16, 32, 64, 128, 256, 512, 1024])
    width = 256
    whole = np.array([sum(2 * k * k * width for k in range(1, n + 1)) for n in lengths])
    step = np.array([sum(2 * k * width for k in range(1, n + 1)) for n in lengths])
    figure = new_figure(7.6, 3.0)
    axes = figure.subplots()
    axes.loglog(lengths, whole, "s--", color=COLOURS[1], label="everything again: grows like n³")
    axes.loglog(lengths, step, "o-", color=COLOURS[0], label="with the cache: grows like n²")
    axes.set_xlabel("tokens written, n")
    axes.set_ylabel("multiplications")
    axes.set_title(f"Scores and mixtures of one layer of width {width}, all steps together")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    save_plot(figure, HERE / "kv_cache.png", dpi=95)


def main() -> None:
    """Draw all figures beside this file."""
    for draw in (
        draw_attention,
        draw_scaling,
        draw_masks,
        draw_positions,
        draw_depth,
        draw_residual_quantization,
        draw_cache,
    ):
        draw()
    for path in sorted(HERE.glob("*.png")):
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
