"""The data says what it is; damaged files are named; nothing hangs without a network."""

from __future__ import annotations

import gzip
import socket
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from dl_utils import load_mnist_data, mnist
from env_utils import InputError


def write_idx(path: Path, array: np.ndarray, packed: bool = False) -> None:
    header = bytes([0, 0, 8, array.ndim]) + b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    data = header + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(data) if packed else data)


@pytest.fixture()
def idx_folder(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Real IDX files with few images, half of them gzipped."""
    for part, count in (("train", 30), ("t10k", 10)):
        images = rng.integers(0, 256, (count, 28, 28))
        write_idx(tmp_path / f"{part}-images-idx3-ubyte.gz", images, packed=True)
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte", np.arange(count) % 10)
    return tmp_path


def test_idx_files_are_read_as_they_are(idx_folder: Path) -> None:
    digits = load_mnist_data(idx_folder, download=False)
    assert digits.source == "mnist" and str(digits) == "MNIST: 30 to train, 10 to test"
    assert digits.train_images.shape == (30, 1, 28, 28)
    assert digits.train_images.dtype == torch.float32 and digits.train_labels.dtype == torch.int64
    assert digits.test_labels.tolist() == list(range(10))
    raw = gzip.decompress((idx_folder / "train-images-idx3-ubyte.gz").read_bytes())
    assert float(digits.train_images[0, 0, 0, 5]) == pytest.approx(raw[16 + 5] / 255)


@pytest.mark.parametrize("damage", ["cut", "not idx", "other length"])
def test_a_damaged_file_is_named(idx_folder: Path, damage: str) -> None:
    path = idx_folder / "train-labels-idx1-ubyte"
    data = path.read_bytes()
    path.write_bytes({"cut": data[:-3], "not idx": b"hello" * 5, "other length": data}[damage])
    if damage == "other length":
        write_idx(path, np.zeros(7))
    with pytest.raises(InputError, match=r"train-labels|do not belong together"):
        load_mnist_data(idx_folder, download=False)


def test_offline_it_falls_back_quickly_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn")
    # A port on which nobody listens stands for the missing network.
    monkeypatch.setattr(mnist, "MIRRORS", ("http://127.0.0.1:9/",))
    start = time.monotonic()
    digits = load_mnist_data(tmp_path, timeout_seconds=3)
    assert time.monotonic() - start < 15
    assert digits.source == "sklearn-digits" and "enlarged from 8×8" in str(digits)
    assert digits.train_images.shape == (1437, 1, 28, 28)
    assert float(digits.train_images.min()) >= 0 and float(digits.train_images.max()) <= 1
    assert set(digits.test_labels.tolist()) == set(range(10))
    assert list(tmp_path.iterdir()) == [], "and leaves no half download"


def test_the_digits_can_be_learned() -> None:
    pytest.importorskip("sklearn")
    digits = load_mnist_data(Path("/nonexistent"), download=False)
    flat, test = digits.train_images.flatten(1), digits.test_images.flatten(1)
    nearest = torch.cdist(test, flat).argmin(dim=1)
    accuracy = (digits.train_labels[nearest] == digits.test_labels).float().mean()
    assert float(accuracy) > 0.95, "labels belong to their images"


def test_a_server_that_never_answers_costs_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as silent:  # accepts connections, and says nothing
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        monkeypatch.setattr(mnist, "MIRRORS", (url, url))
        monkeypatch.setattr(mnist, "CONNECT_SECONDS", 0.5)
        start = time.monotonic()
        assert load_mnist_data(tmp_path).source == "sklearn-digits"
        assert time.monotonic() - start < 6
