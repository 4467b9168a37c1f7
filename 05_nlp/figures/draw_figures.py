"""Draws the figures of NLP_EXPLAINED.md: `python 05_nlp/figures/draw_figures.py`.

All but the vowels are computed here, from the sample book and the formulas of the guide.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
from book_utils import count_words, read_text, sample_book_path, split_chapters
from dl_utils import COLOURS, new_figure, save_plot
from text_utils import cosine_similarity, fit_tfidf, page_rank
from text_utils.summarize import content_words

FOLDER = Path(__file__).resolve().parent
BOOK = read_text(sample_book_path())

VOWELS = {  # first and second formant in Hz, means of 33 men (Peterson and Barney 1952)
    "IY": (270, 2290, "beat"), "IH": (390, 1990, "bit"), "EH": (530, 1840, "bet"),
    "AE": (660, 1720, "bat"), "AA": (730, 1090, "father"), "AO": (570, 840, "bought"),
    "UH": (440, 1020, "book"), "UW": (300, 870, "boot"), "AH": (640, 1190, "but"),
    "ER": (490, 1350, "bird"),
}  # fmt: skip
SENTENCES = (
    "The old clock stood in the cellar.",
    "Nell cleaned the clock in the cellar.",
    "The voice of the clock told the time.",
    "Nell loved the voice.",
    "A gull took the sandwich.",
)


def zipf() -> None:
    """Frequency against rank on two logarithmic axes: nearly a line of slope -1."""
    counts = np.array(sorted(count_words(BOOK).values(), reverse=True))
    rank = np.arange(1, len(counts) + 1)
    figure = new_figure(7.3, 3.6)
    axes = figure.subplots()
    axes.loglog(rank, counts, ".", color=COLOURS[0], label="words of the sample book")
    axes.loglog(rank, counts[0] / rank, "--", color=COLOURS[1], label="most frequent count / rank")
    axes.set_xlabel("rank of the word (1 = most frequent)")
    axes.set_ylabel("times in the book")
    once = float((counts == 1).mean())
    axes.set_title(f"A few words are everywhere, and {once:.0%} of the different words occur once")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    save_plot(figure, FOLDER / "zipf.png")


def character_perplexity(training: str, test: str, order: int, k: float = 0.05) -> float:
    """Perplexity of a model of ``order`` - 1 characters of context, with ``k`` added to counts."""
    size = len(set(training)) + 1  # one more for all characters that training does not hold
    grams = Counter(training[i : i + order] for i in range(len(training) - order + 1))
    contexts: Counter[str] = Counter()
    for gram, count in grams.items():
        contexts[gram[:-1]] += count
    logs = [
        np.log((grams[test[i : i + order]] + k) / (contexts[test[i : i + order - 1]] + k * size))
        for i in range(len(test) - order + 1)
    ]
    return float(np.exp(-np.mean(logs)))


def perplexity() -> None:
    """A longer context helps as long as it has been seen; on other text that ends early."""
    chapters = [chapter.text for chapter in split_chapters(BOOK)[1:]]
    training, test = "\n".join(chapters[:4]), chapters[4]
    orders = range(1, 8)
    seen = [character_perplexity(training, training, n) for n in orders]
    unseen = [character_perplexity(training, test, n) for n in orders]
    figure = new_figure(7.3, 3.6)
    axes = figure.subplots()
    axes.plot(orders, seen, "s--", color=COLOURS[1], label="chapters 1 to 4, trained on")
    axes.plot(orders, unseen, "o-", color=COLOURS[0], label="chapter 5, not seen")
    axes.set_yscale("log")
    axes.set_yticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
    axes.set_xlabel("order n of the model (n - 1 characters of context)")
    axes.set_ylabel("perplexity (characters)")
    axes.set_title("More context helps until the model only remembers")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    save_plot(figure, FOLDER / "perplexity.png")
    print("perplexity seen", np.round(seen, 1), "unseen", np.round(unseen, 1))


def logistic() -> None:
    """The squeezing function, and the price that a true answer pays for each score."""
    z = np.linspace(-6, 6, 200)
    figure = new_figure(7.6, 3.2)
    left, right = figure.subplots(1, 2)
    left.plot(z, 1 / (1 + np.exp(-z)), color=COLOURS[0])
    left.axhline(0.5, color="0.7", linewidth=1)
    left.set_xlabel("score z = w · x + b")
    left.set_ylabel("p(positive)")
    left.set_title("A score becomes a probability")
    right.plot(z, np.log1p(np.exp(-z)), color=COLOURS[1], label="cross-entropy (nats)")
    right.plot(z, z < 0, color=COLOURS[2], linestyle="--", label="counted as wrong")
    right.set_xlabel("score z of a positive example")
    right.set_ylabel("loss")
    right.set_title("Confident mistakes cost most")
    right.legend(frameon=False)
    for axes in (left, right):
        axes.grid(alpha=0.3)
    save_plot(figure, FOLDER / "logistic.png")


def f_measure() -> None:
    """Lines of equal F1 and of equal mean over precision and recall."""
    p, r = np.meshgrid(np.linspace(0.01, 1, 150), np.linspace(0.01, 1, 150))
    figure = new_figure(7.6, 3.6)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, values, name in zip(
        panels, (2 * p * r / (p + r), (p + r) / 2), ("F1 (harmonic mean)", "arithmetic mean"),
        strict=True,
    ):  # fmt: skip
        lines = axes.contour(p, r, values, levels=np.arange(0.1, 1.0, 0.2), colors=COLOURS[0])
        axes.clabel(lines, fmt="%.1f")
        axes.plot(0.02, 1.0, "o", color=COLOURS[1], clip_on=False)
        axes.annotate("a program that\nmarks everything", (0.02, 1.0), (0.4, 0.06), fontsize=9,
                      bbox={"color": "white"},
                      arrowprops={"arrowstyle": "->", "color": "0.4"})  # fmt: skip
        axes.set_xlabel("precision")
        axes.set_title(name)
        axes.set_aspect("equal")
    panels[0].set_ylabel("recall")
    save_plot(figure, FOLDER / "f_measure.png", dpi=100)


def textrank() -> None:
    """Five sentences, the cosines between them, and the ranks that follow."""
    vectors = fit_tfidf(SENTENCES, count=content_words).vectors(SENTENCES)
    weights = cosine_similarity(vectors)
    rank = page_rank(weights)
    angle = np.linspace(np.pi, -np.pi, len(SENTENCES), endpoint=False)
    x, y = np.cos(angle) * 2.2, np.sin(angle)
    figure = new_figure(7.6, 3.8)
    axes = figure.subplots()
    for i in range(len(SENTENCES)):
        for j in range(i):
            if weights[i, j] > 0:
                axes.plot(x[[i, j]], y[[i, j]], color="0.6", linewidth=8 * weights[i, j], zorder=1)
        axes.scatter(x[i], y[i], s=4000 * rank[i], color=COLOURS[5], edgecolor="black", zorder=2)
        axes.text(x[i], y[i], f"{rank[i]:.2f}", ha="center", va="center", fontsize=9, zorder=3)
        above = y[i] >= 0 and i > 0  # below the first, where no line passes
        axes.text(x[i], y[i] + (0.38 if above else -0.38), SENTENCES[i], ha="center",
                  va="bottom" if above else "top", fontsize=8)  # fmt: skip
    axes.set_xlim(-4.2, 4.2)
    axes.set_ylim(-1.8, 1.8)
    axes.axis("off")
    axes.set_title("Sentences vote for those they resemble; line width = cosine, number = rank")
    save_plot(figure, FOLDER / "textrank.png")


def vowels() -> None:
    """The vowels of ARPAbet where the tongue makes them: axes turned as in a mouth facing left."""
    figure = new_figure(6.8, 4.2)
    axes = figure.subplots()
    for name, (first, second, word) in VOWELS.items():
        axes.plot(second, first, "o", color=COLOURS[0])
        axes.annotate(f"{name}  {word}", (second, first), (6, 4), textcoords="offset points")
    axes.set_xlim(2500, 520)
    axes.set_ylim(790, 220)
    axes.set_xlabel("second formant F2 (Hz): tongue in front … at the back")
    axes.set_ylabel("first formant F1 (Hz): open … close")
    axes.set_title("Where the vowels lie (means of men, Peterson and Barney 1952)")
    axes.grid(alpha=0.3)
    save_plot(figure, FOLDER / "vowels.png")


if __name__ == "__main__":
    for draw in (zipf, perplexity, logistic, f_measure, textrank, vowels):
        draw()
    print(f"Drawn: {', '.join(sorted(path.name for path in FOLDER.glob('*.png')))}")
