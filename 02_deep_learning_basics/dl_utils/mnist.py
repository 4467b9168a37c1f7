"""Handwritten digits: MNIST where it can be had, scikit-learn's small digits where not.

MNIST is read in its own IDX format (Y. LeCun: four big-endian numbers, then bytes), so neither
torchvision nor a pickle is involved. Which of the two data sets came out is in ``source``: a result
on one must not be reported as a result on the other.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from env_utils import InputError, MissingDependencyError, atomic_write_bytes, voiceclone_home
from torch import Tensor

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
FILES = {  # name: MD5 of the gzip file as published
    "train-images-idx3-ubyte": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte": "ec29112dd5afa0611ce80d1b7f02629c",
}
CONNECT_SECONDS = 2.5  # per mirror: five seconds are enough to find out that there is no network

Source = Literal["mnist", "sklearn-digits"]


@dataclass(frozen=True)
class Digits:
    """Images of digits, ``(N, 1, 28, 28)`` float32 in [0, 1], and labels ``(N,)`` int64 0..9."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor
    source: Source

    def subset(self, train: int, test: int) -> Digits:
        """The first ``train`` and the first ``test`` samples, or all where there are fewer."""
        return replace(
            self,
            train_images=self.train_images[:train],
            train_labels=self.train_labels[:train],
            test_images=self.test_images[:test],
            test_labels=self.test_labels[:test],
        )

    def __str__(self) -> str:
        what = "MNIST" if self.source == "mnist" else "scikit-learn's digits, enlarged from 8×8"
        return f"{what}: {len(self.train_labels)} to train, {len(self.test_labels)} to test"


def load_mnist_data(
    folder: str | Path | None = None,
    *,
    source: Source | None = None,
    download: bool = True,
    timeout_seconds: float = 60.0,
) -> Digits:
    """MNIST from ``folder``, else downloaded into it, else scikit-learn's digits; see ``source``.

    ``folder`` (default: ``data/mnist`` in the user's VOICECLONE_HOME) may hold the four IDX files,
    plain or ``.gz``. All downloads together take at most about ``timeout_seconds``; that there is
    no network is known after five. ``source`` insists on one of the two data sets: with "mnist"
    nothing stands in for it. Raises ``InputError`` when a file that is there is damaged or the
    data set insisted on cannot be had, and ``MissingDependencyError`` when there is neither MNIST
    nor scikit-learn.
    """
    if source == "sklearn-digits":
        return _sklearn_digits()
    folder = Path(folder) if folder is not None else voiceclone_home() / "data" / "mnist"
    if not _all_present(folder) and not (download and _download(folder, timeout_seconds)):
        if source == "mnist":
            raise InputError(
                f"{folder}: MNIST is not here and could not be downloaded; connect to the internet "
                "or put the four IDX files into this folder."
            )
        return _sklearn_digits()
    train_images, train_labels, test_images, test_labels = (
        torch.from_numpy(_read_idx(_find(folder, name))) for name in FILES
    )
    for images, labels in ((train_images, train_labels), (test_images, test_labels)):
        if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels):
            raise InputError(f"{folder}: images and labels do not belong together.")
    train, test = (i.float().div(255).unsqueeze(1) for i in (train_images, test_images))
    return Digits(train, train_labels.long(), test, test_labels.long(), "mnist")


def _find(folder: Path, name: str) -> Path:
    plain = folder / name
    return plain if plain.is_file() else folder / f"{name}.gz"


def _all_present(folder: Path) -> bool:
    return all(_find(folder, name).is_file() for name in FILES)


def _read_idx(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """An IDX file of bytes (plain or gzip) as an array of its own shape."""
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
        dimensions = data[3]
        header = 4 + 4 * dimensions
        shape = tuple(np.frombuffer(data[4:header], ">u4").astype(int))
        if data[:3] != b"\0\0\x08" or len(data) - header != int(np.prod(shape)):
            raise ValueError("wrong size or kind")
        return np.frombuffer(data, np.uint8, offset=header).reshape(shape).copy()
    except (OSError, EOFError, ValueError, IndexError) as error:
        raise InputError(
            f"{path}: not a whole IDX file of bytes ({error}). Delete it to have it fetched again."
        ) from error


def _download(folder: Path, timeout_seconds: float) -> bool:
    """Fetch the missing files; False (and no half file) when that fails or takes too long."""
    deadline = time.monotonic() + timeout_seconds
    for name, digest in FILES.items():
        if _find(folder, name).is_file():
            continue
        for mirror in MIRRORS:
            data = _fetch(f"{mirror}{name}.gz", deadline)
            if data is not None and hashlib.md5(data, usedforsecurity=False).hexdigest() == digest:
                atomic_write_bytes(folder / f"{name}.gz", data)
                break
        else:
            return False
    return True


def _fetch(url: str, deadline: float) -> bytes | None:
    """The body of ``url``; None when nobody answers in time or the deadline passes.

    The work is done in a thread of its own, because the time-out of a connection does not cover
    the look-up of the server's name, which can hang for much longer.
    """
    answered, body = threading.Event(), bytearray()
    complete = threading.Event()

    def work() -> None:
        try:
            with urllib.request.urlopen(url, timeout=CONNECT_SECONDS) as answer:
                answered.set()
                while chunk := answer.read(1 << 16):
                    body.extend(chunk)
                    if time.monotonic() > deadline:
                        return
            complete.set()
        except (urllib.error.URLError, OSError, ValueError):
            return
        finally:
            answered.set()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    if answered.wait(max(0.0, min(CONNECT_SECONDS, deadline - time.monotonic()))):
        thread.join(max(0.0, deadline - time.monotonic()))
    return bytes(body) if complete.is_set() else None


def _sklearn_digits() -> Digits:
    """1 797 digits of 8×8 pixels, enlarged to 28×28; every fifth one is for testing."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise MissingDependencyError(
            "MNIST could not be downloaded and scikit-learn, whose digits stand in for it, is not "
            'installed: pip install "voice-cloning-pipeline[course]".'
        ) from error
    pixels, labels = load_digits(return_X_y=True)
    images = torch.from_numpy(pixels.reshape(-1, 1, 8, 8) / 16.0).float()
    enlarged = torch.nn.functional.interpolate(
        images, size=(28, 28), mode="bilinear", align_corners=False
    )
    test = torch.arange(len(labels)) % 5 == 0
    labels = torch.from_numpy(labels).long()
    return Digits(enlarged[~test], labels[~test], enlarged[test], labels[test], "sklearn-digits")
