"""The pictures of an evaluation: word errors, similarity, over-smoothing, and mels side by side.

Figures are made without pyplot, so nothing is left open and no display is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from audio_utils import DEFAULT_SPEC, load_audio, mel_spectrogram
from env_utils import atomic_path
from matplotlib.figure import Figure

from voice_replication.evaluation.judging import Verdict
from voice_replication.evaluation.similarity import cosine

COLORS = {
    "system": "#1b6ca8",
    "same-text": "#6aaed6",
    "real": "#2b8a3e",
    "copy": "#8fd19e",
    "zero-shot": "#7b52ab",
    "real-unseen": "#1d5c2a",
    "copy-unseen": "#b9dfa5",
    "espeak": "#9a9a9a",
}
_ROWS = tuple(COLORS)


def draw_all(evaluation: Any, folder: Path) -> dict[str, Path]:
    """Write every picture there is data for into ``folder``; name -> PNG file.

    ``evaluation`` is a :class:`voice_replication.evaluation.run.Evaluation`.
    """
    drawings: dict[str, Callable[[Any], Figure | None]] = {
        "word_errors": word_errors,
        "similarity": similarity,
        "movement": movement,
        "mels": mels,
    }
    made = {}
    for name, draw in drawings.items():
        figure = draw(evaluation)
        if figure is None:
            continue
        path = folder / f"{name}.png"
        with atomic_path(path) as temporary:
            figure.savefig(temporary, dpi=110, bbox_inches="tight")
        made[name] = path
    return made


def word_errors(evaluation: Any) -> Figure | None:
    """Word error rate of each row with its 95 % interval."""
    present = _present(evaluation.summaries)
    rows = [r for r in present if evaluation.summaries[r]["word_error_rate"] is not None]
    if not rows:
        return None
    rates = np.array([evaluation.summaries[r]["word_error_rate"] for r in rows]) * 100
    bounds = np.array([evaluation.summaries[r]["word_error_rate_interval"] for r in rows]).T * 100
    figure = Figure(figsize=(7.2, 3.4))
    axes = figure.subplots()
    axes.bar(rows, rates, color=[COLORS[r] for r in rows], width=0.6)
    axes.errorbar(
        rows,
        rates,
        yerr=np.maximum(0, np.abs(bounds - rates)),
        fmt="none",
        ecolor="black",
        capsize=4,
    )
    for x, (rate, top) in enumerate(zip(rates, bounds[1], strict=True)):
        axes.annotate(f"{rate:.1f}", (x, top), ha="center", va="bottom", xytext=(0, 3),
                      textcoords="offset points")  # fmt: skip
    axes.set_ylim(0, max(10.0, float(bounds.max()) * 1.15))
    axes.set_ylabel("word error rate (%)")
    axes.set_title(f"Words misheard by {evaluation.judges['words']} (95 % intervals)", fontsize=10)
    return _tidy(figure)


def similarity(evaluation: Any) -> Figure | None:
    """Distribution of cosines to the own speaker (filled) and to all others (line)."""
    groups = {}
    for row in _present(evaluation.summaries):
        own, other = _cosines([v for v in evaluation.verdicts if v["row"] == row], evaluation)
        if len(own) >= 3 and row != "espeak":
            groups[row] = (own, other)
    if not groups:
        return None
    figure = Figure(figsize=(6.4, 1.5 * len(groups) + 0.8))
    panels = np.atleast_1d(figure.subplots(len(groups), 1, sharex=True))
    edges = np.linspace(0.3, 1.0, 36)
    for axes, (row, (own, other)) in zip(panels, groups.items(), strict=True):
        axes.hist(own, edges, density=True, color=COLORS[row], alpha=0.8, label="same speaker")
        if len(other):
            axes.hist(other, edges, density=True, histtype="step", color="black", label="others")
        axes.set_ylabel("density")
        axes.set_title(f"{row}: mean {np.mean(own):.3f}", fontsize=9, loc="left")
    panels[0].legend(fontsize=8, frameon=False, loc="upper left")
    panels[-1].set_xlabel(
        f"cosine to real recordings of a speaker ({evaluation.judges['speakers']})"
    )
    return _tidy(figure)


def movement(evaluation: Any) -> Figure | None:
    """Temporal standard deviation of the mel in each fifth of its axis, per row."""
    rows = [r for r in _present(evaluation.summaries) if evaluation.summaries[r]["mel_std"]]
    if not rows:
        return None
    figure = Figure(figsize=(6.4, 3.2))
    axes = figure.subplots()
    for row in rows:
        axes.plot(range(1, 6), evaluation.summaries[row]["mel_std"], "o-", color=COLORS[row],
                  label=row)  # fmt: skip
    axes.set_xticks(range(1, 6), ["lowest", "2nd", "3rd", "4th", "highest"])
    axes.set_xlabel(
        "fifth of the mel axis (the highest ends at 7.5 kHz for voices recorded at 16 kHz)"
    )
    axes.set_ylabel("standard deviation over time\n(natural log)")
    axes.set_title("How much the spectrum moves: below real = over-smoothed", fontsize=10)
    axes.legend(fontsize=8, frameon=False)
    return _tidy(figure)


def mels(evaluation: Any) -> Figure | None:
    """One sentence as spoken by every row that has it (the first held-out text, or the first)."""
    chosen = example(evaluation.verdicts)
    if not chosen:
        return None
    figure = Figure(figsize=(7.6, 1.9 * len(chosen) + 0.5))
    panels = np.atleast_1d(figure.subplots(len(chosen), 1))
    image = None
    for axes, verdict in zip(panels, chosen, strict=True):
        mel = mel_spectrogram(load_audio(verdict["audio"]), DEFAULT_SPEC)
        seconds = mel.shape[1] / DEFAULT_SPEC.frames_per_second
        image = axes.imshow(mel, origin="lower", aspect="auto", cmap="magma", vmin=-8, vmax=2,
                            extent=(0, seconds, 0, DEFAULT_SPEC.n_mels))  # fmt: skip
        axes.set_title(f"{verdict['row']} ({verdict['speaker']})", fontsize=9, loc="left")
        axes.set_ylabel("mel bin")
    panels[-1].set_xlabel("seconds")
    figure.suptitle(f"“{_short(chosen[0]['text'])}”", fontsize=9)
    figure.tight_layout()
    if image is not None:
        figure.colorbar(image, ax=list(panels), label="log magnitude (natural)", pad=0.02)
    return figure


def example(verdicts: Sequence[Verdict], index: int = 0) -> list[Verdict]:
    """The ``index``-th held-out text in every row that speaks it; else the sentences' one."""
    real = [v for v in verdicts if v["row"] == "real"] or [
        v for v in verdicts if v["row"] in ("system", "espeak")
    ]
    if index >= len(real):
        return []
    text, speaker = real[index]["text"], real[index]["speaker"]
    same = [v for v in verdicts if v["text"] == text and v["row"] != "espeak"
            and v["speaker"] == speaker]  # fmt: skip
    return same + [v for v in verdicts if v["text"] == text and v["row"] == "espeak"]


def _cosines(verdicts: Sequence[Verdict], evaluation: Any) -> tuple[list[float], list[float]]:
    own: list[float] = []
    other: list[float] = []
    for verdict in verdicts:
        if verdict["embedding"] is None or verdict["speaker"] not in evaluation.centroids:
            continue
        embedding = np.asarray(verdict["embedding"], dtype=np.float32)
        for name, center in evaluation.centroids.items():
            (own if name == verdict["speaker"] else other).append(cosine(embedding, center))
    return own, other


def _present(summaries: Mapping[str, Any]) -> list[str]:
    return [row for row in _ROWS if row in summaries]


def _short(text: str, limit: int = 90) -> str:
    return text if len(text) <= limit else text[: limit - 1].rsplit(" ", 1)[0] + " …"


def _tidy(figure: Figure) -> Figure:
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    return figure
