"""Spectrograms beside each other under one scale, so that the eye compares what the ear hears."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from dl_utils import new_figure, save_plot
from env_utils import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

Audio = npt.NDArray[np.float32]

RANGE_DB = 70.0  # what lies further below the loudest point is drawn black


def spectrogram_db(
    audio: Audio, sample_rate: int, window_seconds: float = 0.04, columns: int = 800
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Power in dB of ``(T,)`` audio, for looking: ``(K, C)``, and the columns' times ``(C,)`` in s.

    0 dB is a full-scale sine. The window is a Hann window of ``window_seconds``, and there are at
    most ``columns`` columns, whatever the length. Nothing is learned from this one.
    """
    size = max(16, round(window_seconds * sample_rate) // 2 * 2)
    padded = np.pad(np.asarray(audio, dtype=np.float32), size // 2)
    count = int(np.clip(len(audio) // max(1, size // 8), 2, columns))
    starts = np.linspace(0, len(padded) - size, count).astype(int)
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[starts] * window
    magnitude = np.abs(np.fft.rfft(frames, axis=1)).T / (window.sum() / 2)
    level = 20.0 * np.log10(np.maximum(magnitude, 1e-8))
    return level.astype(np.float32), (starts / sample_rate).astype(np.float32)


def draw_spectrogram(
    axes: Axes,
    audio: Audio,
    sample_rate: int,
    *,
    top_db: float | None = None,
    max_hz: float | None = None,
    window_seconds: float = 0.04,
) -> AxesImage:
    """Draw :func:`spectrogram_db` on ``axes``: seconds, kHz. ``top_db`` is the brightest level."""
    level, seconds = spectrogram_db(audio, sample_rate, window_seconds)
    top = float(level.max()) if top_db is None else top_db
    image = axes.imshow(
        level,
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=top - RANGE_DB,
        vmax=top,
        extent=(0.0, float(seconds[-1]), 0.0, sample_rate / 2000),
    )
    axes.set_ylim(0.0, min(max_hz or sample_rate / 2, sample_rate / 2) / 1000)
    axes.set_xlabel("time (s)")
    axes.set_ylabel("frequency (kHz)")
    return image


def plot_spectrograms(
    sounds: Mapping[str, tuple[Audio, int]],
    path: str | Path | None = None,
    *,
    title: str = "",
    max_hz: float | None = None,
    window_seconds: float = 0.04,
) -> bytes:
    """Spectrograms of ``{"title": (audio, sample_rate)}``, one under the other, on one dB scale.

    Raises ``InputError`` when there is nothing to draw.
    """
    if not sounds:
        raise InputError("plot_spectrograms: there is no sound to draw.")
    figure = new_figure(8.0, 0.7 + 2.1 * len(sounds))
    rows = figure.subplots(len(sounds), 1, squeeze=False, sharex=True)[:, 0]
    top = max(
        float(spectrogram_db(audio, rate, window_seconds)[0].max())
        for audio, rate in sounds.values()
    )
    for axes, (name, (audio, rate)) in zip(rows, sounds.items(), strict=True):
        image = draw_spectrogram(
            axes, audio, rate, top_db=top, max_hz=max_hz, window_seconds=window_seconds
        )
        axes.set_title(name, fontsize=9, loc="left")
        axes.label_outer()
    figure.colorbar(image, ax=list(rows), label="level (dB, 0 = full-scale sine)", pad=0.01)
    if title:
        figure.suptitle(title)
    return save_plot(figure, path)
