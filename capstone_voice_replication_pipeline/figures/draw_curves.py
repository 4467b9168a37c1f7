"""Draws how a run of `voiceclone train all` went: what each stage measured on held-out recordings.

    python capstone_voice_replication_pipeline/figures/draw_curves.py RUN [PICTURE]

RUN is the run's folder. The model card shows the run that the recipe was timed with; draw your own
beside it to see whether it is on the way.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from dl_utils import COLOURS, new_figure, save_plot
from training_utils import History

# stage -> (metric of its validation, what it is)
MEASURES = {
    "encoder": ("validation_eer", "equal error rate, heard speakers"),
    "synthesizer": ("validation_l1", "L1 of the mel, 2.5 nepers"),
    "vocoder": ("validation_mel", "L1 of the mel, nepers"),
}


def draw(run: Path, picture: Path) -> list[str]:
    """Write ``picture``; returns a line for each stage that has been measured."""
    figure = new_figure(9.6, 2.9)
    lines = []
    for place, (stage, (metric, label)) in enumerate(MEASURES.items(), start=1):
        curves = History(run / stage).curves()
        steps, values = curves.get(metric, ([], []))
        axes = figure.add_subplot(1, 3, place, xlabel="step", ylabel=label)
        axes.set_title(stage, loc="left", fontsize=10)
        axes.grid(alpha=0.3)
        axes.set_ylim(0.0, 1.08 * max(values, default=1.0))
        axes.plot(steps, values, marker="o", markersize=3, color=COLOURS[0])
        if values:
            minutes = dict(zip(*curves["seconds"], strict=True))[steps[-1]] / 60
            axes.annotate(f"{values[-1]:.3f}", (steps[-1], values[-1]), xytext=(-22, 8),
                          textcoords="offset points", fontsize=8)  # fmt: skip
            lines.append(f"{stage}: {steps[-1]} steps, {minutes:.0f} minutes, {values[-1]:.4f}")
    save_plot(figure, picture)
    return lines


def main() -> None:
    """Draw the run named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of a run")
    parser.add_argument("picture", type=Path, nargs="?", help="default: training_curves.png here")
    args = parser.parse_args()
    picture = args.picture or Path(__file__).with_name("training_curves.png")
    print("\n".join(draw(args.run, picture)) or f"{args.run}: no stage has been measured yet.")


if __name__ == "__main__":
    main()
