"""What a user may count on after each lesson of floor 02: results and files."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import torch

Result = dict[str, Any]


def has_picture(folder: Path, name: str) -> None:
    """The PNG decodes, is large enough to read, and is not one color."""
    pixels = matplotlib.image.imread(folder / name)
    assert pixels.shape[1] >= 500 and pixels.shape[0] >= 200, f"{name}: {pixels.shape}"
    assert float(np.std(pixels[..., :3])) > 0.02, f"{name} is blank"


def hello(result: Result, folder: Path) -> None:
    assert result["gradient_error"] < 1e-8, "formula, measurement and autograd agree"
    assert abs(result["lowest_point"] - 2.0) < 0.01, "the walk found the bottom of the valley"
    assert abs(result["slope"] - 3.0) < 0.2 and abs(result["offset"] + 1.0) < 0.1
    has_picture(folder, "gradient_descent.png")


def data(result: Result, folder: Path) -> None:
    assert len(result["class_counts"]) == 10 and sum(result["class_counts"]) == result["train"]
    assert max(result["class_counts"]) < 2 * min(result["class_counts"]), "nearly balanced"
    assert result["majority_accuracy"] < 0.2 < 0.75 < result["nearest_mean_accuracy"]
    has_picture(folder, "mnist_samples.png")
    has_picture(folder, "class_balance.png")


def training(result: Result, folder: Path) -> None:
    assert result["accuracy"] > 0.9
    loss = result["history"]["loss"]
    assert 1.2 < loss[0] < 2.4, "an untrained network starts near log(10) = 2.3"
    assert loss[-1] < 0.2 * loss[0], "training lowered the loss"
    content = torch.load(folder / "mnist_model.pth", weights_only=True)
    assert content["facts"]["accuracy"] == result["accuracy"]
    assert content["state"]["hidden1.weight"].shape == (128, 784)
    has_picture(folder, "training_history.png")


def loading(result: Result, folder: Path) -> None:
    assert result["same_accuracy"] is True and result["accuracy"] == result["saved_accuracy"]
    assert 0.5 < result["confidence_when_right"] <= 1.0
    assert 0.1 <= result["confidence_on_noise"] <= 1.0
    has_picture(folder, "predictions.png")
    has_picture(folder, "confidence.png")


def comparison(result: Result, folder: Path) -> None:
    names = {row["name"] for row in result["results"]}
    assert names == {"2-layer ReLU", "3-layer ReLU", "2-layer Tanh"}
    sizes = {(row["name"], row["width"]): row["parameters"] for row in result["results"]}
    assert sizes["2-layer ReLU", 128] == sizes["2-layer Tanh", 128] == 101_770
    assert all(row["accuracy"] > 0.2 for row in result["results"])
    has_picture(folder, "architecture_comparison.png")


def by_hand(result: Result, folder: Path) -> None:
    assert result["gradient_error"] < 1e-8, "the derivation is right"
    assert abs(result["first_loss"] - np.log(2)) < 1e-9, "it starts knowing nothing"
    assert result["last_loss"] < 0.5 * result["first_loss"] and result["accuracy"] > 0.85
    with wave.open(str(folder / "two_voices.wav")) as sound:
        assert sound.getframerate() == 24_000 and sound.getnchannels() == 1
        samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16)
    assert len(samples) > 3 * 24_000 and 10_000 < np.abs(samples).max() < 32_767
    has_picture(folder, "logistic_regression.png")


def initialization(result: Result, folder: Path) -> None:
    ratio, loss = result["signal_ratio"], result["last_loss"]
    assert ratio["too small (0.01)"] < 1e-9 and ratio["too large (0.5)"] > 1e3
    assert 0.1 < ratio["He"] < 10, "He keeps the size of the signal"
    assert loss["He"] < 0.3 < 1.5 < loss["too small (0.01)"]
    has_picture(folder, "initialization.png")


def regularization(result: Result, folder: Path) -> None:
    recipes = result["recipes"]
    plain, more = recipes["nothing"], recipes["five times the speakers"]
    assert plain["train_loss"] < 0.7 * plain["test_loss"], "it knows its own speakers better"
    assert more["accuracy"] > plain["accuracy"] and more["test_loss"] < plain["test_loss"]
    has_picture(folder, "regularization.png")


def optimizers(result: Result, folder: Path) -> None:
    assert set(result["difference_to_torch"]) == {"SGD", "momentum", "Adam"}
    assert max(result["difference_to_torch"].values()) < 1e-12
    assert all(loss < 0.5 for loss in result["best_loss"].values())
    assert result["best_rate"]["Adam"] < result["best_rate"]["SGD"], "each has rates of its own"
    has_picture(folder, "optimizers.png")


EXPECTATIONS: dict[str, Callable[[Result, Path], None]] = {
    "02.1": hello,
    "02.2": data,
    "02.3": training,
    "02.4": loading,
    "02.5": comparison,
    "02.6": by_hand,
    "02.7": initialization,
    "02.8": regularization,
    "02.9": optimizers,
}
