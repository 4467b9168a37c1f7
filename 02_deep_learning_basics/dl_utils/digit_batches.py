"""Digits as a lesson wants them: the data set said in one line, and three loaders of batches."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from dl_utils.mnist import Digits, load_mnist_data

Loader = DataLoader[tuple[Tensor, ...]]

SMOKE_TRAIN, SMOKE_TEST = 600, 150


@dataclass(frozen=True)
class DigitLoaders:
    """Batches of ``(images (B, 1, 28, 28), labels (B,))``; only ``train`` is shuffled."""

    train: Loader
    validation: Loader
    test: Loader


def lesson_digits(smoke: bool) -> Digits:
    """The digits a lesson works on; prints what they are.

    With ``smoke`` nothing is downloaded and only the first few hundred images are kept.
    """
    digits = load_mnist_data(download=not smoke)
    if digits.source == "sklearn-digits":
        print(
            "No MNIST on this machine, and none downloaded: "
            "scikit-learn's handwritten digits stand in for it."
        )
    if smoke:
        digits = digits.subset(SMOKE_TRAIN, SMOKE_TEST)
    print(f"data: {digits}")
    return digits


def digit_loaders(
    digits: Digits, batch_size: int = 64, validation_share: float = 0.1, seed: int = 0
) -> DigitLoaders:
    """Loaders of the three parts. A random share of the training part becomes the validation part.

    The test part is left alone: it is looked at once, at the end. The same ``seed`` gives the same
    split and the same order of batches. Each loader starts from a generator of its own, so that
    drawing from one does not change another.
    """
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(digits.train_labels), generator=generator)
    cut = round(len(order) * validation_share)
    held_out, kept = order[:cut], order[cut:]
    images, labels = digits.train_images, digits.train_labels
    return DigitLoaders(
        train=DataLoader(
            TensorDataset(images[kept], labels[kept]),
            batch_size,
            shuffle=True,
            generator=generator,
        ),
        validation=DataLoader(TensorDataset(images[held_out], labels[held_out]), 256),
        test=DataLoader(TensorDataset(digits.test_images, digits.test_labels), 256),
    )
