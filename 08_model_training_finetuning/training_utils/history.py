"""The run's metrics: one CSV in long form (step, name, value), and plots drawn from it."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

from env_utils import atomic_path, atomic_write_text

HEADER = "step,name,value\n"


class History:
    """Metrics of a run in ``folder/metrics.csv``; rows are only ever appended."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "metrics.csv"

    def clear(self) -> None:
        """Begin an empty history."""
        atomic_write_text(self.path, HEADER)

    def append(self, step: int, metrics: dict[str, float]) -> None:
        """Add one row for each metric."""
        with self.path.open("a", encoding="utf-8") as stream:
            stream.writelines(f"{step},{name},{value!r}\n" for name, value in metrics.items())

    def rows(self) -> list[tuple[int, str, float]]:
        """All complete rows; a line cut short by a crash is left out."""
        if not self.path.is_file():
            return []
        rows = []
        with self.path.open(encoding="utf-8", newline="") as stream:
            for row in csv.reader(stream):
                if len(row) == 3 and row[0].isdigit():
                    rows.append((int(row[0]), row[1], float(row[2])))
        return rows

    def truncate(self, step: int) -> None:
        """Forget what was logged after ``step`` (it will be logged again by the resumed run)."""
        kept = [r for r in self.rows() if r[0] <= step]
        atomic_write_text(self.path, HEADER + "".join(f"{s},{n},{v!r}\n" for s, n, v in kept))

    def curves(self) -> dict[str, tuple[list[int], list[float]]]:
        """``name -> (steps, values)``."""
        curves: dict[str, tuple[list[int], list[float]]] = defaultdict(lambda: ([], []))
        for step, name, value in self.rows():
            curves[name][0].append(step)
            curves[name][1].append(value)
        return dict(curves)

    def plot(self) -> None:
        """Draw ``loss.png`` (all losses, log scale) and ``learning_rate.png``."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        curves = self.curves()
        curves.pop("seconds", None)
        rate = curves.pop("learning_rate", None)
        for name, selected in (("loss", curves), ("learning_rate", {"learning rate": rate})):
            figure = Figure(figsize=(8, 4.5), layout="constrained")
            FigureCanvasAgg(figure)
            axes = figure.add_subplot(xlabel="step", ylabel=name.replace("_", " "))
            positive = False
            for label, curve in selected.items():
                if curve is not None:
                    axes.plot(*curve, label=label, linewidth=1.2)
                    positive |= min(curve[1]) > 0
            if positive and name == "loss":
                axes.set_yscale("log")
            axes.set_title(f"{name.replace('_', ' ')} of this run")
            axes.legend(fontsize=7, ncols=2)
            axes.grid(alpha=0.3)
            with atomic_path(self.path.with_name(f"{name}.png")) as temporary:
                figure.savefig(temporary, dpi=100)
