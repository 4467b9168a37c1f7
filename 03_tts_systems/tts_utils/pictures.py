"""Speech to look at: its wave, its spectrogram, its pitch, its average spectrum."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from dl_utils import COLOURS, new_figure, save_plot

from tts_utils.pitch import HOP_SECONDS, pitch_contour
from tts_utils.portrait import VoicePortrait
from tts_utils.protocol import Audio
from tts_utils.spectrum import BANDS_HZ

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TOP_HZ = 8_000.0


def picture_of_speech(audio: Audio, path: Path, title: str) -> bytes:
    """Wave above, spectrogram with the pitch drawn into it below; PNG, also written to ``path``."""
    figure = new_figure(8.0, 4.2)
    wave, picture = figure.subplots(2, 1, sharex=True, height_ratios=[1, 2])
    samples, rate = audio
    draw_wave(wave, audio)
    draw_spectrogram(picture, audio)
    f0 = pitch_contour(samples, rate)
    seconds = np.arange(len(f0)) * HOP_SECONDS
    pitch = picture.twinx()
    pitch.plot(seconds, np.where(f0 > 0, f0, np.nan), color="white", lw=3)
    pitch.plot(seconds, np.where(f0 > 0, f0, np.nan), color=COLOURS[0], lw=1.8)
    pitch.set_ylim(0, 400)
    pitch.set_ylabel("pitch F0 (Hz), blue line", color=COLOURS[0])
    picture.set_xlabel("time (s)")
    figure.suptitle(title, fontsize=10)
    return save_plot(figure, path, dpi=100)


def draw_wave(axes: Axes, audio: Audio, colour: str = COLOURS[0]) -> None:
    """The outline of the wave: lowest and highest sample of each of about 2 000 stretches."""
    samples, rate = audio
    step = max(1, len(samples) // 2_000)
    blocks = samples[: len(samples) // step * step].reshape(-1, step)
    seconds = np.arange(len(blocks)) * step / rate
    axes.fill_between(seconds, blocks.min(axis=1), blocks.max(axis=1), color=colour, lw=0.4)
    axes.set_ylabel("amplitude")
    axes.set_ylim(-1, 1)


def draw_spectrogram(axes: Axes, audio: Audio) -> None:
    """Level in dB over time and frequency up to 8 kHz; windows of 46 ms show single harmonics."""
    samples, rate = audio
    width = 1 << round(np.log2(0.046 * rate))
    hop = max(width // 8, len(samples) // 800)
    padded = np.pad(samples.astype(np.float64), (width // 2, width))
    frames = np.lib.stride_tricks.sliding_window_view(padded, width)[::hop]
    frames = frames[: len(samples) // hop + 1]
    level = 20 * np.log10(np.abs(np.fft.rfft(frames * np.hanning(width), axis=1)) + 1e-5)
    frequency = np.fft.rfftfreq(width, 1 / rate)
    level = level[:, frequency <= TOP_HZ].T
    extent = (0.0, len(samples) / rate, 0.0, float(frequency[frequency <= TOP_HZ][-1]))
    top = float(level.max())
    axes.imshow(
        level, origin="lower", aspect="auto", extent=extent, cmap="magma", vmin=top - 70, vmax=top
    )
    axes.set_ylabel("frequency (Hz)")


def picture_of_voices(portraits: Mapping[str, VoicePortrait], path: Path, title: str) -> bytes:
    """Several voices side by side: pitch over time, tempo, average spectrum; PNG."""
    figure = new_figure(10.0, 6.4)
    parts = figure.subplot_mosaic(
        [["pitch", "rate"], ["spectrum", "spectrum"]], width_ratios=[3, 1]
    )
    for index, (name, portrait) in enumerate(portraits.items()):
        colour, line = COLOURS[index % 7], ("-", "--")[index // 7 % 2]
        f0 = np.where(portrait.f0_hz > 0, portrait.f0_hz, np.nan)
        parts["pitch"].plot(
            np.arange(len(f0)) * HOP_SECONDS, f0, line, color=colour, label=name, lw=1.5
        )
        parts["rate"].barh(index, portrait.syllables_per_second, color=colour)
        centres = np.sqrt(BANDS_HZ[:-1] * BANDS_HZ[1:])
        parts["spectrum"].semilogx(centres, portrait.spectrum_db, line, color=colour, lw=1.5)
    parts["pitch"].set(xlabel="time (s)", ylabel="pitch F0 (Hz)", title="Pitch: height and melody")
    parts["pitch"].legend(fontsize=8, ncols=2)
    parts["rate"].set(xlabel="syllables per second", title="Tempo")
    parts["rate"].set_yticks(range(len(portraits)), list(portraits), fontsize=8)
    parts["rate"].invert_yaxis()
    parts["spectrum"].set(
        xlabel="frequency (Hz)",
        ylabel="mean level (dB, mean of all bands = 0)",
        title="Average spectrum: the throat and the microphone",
    )
    parts["spectrum"].set_xticks([125, 250, 500, 1000, 2000, 4000])
    parts["spectrum"].set_xticklabels(["125", "250", "500", "1000", "2000", "4000"])
    for name in ("pitch", "spectrum"):
        parts[name].grid(alpha=0.3)
    figure.suptitle(title)
    return save_plot(figure, path, dpi=90)
