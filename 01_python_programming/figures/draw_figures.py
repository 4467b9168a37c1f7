"""Draws the figures of PYTHON_FOR_DATA_EXPLAINED.md from the sample book and from sounds made here.

python 01_python_programming/figures/draw_figures.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soxr
from book_utils import count_words, extract_dialogue, read_text, sample_book_path, split_chapters
from env_utils import atomic_path
from matplotlib.figure import Figure
from matplotlib.patches import Patch

FOLDER = Path(__file__).resolve().parent
BLUE, ORANGE, SKY = "#0072B2", "#D55E00", "#56B4E9"


def save(figure: Figure, name: str) -> None:
    """Write a figure beside this script."""
    with atomic_path(FOLDER / name) as temporary:
        figure.savefig(temporary, dpi=100)


def utf8_bytes() -> None:
    """Four letters as UTF-8: how many bytes each takes, and which bits carry the number."""
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    axes = figure.subplots()
    for row, letter in enumerate("aé“😀"):
        data = letter.encode("utf-8")
        name = {0: "a", 1: "é", 2: "opening quote", 3: "grinning face"}[row]
        axes.text(
            -0.2, 3 - row, f"{name}\nU+{ord(letter):04X}", ha="right", va="center", fontsize=9
        )
        for place, byte in enumerate(data):
            bits = f"{byte:08b}"
            marker = 2 if place else (len(data) + 1 if len(data) > 1 else 1)
            axes.text(place * 2.2, 3 - row, bits[:marker], ha="left", va="center", color=ORANGE,
                      family="monospace", fontsize=13)  # fmt: skip
            axes.text(place * 2.2, 3 - row, " " * marker + bits[marker:], ha="left", va="center",
                      color=BLUE, family="monospace", fontsize=13)  # fmt: skip
    axes.set(xlim=(-2.2, 8.8), ylim=(-0.6, 3.6))
    axes.set_axis_off()
    axes.set_title(
        "UTF-8: the orange bits say how many bytes belong together, the blue ones the number"
    )
    save(figure, "utf8_bytes.png")


def zipf() -> None:
    """Rank and frequency of the words of the sample book."""
    counts = [count for _, count in count_words(read_text(sample_book_path())).most_common()]
    ranks = np.arange(1, len(counts) + 1)
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    axes = figure.subplots()
    axes.loglog(ranks, counts, ".", color=BLUE, label="the sample book")
    axes.loglog(ranks, counts[0] / ranks, color=ORANGE, label="most frequent / rank")
    axes.set_xlabel("rank of the word")
    axes.set_ylabel("occurrences")
    axes.set_title("Half of all different words occur once")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    save(figure, "zipf.png")


def aliasing() -> None:
    """The spectrum of a 15 kHz tone at 48 kHz, halved without and with a filter."""
    rate, seconds = 48_000, 0.5
    moments = np.arange(int(rate * seconds)) / rate
    sound = 0.5 * np.sin(2 * np.pi * 15_000 * moments) + 0.5 * np.sin(2 * np.pi * 3_000 * moments)
    ways = {
        "48 kHz: tones of 3 and 15 kHz": (sound, rate),
        "every second sample: a tone of 9 kHz that was never there": (sound[::2], rate // 2),
        "resampled with a filter: 3 kHz alone": (soxr.resample(sound, rate, rate // 2), rate // 2),
    }
    figure = Figure(figsize=(8, 4.4), layout="constrained")
    for axes, (title, (samples, its_rate)) in zip(
        figure.subplots(3, 1, sharex=True), ways.items(), strict=True
    ):
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) / len(samples)
        hertz = np.fft.rfftfreq(len(samples), 1 / its_rate)
        axes.plot(hertz / 1000, 20 * np.log10(spectrum + 1e-6), color=BLUE)
        axes.axvline(its_rate / 2000, color=ORANGE, linestyle="--")
        axes.set_ylabel("level (dB)")
        axes.set_title(title, fontsize=10)
    axes.set_xlabel("frequency (kHz); dashed: half of the sample rate")
    save(figure, "aliasing.png")


def book_map() -> None:
    """Where in each chapter somebody speaks."""
    figure = Figure(figsize=(8, 2.8), layout="constrained")
    axes = figure.subplots()
    chapters = [c for c in split_chapters(read_text(sample_book_path())) if c.number is not None]
    for row, chapter in enumerate(chapters):
        axes.barh(row, len(chapter.text), color=SKY, height=0.7)
        for line in extract_dialogue(chapter.text):
            axes.barh(row, line.end - line.start, left=line.start, color=ORANGE, height=0.7)
    axes.set_yticks(range(len(chapters)), [f"chapter {chapter.number}" for chapter in chapters])
    axes.invert_yaxis()
    axes.set_xlim(0, 6000)  # room for the legend
    axes.set_xlabel("characters from the start of the chapter")
    axes.set_title("A book as data: five chapters, 128 speeches")
    axes.legend(handles=[Patch(color=SKY), Patch(color=ORANGE)], labels=["narration", "dialogue"])
    save(figure, "book_map.png")


def main() -> None:
    """All figures of the guide."""
    utf8_bytes()
    zipf()
    aliasing()
    book_map()


if __name__ == "__main__":
    main()
