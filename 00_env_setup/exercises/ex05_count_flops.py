"""00.e5  Count before you train

Task: fill in `conv1d_flops` and `training_hours`. One multiplication and one addition are two
operations.

A 1-D convolution computes `length_out` x `channels_out` numbers. Each is a sum over `kernel` places
of `channels_in / groups` channels. A training step costs three times its forward pass
(lesson 00.3).

    conv1d_flops(100, 256, 256, kernel=7)              ->  91_750_400
    conv1d_flops(100, 256, 256, kernel=7, groups=256)  ->     358_400
    training_hours(1e9, steps=1000, gflops=50)         ->  0.01666...   (1e9: forward, of one step)
"""

from __future__ import annotations


def conv1d_flops(
    length_out: int, channels_in: int, channels_out: int, kernel: int, groups: int = 1
) -> int:
    """Operations of one forward pass (without bias)."""
    raise NotImplementedError("how many numbers come out, and how many products is each made of?")


def training_hours(forward_flops: float, steps: int, gflops: float) -> float:
    """Hours that `steps` training steps take at a rate of `gflops` 10^9 operations a second."""
    raise NotImplementedError("operations divided by operations per second, then hours")
