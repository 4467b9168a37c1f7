"""Draws the picture of the README: a reference of a few seconds, and a new sentence in its voice.

    python capstone_voice_replication_pipeline/figures/draw_figures.py

It makes the demo with the shipped models in a temporary folder and draws the mels of the reference
and of the clone. To hear the same, run `make demo`.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
from audio_utils import DEFAULT_SPEC
from audio_utils.mel import mel_centers_hz
from dl_utils import COLOURS, new_figure, save_plot
from env_utils import atomic_write_bytes
from matplotlib.axes import Axes
from PIL import Image
from voice_replication.demo import DemoRequest, make_demo
from voice_replication.demo_page import Demo, Track

TEXT = "Nobody recorded this sentence. A model read it in a borrowed voice."
SHOWN_SECONDS = 4.0  # of the reference
COLOURS_IN_FILE = 32  # enough to see everything, and the file becomes a fifth as large
TICKS_HZ = (0, 500, 1000, 2000, 4000, 8000)


def draw_mel(axes: Axes, track: Track, seconds: float, title: str) -> None:
    """The first ``seconds`` of a track as an image with axes in seconds and Hz."""
    spec = DEFAULT_SPEC
    mel = track.mel[:, : round(seconds * spec.frames_per_second)]
    extent = (0.0, mel.shape[1] / spec.frames_per_second, -0.5, spec.n_mels - 0.5)
    axes.imshow(mel, origin="lower", aspect="auto", cmap="viridis", extent=extent, vmin=-6, vmax=2)
    centers = mel_centers_hz(spec)
    places = np.interp(TICKS_HZ, centers, np.arange(spec.n_mels))
    axes.set_yticks(places, [str(hz) for hz in TICKS_HZ])
    axes.set_ylabel("frequency (Hz)")
    axes.set_title(title, loc="left", fontsize=10)


def draw_clone(demo: Demo, path: Path) -> None:
    """Reference above, clone below, with each word where the model spoke it."""
    figure = new_figure(8.0, 4.6)
    above, below = figure.subplots(2, 1)
    title = f"What the model heard: {demo.reference.seconds:.1f} s of a voice (shown: {{:.1f}} s)"
    shown = min(SHOWN_SECONDS, demo.reference.seconds)
    draw_mel(above, demo.reference, shown, title.format(shown))
    draw_mel(below, demo.clone, demo.clone.seconds, "What it then said, and nobody ever recorded")
    for word in demo.words:
        below.axvline(word.start, color="white", linewidth=0.6, alpha=0.7)
        middle, top = (word.start + word.end) / 2, 0.93
        below.annotate(
            word.text,
            (middle, top),
            xycoords=("data", "axes fraction"),
            ha="center",
            fontsize=8,
            color="white",
            bbox={"facecolor": COLOURS[-1], "alpha": 0.55, "edgecolor": "none", "pad": 1.5},
        )
    below.set_xlabel("time (s)")
    image = Image.open(io.BytesIO(save_plot(figure, dpi=100))).convert("RGB")
    smaller = io.BytesIO()
    image.quantize(COLOURS_IN_FILE, dither=Image.Dither.NONE).save(smaller, "PNG", optimize=True)
    atomic_write_bytes(path, smaller.getvalue())


def main() -> None:
    """Make the demo once and draw it."""
    with tempfile.TemporaryDirectory() as folder:
        made = make_demo(DemoRequest(output=Path(folder), text=TEXT))
    target = Path(__file__).with_name("cloned_sentence.png")
    draw_clone(made.demo, target)
    print(f"{target.name}: {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
