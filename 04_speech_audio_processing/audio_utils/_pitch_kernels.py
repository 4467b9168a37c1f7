"""The compiled loops of :mod:`audio_utils.pitch`. Importing this imports numba (half a second)."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

Array = Any


@numba.njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator]
def find_candidates(
    correlation: Array,
    lag_rate: float,
    f_min: float,
    f_max: float,
    octave_cost: float,
    frequency: Array,
    strength: Array,
) -> None:
    """Fill ``(F, C)`` frequency (Hz) and strength with the best peaks of ``(F, L)`` correlations.

    A peak's strength is its height minus a small cost for long periods. Unused places keep 0 Hz.
    """
    frames, lags = correlation.shape
    places = frequency.shape[1]
    first = int(lag_rate / f_max)
    for i in range(frames):
        row = correlation[i]
        for lag in range(first, lags - 1):
            here = row[lag]
            if here < 0.2 or here < row[lag - 1] or here <= row[lag + 1]:
                continue
            slope = 0.5 * (row[lag + 1] - row[lag - 1])
            curve = 2.0 * here - row[lag - 1] - row[lag + 1]
            shift = slope / curve if curve > 0.0 else 0.0
            hz = lag_rate / (lag + shift)
            if hz < f_min or hz > f_max:
                continue
            height = min(here + 0.5 * slope * shift, 1.0)
            value = height + octave_cost * np.log2(hz / f_min)
            worst = 0
            for place in range(1, places):
                if strength[i, place] < strength[i, worst]:
                    worst = place
            if value > strength[i, worst]:
                strength[i, worst] = value
                frequency[i, worst] = hz


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def best_path(
    frequency: Array, strength: Array, unvoiced: Array, jump_cost: float, voicing_cost: float
) -> Array:
    """Viterbi path: ``(F, C)`` candidates and ``(F,)`` unvoiced strength -> ``(F,)`` Hz or 0."""
    frames, places = frequency.shape
    states = places + 1  # the last state is "unvoiced"
    octave = np.zeros((frames, places), dtype=np.float32)
    for i in range(frames):
        for place in range(places):
            if frequency[i, place] > 0.0:
                octave[i, place] = np.log2(frequency[i, place])
    score = np.empty(states)
    following = np.empty(states)
    back = np.zeros((frames, states), dtype=np.int8)
    for state in range(places):
        score[state] = strength[0, state]
    score[places] = unvoiced[0]
    for i in range(1, frames):
        for state in range(states):
            voiced = state < places
            if voiced and frequency[i, state] <= 0.0:
                following[state] = -1e30
                continue
            best, best_from = score[places] - (voicing_cost if voiced else 0.0), places
            for before in range(places):
                if frequency[i - 1, before] <= 0.0:
                    continue
                cost = voicing_cost
                if voiced:
                    cost = jump_cost * abs(octave[i, state] - octave[i - 1, before])
                if score[before] - cost > best:
                    best, best_from = score[before] - cost, before
            back[i, state] = best_from
            following[state] = best + (strength[i, state] if voiced else unvoiced[i])
        score, following = following, score
    path = np.zeros(frames, dtype=np.float32)
    state = 0
    for candidate in range(states):
        if score[candidate] > score[state]:
            state = candidate
    for i in range(frames - 1, -1, -1):
        if state < places:
            path[i] = frequency[i, state]
        state = back[i, state]
    return path
