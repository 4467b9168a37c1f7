"""Dynamic time warping: which frame of one recording corresponds to which frame of another.

Two readings of one sentence never take the same time. Warping finds the monotonic path through
the grid of frame pairs with the smallest summed distance (H. Sakoe and S. Chiba, 1978; steps right,
down and diagonal, each of weight one).

              frames of b  ->
    frames  o . . . . .
    of a    . o o . . .      o = on the path; it starts in the first corner, ends in the last,
      |     . . . o . .      and never turns back
      v     . . . . o o

Memory: one byte a cell for the way back and two rows of costs, so a minute against a minute takes
32 MB.

Shapes: ``(F, C)`` features, ``P`` steps of the path.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt
from env_utils import InputError

Features = npt.NDArray[np.float64]
WarpingPath = npt.NDArray[np.int64]

MAX_CELLS = 400_000_000  # 400 MB of steps; about 3.5 minutes against 3.5 minutes


def warp(a: Features, b: Features) -> tuple[WarpingPath, npt.NDArray[np.float64]]:
    """The cheapest path from frame pair (0, 0) to the last pair, under Euclidean distance.

    ``a`` is ``(Fa, C)``, ``b`` ``(Fb, C)``. Returns the path ``(P, 2)`` of frame indices and the
    distance of each of its pairs ``(P,)``. Raises ``InputError`` if either has no frame or both are
    too long to be compared.
    """
    a = np.ascontiguousarray(a, dtype=np.float64)
    b = np.ascontiguousarray(b, dtype=np.float64)
    if a.ndim != 2 or b.ndim != 2 or 0 in (len(a), len(b)) or a.shape[1] != b.shape[1]:
        raise InputError(f"warping needs two (frames, features) arrays, not {a.shape}, {b.shape}.")
    if len(a) * len(b) > MAX_CELLS:
        raise InputError(
            f"warping {len(a)} against {len(b)} frames needs too much memory; compare recordings "
            "sentence by sentence."
        )
    path = _search(a, b)
    return path, np.linalg.norm(a[path[:, 0]] - b[path[:, 1]], axis=1)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _walk_back(steps: npt.NDArray[np.uint8]) -> WarpingPath:
    i, j = steps.shape[0] - 1, steps.shape[1] - 1
    path = np.empty((i + j + 1, 2), dtype=np.int64)
    length = 0
    while True:
        path[length, 0], path[length, 1] = i, j
        length += 1
        if i == 0 and j == 0:
            break
        if steps[i, j] == 0:
            i, j = i - 1, j - 1
        elif steps[i, j] == 1:
            i -= 1
        else:
            j -= 1
    return path[:length][::-1].copy()


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _search(a: Features, b: Features) -> WarpingPath:
    """Steps: 0 diagonal, 1 along ``a``, 2 along ``b``."""
    rows, columns, channels = a.shape[0], b.shape[0], a.shape[1]
    steps = np.zeros((rows, columns), dtype=np.uint8)
    previous = np.full(columns, np.inf)
    current = np.full(columns, np.inf)
    for i in range(rows):
        for j in range(columns):
            squared = 0.0
            for c in range(channels):
                difference = a[i, c] - b[j, c]
                squared += difference * difference
            best, step = np.inf, 0
            if i == 0 and j == 0:
                best = 0.0
            if i > 0 and j > 0:
                best = previous[j - 1]
            if i > 0 and previous[j] < best:
                best, step = previous[j], 1
            if j > 0 and current[j - 1] < best:
                best, step = current[j - 1], 2
            current[j] = best + np.sqrt(squared)
            steps[i, j] = step
        previous, current = current, previous
    return _walk_back(steps)  # type: ignore[no-any-return]
