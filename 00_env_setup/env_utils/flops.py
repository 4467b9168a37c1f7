"""Counting arithmetic: how many floating-point operations a layer needs.

A multiplication and the addition that follows it count as two operations, as is usual. Biases,
activations and normalizations are left out: they are a percent of the whole (but they move memory).
Training a step needs about three times the forward pass: the backward pass computes one product of
the same size for the gradient of the input and one for the gradient of the weights.
"""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path

from env_utils.errors import InputError

TRAINING_FACTOR = 3  # forward + backward, of the forward pass alone


def matmul_flops(rows: int, inner: int, columns: int) -> int:
    """``(rows, inner) @ (inner, columns)``: every result is ``inner`` multiply-adds."""
    return 2 * rows * inner * columns


def linear_flops(positions: int, size_in: int, size_out: int) -> int:
    """A linear layer at ``positions`` positions (frames, symbols, or batch x frames)."""
    return matmul_flops(positions, size_in, size_out)


def conv1d_flops(
    length_out: int, channels_in: int, channels_out: int, kernel: int, groups: int = 1
) -> int:
    """A 1-D convolution with ``length_out`` output samples.

    Each output sees ``channels_in / groups`` channels; ``groups == channels_in == channels_out`` is
    a depthwise convolution, ``channels_in`` times cheaper than a full one.
    """
    return 2 * length_out * channels_out * (channels_in // groups) * kernel


def rfft_flops(n_fft: int) -> float:
    """The FFT of one real frame, by convention 2.5 N log2 N (half of a complex one's 5 N log2 N).

    Real libraries need somewhat fewer or more; the convention is what makes rates comparable.
    """
    return 2.5 * n_fft * math.log2(n_fft)


def network_flops(parameters: int, positions: float) -> float:
    """The forward pass of a network whose weights are used once per position: 2 per weight."""
    return 2.0 * parameters * positions


def weights_by_part(path: Path) -> dict[str, int]:
    """How many weights each part of a model has, from the header of its safetensors file.

    Such a file begins with the length of a JSON text (8 bytes, little-endian) and that text: the
    names and shapes of all arrays. So a model can be counted without loading it. The part is the
    name up to its first dot. Raises ``InputError`` for a file that is no safetensors file.
    """
    try:
        with path.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            header = json.loads(stream.read(length))
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file.") from error
    except (struct.error, ValueError, MemoryError, OverflowError) as error:
        raise InputError(f"{path}: this is no safetensors file.") from error
    parts: dict[str, int] = {}
    for name, entry in header.items():
        if name != "__metadata__":
            part = name.partition(".")[0]
            parts[part] = parts.get(part, 0) + math.prod(entry["shape"])
    return parts
