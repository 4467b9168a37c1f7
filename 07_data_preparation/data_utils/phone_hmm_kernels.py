"""The inner loops of the phone HMM, compiled with numba.

Shapes: ``T`` frames, ``N`` positions of one utterance's state chain, ``S`` states, ``K`` mixture
components, ``C`` cepstral features.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def viterbi(emission: Any, chain: Any, jump_from: Any, first_end: int) -> tuple[Any, float]:
    """Best path through a left-to-right chain.

    ``emission (T, S)`` log-likelihoods; ``chain (N,)`` the state of each position; ``jump_from
    (N,)`` a second predecessor of a position (skipping an optional silence) or -1. The path starts
    at position 0 or ``first_end`` (after the optional first silence) and may end at the last
    position or where that one's optional silence can be skipped from.
    Returns the position of each frame ``(T,)`` and the total log-likelihood (-inf: no path).
    """
    frames, positions = emission.shape[0], chain.shape[0]
    score = np.full(positions, -np.inf, dtype=np.float64)
    back = np.zeros((frames, positions), dtype=np.uint8)  # 0 stay, 1 from the left, 2 jump
    score[0] = emission[0, chain[0]]
    score[first_end] = emission[0, chain[first_end]]
    for t in range(1, frames):
        low = max(0, positions - 1 - 6 * (frames - t))
        high = min(positions - 1, first_end + 6 * t)
        for j in range(high, low - 1, -1):  # right to left: score[j - 1] is still frame t - 1's
            best, choice = score[j], 0
            if j > 0 and score[j - 1] > best:
                best, choice = score[j - 1], 1
            source = jump_from[j]
            if source >= 0 and score[source] > best:
                best, choice = score[source], 2
            score[j] = best + emission[t, chain[j]]
            back[t, j] = choice
    path = np.zeros(frames, dtype=np.int32)
    last = positions - 1
    final = jump_from[positions]
    if final >= 0 and score[final] > score[last]:
        last = final
    total = score[last]
    j = last
    for t in range(frames - 1, -1, -1):
        path[t] = j
        if t > 0:
            if back[t, j] == 1:
                j -= 1
            elif back[t, j] == 2:
                j = jump_from[j]
    return path, total


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def accumulate(
    features: Any, states: Any, components: Any, counts: Any, sums: Any, squares: Any
) -> None:
    """Add one utterance's statistics.

    ``features (T, C)``, ``states (T,)``, ``components (T, K)`` posterior of each component of the
    frame's state; ``counts (S, K)``, ``sums`` and ``squares (S, K, C)`` are changed in place.
    """
    frames, size = features.shape
    for t in range(frames):
        s = states[t]
        for k in range(components.shape[1]):
            p = components[t, k]
            if p > 1e-4:
                counts[s, k] += p
                for c in range(size):
                    x = features[t, c]
                    sums[s, k, c] += p * x
                    squares[s, k, c] += p * x * x
