"""00.e5  Count before you train.  One answer."""

from __future__ import annotations


def conv1d_flops(
    length_out: int, channels_in: int, channels_out: int, kernel: int, groups: int = 1
) -> int:
    """Operations of one forward pass (without bias)."""
    products = channels_in // groups * kernel  # for each number that comes out
    return 2 * length_out * channels_out * products


def training_hours(forward_flops: float, steps: int, gflops: float) -> float:
    """Hours that `steps` training steps take at a rate of `gflops` 10^9 operations a second."""
    return 3 * forward_flops * steps / (gflops * 1e9) / 3600
