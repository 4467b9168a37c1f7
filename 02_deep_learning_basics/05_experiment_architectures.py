"""02.5  Compare architectures fairly

What you will learn: how to run a small experiment that means something: one thing changes at a
    time, everything else is equal, and every variant is trained from several seeds, because a
    difference smaller than what luck makes is no difference.
Needs: nothing but the installation (net: MNIST is downloaded, 11 MB; without it, scikit-learn's
    digits; gpu: used if there is one)
Writes to outputs/02_deep_learning_basics/: architecture_comparison.png
Look for: how far the seeds of one architecture lie apart, before you compare two architectures; and
    how little the largest network gains over one of a quarter of its size.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from dl_utils import (
    COLOURS,
    MLP,
    Digits,
    count_parameters,
    digit_loaders,
    evaluate_model,
    fit,
    get_device,
    lesson_digits,
    new_figure,
    save_plot,
)
from env_utils import lesson_parser, run_lesson, seed_everything

EPOCHS = {"mnist": 3, "sklearn-digits": 40}


@dataclass(frozen=True)
class Architecture:
    """A name, the sizes of the hidden layers and the bend between them."""

    name: str
    hidden: tuple[int, ...]
    activation: Literal["relu", "tanh"]

    def build(self) -> MLP:
        return MLP([28 * 28, *self.hidden, 10], self.activation)


def architectures(width: int) -> list[Architecture]:
    """The three of this lesson. "Layers" counts the layers of weights."""
    return [
        Architecture("2-layer ReLU", (width,), "relu"),
        Architecture("3-layer ReLU", (width, width // 2), "relu"),
        Architecture("2-layer Tanh", (width,), "tanh"),
    ]


@dataclass(frozen=True)
class Result:
    """One architecture, trained once per seed."""

    name: str
    width: int
    parameters: int
    accuracies: tuple[float, ...]  # on the test images, one per seed
    validation_loss: tuple[tuple[float, ...], ...]  # per seed, per epoch

    @property
    def mean(self) -> float:
        return statistics.fmean(self.accuracies)

    @property
    def spread(self) -> float:
        """Standard deviation over the seeds."""
        return statistics.stdev(self.accuracies) if len(self.accuracies) > 1 else 0.0


def run_experiment(
    architecture: Architecture, width: int, digits: Digits, seeds: Sequence[int], epochs: int
) -> Result:
    """Train ``architecture`` from every seed; same data, same optimizer, same number of steps."""
    accuracies, curves, parameters = [], [], 0
    for seed in seeds:
        torch.manual_seed(seed)  # starting weights ...
        loaders = digit_loaders(digits, batch_size=64, seed=seed)  # ... split, and order of batches
        model = architecture.build().to(get_device())
        parameters = count_parameters(model)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        history = fit(model, loaders.train, loaders.validation, optimizer, epochs)
        # Nothing is chosen here, so the test part may be used for the report. Whoever wants to pick
        # one of the networks picks by validation, and reads the test result of that one only.
        accuracies.append(evaluate_model(model, loaders.test).accuracy)
        curves.append(tuple(history["val_loss"]))
    result = Result(architecture.name, width, parameters, tuple(accuracies), tuple(curves))
    print(f"  {result.name}  {width:5}  {result.parameters:10,}  {result.mean:8.2%}", end="  ")
    print(f"± {100 * result.spread:.2f}   " + " ".join(f"{a:.2%}" for a in accuracies))
    return result


def draw(results: list[Result], source: str, path: Path) -> None:
    """Left: parameters against accuracy, every seed a dot. Right: how the widest ones learned."""
    figure = new_figure(10, 4)
    left, right = figure.subplots(1, 2)
    widest = max(result.width for result in results)
    for number, name in enumerate(dict.fromkeys(result.name for result in results)):
        mine = [result for result in results if result.name == name]
        colour, marker = COLOURS[number], "os^"[number]
        left.plot(
            [r.parameters for r in mine],
            [100 * r.mean for r in mine],
            marker + "-",
            color=colour,
            label=f"{name} (mean)",
        )
        for result in mine:
            dots = [100 * accuracy for accuracy in result.accuracies]
            left.plot([result.parameters] * len(dots), dots, ".", color=colour, alpha=0.5)
        (wide,) = (result for result in mine if result.width == widest)
        for seed, curve in enumerate(wide.validation_loss):
            label = f"{name}, {widest} units" if seed == 0 else None
            right.plot(range(1, len(curve) + 1), curve, color=colour, lw=1, label=label)
    left.set(xscale="log", xlabel="parameters", ylabel="test accuracy (%)")
    left.set_title("Compare the gaps between the means\nwith the spread of the seeds (dots)")
    right.set(yscale="log", xlabel="epoch", ylabel="validation loss (nats)")
    right.set_title(f"How they learned ({source})")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend(frameon=False, fontsize=8)
    save_plot(figure, path)


def verdict(results: list[Result]) -> str:
    """The best and the second best of the widest ones, and whether they differ beyond luck."""
    widest = max(result.width for result in results)
    first, second, *_ = sorted(
        (r for r in results if r.width == widest), key=lambda r: r.mean, reverse=True
    )
    # Standard error of a difference of two means of n seeds each.
    error = ((first.spread**2 + second.spread**2) / len(first.accuracies)) ** 0.5
    gap = first.mean - second.mean
    clear = gap > 2 * error and gap > 0
    judged = "more than two standard errors" if clear else "not more than luck explains"
    return (
        f"{first.name} leads {second.name} by {100 * gap:.2f} points "
        f"(standard error {100 * error:.2f}): {judged}."
    )


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    parser = lesson_parser("02_deep_learning_basics", __doc__)
    parser.add_argument(
        "--seeds", type=int, default=3, help="trainings per architecture (default: 3)"
    )
    args = parser.parse_args(argv)
    seed_everything(args.seed)
    digits = lesson_digits(args.smoke)
    seeds = range(args.seed, args.seed + (2 if args.smoke else args.seeds))
    epochs = 5 if args.smoke else EPOCHS[digits.source]

    print(f"\n{len(seeds)} seeds, {epochs} epochs each")
    print("  architecture  width  parameters  accuracy  ± points  seed by seed")
    results = [
        run_experiment(architecture, width, digits, seeds, epochs)
        for width in (32, 128)
        for architecture in architectures(width)
    ]
    print(verdict(results))
    path = args.output_dir / "architecture_comparison.png"
    draw(results, digits.source, path)
    print(f"\npicture: {path}")
    return {
        "source": digits.source,
        "seeds": len(seeds),
        "results": [
            {
                "name": r.name,
                "width": r.width,
                "parameters": r.parameters,
                "accuracy": r.mean,
                "spread": r.spread,
            }
            for r in results
        ],
    }


# Try this next
#  1. Add "2-layer sigmoid" (dl_utils.MLP knows it). Does it learn more slowly, and where is the
#     explanation? (ML_CONCEPTS_EXPLAINED.md, activation functions.)
#  2. Add widths of 8 and 512. Where does the curve of accuracy against parameters bend?
#  3. Compare with --seeds 10. Does the verdict stand?

if __name__ == "__main__":
    run_lesson(main)
