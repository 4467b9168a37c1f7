"""A sheet of digits: what is in the data, and what the model says about it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from env_utils import InputError
from torch import Tensor

from dl_utils.plots import new_figure, save_plot


def plot_digits(
    images: Tensor,
    captions: Sequence[str],
    path: str | Path | None = None,
    *,
    title: str = "",
    columns: int = 10,
    colours: Sequence[str] | None = None,
) -> bytes:
    """Images ``(N, 1, H, W)`` in rows of ``columns``, a caption under each; PNG bytes.

    ``colours`` gives each caption its colour. Also written to ``path`` when one is given. Raises
    ``InputError`` when there is no image or a caption is missing.
    """
    if not len(images) or len(images) != len(captions):
        raise InputError(f"plot_digits: {len(images)} images and {len(captions)} captions.")
    rows = math.ceil(len(images) / columns)
    figure = new_figure(0.8 * columns, 1.02 * rows + 0.4)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in panels:
        axes.set_axis_off()
    for i, (axes, image, caption) in enumerate(zip(panels, images, captions, strict=False)):
        axes.imshow(image.squeeze(0).cpu().numpy(), cmap="gray_r", vmin=0, vmax=1)
        axes.set_title(caption, fontsize=8, y=-0.28, color=colours[i] if colours else "black")
    if title:
        figure.suptitle(title, fontsize=11)
    return save_plot(figure, path)
