"""02.2  Look at the data before anything learns from it

What you will learn: what a data set of images is as numbers; whether the classes are balanced; how
    data is cut into training, validation and test parts and into batches; and what a rule without
    any learning achieves, which every network has to beat.
Needs: nothing but the installation (net: MNIST is downloaded, 11 MB; without it, scikit-learn's
    digits)
Writes to outputs/02_deep_learning_basics/: mnist_samples.png, class_balance.png
Look for: digits that you cannot read yourself (nobody will be right about all of them), and the
    two baselines at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from dl_utils import (
    COLOURS,
    Digits,
    digit_loaders,
    lesson_digits,
    new_figure,
    plot_digits,
    save_plot,
)
from env_utils import lesson_parser, run_lesson, seed_everything
from torch import Tensor

CLASSES = 10


def describe(digits: Digits) -> None:
    """Shapes, types and ranges: the first thing to print about any data set."""
    images, labels = digits.train_images, digits.train_labels
    print(
        f"training images  {tuple(images.shape)} {images.dtype}: samples, channels, rows, columns"
    )
    print(f"training labels  {tuple(labels.shape)} {labels.dtype}: the digit, 0 to 9")
    print(f"pixels from {images.min():.1f} (paper) to {images.max():.1f} (ink),", end=" ")
    print(f"mean {images.mean():.3f}, standard deviation {images.std():.3f}")


def sample_sheet(digits: Digits, path: Path, rows: int = 5) -> None:
    """``rows`` examples of every digit, a column each."""
    labels = digits.train_labels
    examples = torch.stack([torch.nonzero(labels == c).squeeze(1)[:rows] for c in range(CLASSES)])
    order = examples.T.reshape(-1)  # row by row: 0 1 2 … 9, 0 1 2 … 9, …
    name = "MNIST" if digits.source == "mnist" else "scikit-learn's digits, enlarged from 8×8"
    captions = [str(int(label)) for label in labels[order]]
    plot_digits(digits.train_images[order], captions, path, title=f"What there is to learn: {name}")


def class_balance(digits: Digits, path: Path) -> list[int]:
    """How often each digit occurs in the training part; drawn, and returned."""
    counts = torch.bincount(digits.train_labels, minlength=CLASSES)
    figure = new_figure(8, 3)
    axes = figure.subplots()
    axes.bar(range(CLASSES), counts.tolist(), color=COLOURS[0])
    mean = len(digits.train_labels) / CLASSES
    axes.axhline(mean, ls="--", color="black", lw=1, label="if all were equally frequent")
    axes.set(xlabel="digit", ylabel="training images", xticks=range(CLASSES))
    spread = float(counts.max() / counts.min())
    axes.set_title(f"The classes are nearly balanced: most to least frequent is {spread:.2f} to 1")
    axes.legend(frameon=False, loc="lower right")
    save_plot(figure, path)
    print(f"images of each digit: {counts.tolist()}")
    return [int(count) for count in counts]


def majority_baseline(digits: Digits) -> float:
    """Accuracy on the test part of always answering the most frequent training digit."""
    favourite = torch.bincount(digits.train_labels, minlength=CLASSES).argmax()
    return float((digits.test_labels == favourite).float().mean())


def class_means(digits: Digits) -> Tensor:
    """The average image of every digit, ``(10, 784)``."""
    flat = digits.train_images.flatten(1)
    return torch.stack([flat[digits.train_labels == c].mean(dim=0) for c in range(CLASSES)])


def nearest_mean_baseline(digits: Digits) -> float:
    """Test accuracy of answering with the digit whose average image is nearest.

    Ten templates and a ruler: nothing is optimized. What a network gains, it gains over this.
    """
    distances = torch.cdist(digits.test_images.flatten(1), class_means(digits))  # (N, 10)
    return float((distances.argmin(dim=1) == digits.test_labels).float().mean())


def show_batches(digits: Digits, seed: int) -> int:
    """The three parts, and one batch of the first; how many batches make an epoch."""
    loaders = digit_loaders(digits, batch_size=64, seed=seed)
    images, labels = next(iter(loaders.train))
    print(f"\na batch: images {tuple(images.shape)}, labels {tuple(labels.shape)}", end=", ")
    print(f"the first labels {labels[:8].tolist()}")
    # Shuffled, so that a batch is a fair sample of all classes. A loader over data sorted by class
    # would show the network only zeros for a while, then only ones: it would forget in between.
    print(f"one epoch: {len(loaders.train)} batches of 64", end=" ")
    print("(training images less a tenth, which is kept for validation)")
    return len(loaders.train)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    args = lesson_parser("02_deep_learning_basics", __doc__).parse_args(argv)
    seed_everything(args.seed)
    digits = lesson_digits(args.smoke)

    describe(digits)
    sheet, balance = args.output_dir / "mnist_samples.png", args.output_dir / "class_balance.png"
    sample_sheet(digits, sheet)
    counts = class_balance(digits, balance)
    batches = show_batches(digits, args.seed)

    majority, nearest = majority_baseline(digits), nearest_mean_baseline(digits)
    print("\nwithout learning, on the test images:")
    print(f"  always the most frequent digit   {majority:7.2%}")
    print(f"  the nearest of ten mean images   {nearest:7.2%}   <- lesson 02.3 has to beat this")
    print(f"\npictures: {sheet}\n          {balance}")
    return {
        "source": digits.source,
        "train": len(digits.train_labels),
        "test": len(digits.test_labels),
        "class_counts": counts,
        "batches_per_epoch": batches,
        "majority_accuracy": majority,
        "nearest_mean_accuracy": nearest,
    }


# Try this next
#  1. Draw the ten mean images (class_means) with plot_digits. Which two would you confuse?
#  2. Answer with the label of the single nearest training image instead of the nearest mean
#     (torch.cdist again). How much better is it, and what does it cost per answer?
#  3. Invert every image (1 - pixel) in the test part only. Which of the two baselines notices?

if __name__ == "__main__":
    run_lesson(main)
