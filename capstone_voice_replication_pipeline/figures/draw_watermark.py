"""Draws what the watermark does to a sentence, and how far apart the detector's scores lie.

    python capstone_voice_replication_pipeline/figures/draw_watermark.py

Both are measured now, with the shipped models: watermark.png and watermark_scores.png beside this
file. It needs FFmpeg, for the codecs.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC, spectrogram
from dl_utils import COLOURS, new_figure, save_plot
from env_utils import atomic_write_bytes
from matplotlib.figure import Figure
from PIL import Image
from voice_replication.evaluation.run import default_sentences
from voice_replication.evaluation.unmarked_sounds import Unmarked
from voice_replication.evaluation.watermark_attacks import FURTHER, REQUIRED
from voice_replication.narration import line_audio
from voice_replication.narration.text_to_speech import Speaker
from voice_replication.watermark import BAND_BINS, BANDS, FIRST_BIN, HOP, PERIOD, pattern
from voice_replication.watermark_detection import THRESHOLD, detect

Audio = npt.NDArray[np.float32]

RATE = DEFAULT_SPEC.sample_rate
SHOWN_SECONDS = 2.0
QUIET_DB = -70.0  # below this no change is drawn
CLIP = 2 * RATE
COLOURS_IN_FILE = 160
ATTACKS = ("nothing", "MP3 128 kbit/s", "Opus 32 kbit/s", "white noise, 20 dB", "mel and vocoder")


def speak(speaker: Speaker, text: str, voice: str, marked: bool) -> Audio:
    """``text`` with the mark, or as it would be without."""
    if marked:
        return speaker.speak(text, voice).audio
    with mock.patch.object(line_audio, "Marker", Unmarked):
        return speaker.speak(text, voice).audio


def level_db(audio: Audio) -> npt.NDArray[np.float64]:
    """Spectrogram in dB, ``(K, F)``."""
    return np.asarray(20.0 * np.log10(spectrogram(audio, DEFAULT_SPEC) + 1e-9))


def draw_mark(speaker: Speaker) -> Figure:
    """The speech, what the mark changed in it, and the pattern."""
    text = "Nobody recorded this sentence."
    plain, marked = (speak(speaker, text, "clara", m)[: int(SHOWN_SECONDS * RATE)] for m in (0, 1))
    before, after = level_db(plain), level_db(marked)
    before, after = before - before.max(), after - before.max()
    change = np.where(before > QUIET_DB, after - before, 0.0)
    signs = np.tile(pattern(), (2, 1)).T[:, : int(SHOWN_SECONDS * RATE / HOP)]
    bottom = (FIRST_BIN - 0.5) * RATE / DEFAULT_SPEC.n_fft / 1000
    top = (FIRST_BIN + BANDS * BAND_BINS - 0.5) * RATE / DEFAULT_SPEC.n_fft / 1000
    figure = new_figure(8.0, 6.6)
    axes = figure.subplots(3, 1, sharex=True, sharey=True)
    images = (
        ("The speech (dB)", before, (0.0, 12.0), "magma", (-80.0, 0.0)),
        ("What the mark changes (dB)", change, (0.0, 12.0), "RdBu_r", (-3.0, 3.0)),
        (
            f"The pattern; after {PERIOD // 2} rows its signs turn",
            signs,
            (bottom, top),
            "RdBu_r",
            (-2, 2),
        ),
    )
    for axis, (title, values, (low, high), colours, limits) in zip(axes, images, strict=True):
        image = axis.imshow(
            values,
            origin="lower",
            aspect="auto",
            cmap=colours,
            extent=(0.0, SHOWN_SECONDS, low, high),
            vmin=limits[0],
            vmax=limits[1],
            interpolation="nearest",
        )
        axis.set_title(title, loc="left", fontsize=10)
        axis.set_ylabel("kHz")
        axis.set_ylim(0, 8)
        figure.colorbar(image, ax=axis, pad=0.01)
    axes[-1].set_xlabel("time (s)")
    return figure


def clips(recordings: list[Audio]) -> Iterator[Audio]:
    """Every second, two seconds."""
    for audio in recordings:
        for start in range(0, len(audio) - CLIP + 1, RATE):
            yield audio[start : start + CLIP]


def draw_scores(speaker: Speaker) -> Figure:
    """Cumulative shares of the scores of clips, unmarked and after some attacks."""
    text = " ".join(default_sentences(16))
    voices = tuple(speaker.store.names())
    marked = [speak(speaker, text, voice, True) for voice in voices]
    plain = [speak(speaker, text, voice, False) for voice in voices]
    sets = {"not marked": plain}
    for name in ATTACKS:
        attack = {**REQUIRED, **FURTHER}[name]
        sets["marked" if name == "nothing" else name] = [attack(audio) for audio in marked]
    figure = new_figure(8.0, 3.6)
    axis = figure.subplots()
    for (name, recordings), colour in zip(sets.items(), COLOURS, strict=False):
        scores = np.sort([detect(clip, RATE).score for clip in clips(recordings)])
        axis.step(scores, np.arange(1, len(scores) + 1) / len(scores), label=name, color=colour)
    axis.axvline(THRESHOLD, color="black", linewidth=0.8, linestyle=":")
    axis.annotate("threshold", (THRESHOLD + 1, 0.93), fontsize=8)
    axis.set_xlabel("score of a two-second clip")
    axis.set_ylabel("share of clips below")
    axis.legend(fontsize=8, loc="lower right")
    return figure


def main() -> None:
    """Draw both."""
    speaker = Speaker()
    for name, draw in (("watermark.png", draw_mark), ("watermark_scores.png", draw_scores)):
        image = Image.open(io.BytesIO(save_plot(draw(speaker), dpi=100))).convert("RGB")
        smaller = io.BytesIO()
        image.quantize(COLOURS_IN_FILE, dither=Image.Dither.NONE).save(
            smaller, "PNG", optimize=True
        )
        target = Path(__file__).with_name(name)
        atomic_write_bytes(target, smaller.getvalue())
        print(f"{name}: {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
