"""Figures without a screen, and the one that every training needs.

Figures are made and drawn directly (no ``pyplot``): nothing is shown, nothing stays in memory, and
it works in threads and on servers. Colours are those of Okabe and Ito, which people with any form
of colour blindness can tell apart.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from env_utils import InputError, atomic_write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")


def new_figure(width: float = 8.0, height: float = 3.0) -> Figure:
    """An empty figure of ``width`` × ``height`` inches whose parts never overlap."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def save_plot(figure: Figure, path: str | Path | None = None, dpi: int = 110) -> bytes:
    """The figure as PNG bytes; also written to ``path`` (atomically) when one is given."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    data = buffer.getvalue()
    if path is not None:
        atomic_write_bytes(path, data)
    return data


def plot_training_history(
    history: Mapping[str, Sequence[float]],
    path: str | Path | None = None,
    *,
    x_label: str = "epoch",
    title: str = "",
) -> bytes:
    """Curves over epochs or steps as PNG bytes, also written to ``path`` when given.

    ``history`` is ``{"loss": [...], "val_loss": [...], "accuracy": [...]}``. ``val_`` curves share
    the panel of their partner, dashed, in the same colour. Each panel has its own scale. Raises
    ``InputError`` when there is nothing to draw.
    """
    names = list(dict.fromkeys(name.removeprefix("val_") for name in history))
    if not any(len(values) for values in history.values()):
        raise InputError("plot_training_history: the history is empty.")
    figure = new_figure(4.5 * len(names), 3.2)
    for i, (name, axes) in enumerate(
        zip(names, figure.subplots(1, len(names), squeeze=False)[0], strict=True)
    ):
        for key, style in ((name, "-"), (f"val_{name}", "--")):
            if key in history:
                steps = range(1, len(history[key]) + 1)
                label = "validation" if key.startswith("val_") else "training"
                axes.plot(steps, history[key], style, color=COLOURS[i % 7], label=label)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_xlabel(x_label)
        axes.set_ylabel(name.replace("_", " "))
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    if title:
        figure.suptitle(title)
    return save_plot(figure, path)
