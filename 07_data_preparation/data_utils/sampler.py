"""Batches of similar length, in an order that depends on nothing but the seed and the index."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np


class FrameBucketSampler:
    """Groups items of similar length so that a batch holds about ``frames_per_batch`` frames.

    Padding is wasted work: sorting by (slightly jittered) length before cutting keeps it at a few
    per cent. ``batch(i)`` is a pure function of the seed and ``i``, so a resumed training sees
    exactly the batches it would have seen, and several processes can take every n-th index.
    """

    def __init__(self, lengths: Sequence[int], frames_per_batch: int, seed: int = 0) -> None:
        self.lengths = np.asarray(lengths, dtype=np.float64)
        self.frames_per_batch, self.seed = frames_per_batch, seed
        self.epoch_batches = lru_cache(maxsize=2)(self._epoch_batches)
        self.starts = [0]

    def _epoch_batches(self, epoch: int) -> list[list[int]]:
        rng = np.random.default_rng([self.seed, epoch])
        jittered = self.lengths * rng.uniform(0.9, 1.1, len(self.lengths))
        batches: list[list[int]] = []
        current: list[int] = []
        longest = 0.0
        for index in np.argsort(jittered):
            longest_with = max(longest, self.lengths[index])
            if current and longest_with * (len(current) + 1) > self.frames_per_batch:
                batches.append(current)
                current, longest_with = [], self.lengths[index]
            current.append(int(index))
            longest = longest_with
        batches.append(current)
        order = rng.permutation(len(batches))
        return [batches[i] for i in order]

    def batch(self, index: int) -> list[int]:
        """Item numbers of batch ``index`` (0, 1, 2 ... over all epochs)."""
        while index >= self.starts[-1]:
            self.starts.append(self.starts[-1] + len(self.epoch_batches(len(self.starts) - 1)))
        epoch = int(np.searchsorted(self.starts, index, side="right")) - 1
        return self.epoch_batches(epoch)[index - self.starts[epoch]]
