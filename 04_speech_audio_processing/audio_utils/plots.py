"""Pictures of sound: waveform, mel, alignment. PNG bytes, and a file when a path is given.

Axes carry units; the colours (viridis, Okabe-Ito) can be told apart by everybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from dl_utils import COLOURS, new_figure, save_plot
from env_utils import InputError

from audio_utils.mel import mel_centers_hz
from audio_utils.spec import DEFAULT_SPEC, AudioSpec

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = npt.NDArray[np.float32]

_TICKS_HZ = (0, 250, 500, 1000, 2000, 4000, 8000)


def plot_waveform(
    audio: Array, sample_rate: int, path: str | Path | None = None, *, title: str = ""
) -> bytes:
    """Amplitude over time of ``(T,)`` audio. Long signals are drawn as their envelope."""
    figure = new_figure(8.0, 2.2)
    axes = figure.subplots()
    columns = min(len(audio), 2000)
    if columns:
        edges = np.linspace(0, len(audio), columns + 1).astype(int)[:-1]
        low, high = np.minimum.reduceat(audio, edges), np.maximum.reduceat(audio, edges)
        axes.fill_between(edges / sample_rate, low, high, color=COLOURS[0], linewidth=0.6)
        axes.set_xlim(0, len(audio) / sample_rate)
        limit = max(0.05, 1.05 * float(np.abs(audio).max()))
        axes.set_ylim(-limit, limit)
    axes.set_xlabel("time (s)")
    axes.set_ylabel("amplitude (1 = full scale)")
    axes.set_title(title)
    return save_plot(figure, path)


def plot_mel(
    mel: Array,
    spec: AudioSpec = DEFAULT_SPEC,
    path: str | Path | None = None,
    *,
    title: str = "",
    f0_hz: Array | None = None,
) -> bytes:
    """A log-mel spectrogram ``(M, F)``; with ``f0_hz`` ``(F,)`` its pitch is drawn over it."""
    figure = new_figure(8.0, 3.0)
    axes = figure.subplots()
    _draw_mel(figure, axes, mel, spec)
    if f0_hz is not None:
        seconds = np.arange(len(f0_hz)) / spec.frames_per_second
        bins = np.interp(f0_hz, mel_centers_hz(spec), np.arange(spec.n_mels))
        axes.plot(seconds, np.where(f0_hz > 0, bins, np.nan), color="white", linewidth=1.5)
    axes.set_title(title)
    return save_plot(figure, path)


def plot_alignment(
    mel: Array,
    durations: Sequence[int],
    labels: Sequence[str],
    spec: AudioSpec = DEFAULT_SPEC,
    path: str | Path | None = None,
    *,
    title: str = "",
) -> bytes:
    """Which symbol is spoken when: a mel ``(M, F)`` with its ``labels`` and their borders.

    ``durations`` are frames per label; a label of 0 frames is left out. Raises ``InputError`` when
    the two lists differ in length or the durations do not add up to ``F`` (one frame more or less
    is forgiven).
    """
    if len(durations) != len(labels):
        raise InputError(f"plot_alignment: {len(durations)} durations for {len(labels)} labels.")
    if abs(sum(durations) - mel.shape[1]) > 1:
        raise InputError(
            f"plot_alignment: the durations add up to {sum(durations)} frames, the mel has "
            f"{mel.shape[1]}."
        )
    seconds = mel.shape[1] / spec.frames_per_second
    figure = new_figure(float(np.clip(3.0 * seconds, 8.0, 40.0)), 3.4)
    axes = figure.subplots()
    _draw_mel(figure, axes, mel, spec)
    ends = np.cumsum(durations) / spec.frames_per_second
    for label, frames, end in zip(labels, durations, ends, strict=True):
        if frames > 0:
            axes.axvline(end, color="white", linewidth=0.7, alpha=0.8)
            middle = end - frames / spec.frames_per_second / 2
            axes.annotate(
                label, (middle, 1.01), xycoords=("data", "axes fraction"), ha="center", fontsize=7
            )
    axes.set_title(title, pad=16)
    return save_plot(figure, path)


def _draw_mel(figure: Figure, axes: Axes, mel: Array, spec: AudioSpec) -> None:
    """The mel as an image: time in seconds, mel bins labelled in Hz, a colour bar."""
    if mel.ndim != 2 or mel.shape[0] != spec.n_mels:
        raise InputError(f"plot: the mel has shape {mel.shape}, not ({spec.n_mels}, frames).")
    frame = 1.0 / spec.frames_per_second
    extent = (-frame / 2, (mel.shape[1] - 0.5) * frame, -0.5, spec.n_mels - 0.5)
    image = axes.imshow(mel, origin="lower", aspect="auto", cmap="viridis", extent=extent)
    axes.autoscale(False)  # what is drawn on top must not move the picture
    centers = mel_centers_hz(spec)
    ticks = [hz for hz in _TICKS_HZ if centers[0] <= hz <= centers[-1]]
    axes.set_yticks(np.interp(ticks, centers, np.arange(spec.n_mels)), [f"{hz}" for hz in ticks])
    axes.set_xlabel("time (s)")
    axes.set_ylabel("frequency (Hz, mel scale)")
    figure.colorbar(image, ax=axes, label="ln magnitude", pad=0.01)
