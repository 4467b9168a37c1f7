"""Means, shares and their 95 % intervals from the answers of a listening test.

Votes are not independent: one listener is strict in all his votes, one clip is hard for every
listener. An interval that treats them as independent is too narrow. The standard error here is
clustered by listeners and by clips (A. C. Cameron, J. B. Gelbach and D. L. Miller, "Robust
inference with multiway clustering", Journal of Business & Economic Statistics 29(2), 2011), so that
an interval speaks about other listeners and other clips like these.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from env_utils import InputError
from scipy.special import bdtrc, betaincinv, stdtrit

LEVEL = 0.95


@dataclass(frozen=True)
class Vote:
    """One rating: 1 to 5 in a MOS test, 0 to 100 in a MUSHRA test."""

    listener: str
    clip: str
    system: str
    value: float


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % confidence interval; no interval where too little was heard."""

    estimate: float
    low: float | None
    high: float | None


def mean_interval(votes: Sequence[Vote], scale: tuple[float, float]) -> Interval:
    """The mean of all ``votes`` of one system, its interval cut to ``scale``.

    The interval is None with fewer than two listeners or two clips. Raises ``InputError`` without
    votes.
    """
    if not votes:
        raise InputError("There are no votes to average.")
    values = np.array([vote.value for vote in votes])
    mean = float(values.mean())
    half = _half_width((values - mean) / len(values), votes)
    if half is None:
        return Interval(mean, None, None)
    return Interval(mean, max(scale[0], mean - half), min(scale[1], mean + half))


def difference_interval(first: Sequence[Vote], second: Sequence[Vote]) -> Interval:
    """Mean of ``first`` minus mean of ``second``: two systems, judged by the same listeners on the
    same clips. What a listener or a clip does to both systems cancels (a paired comparison), also
    where nobody heard one clip from both.

    Raises ``InputError`` if one has no votes.
    """
    if not first or not second:
        raise InputError("A difference needs votes of both systems.")
    ones = np.array([vote.value for vote in first])
    others = np.array([vote.value for vote in second])
    influence = np.concatenate(
        [(ones - ones.mean()) / len(ones), -(others - others.mean()) / len(others)]
    )
    difference = float(ones.mean() - others.mean())
    half = _half_width(influence, [*first, *second])
    if half is None:
        return Interval(difference, None, None)
    return Interval(difference, difference - half, difference + half)


def share_interval(hits: int, answers: int) -> Interval:
    """The share of ``hits`` with the exact interval of C. J. Clopper and E. S. Pearson (Biometrika
    26(4), 1934). It takes the answers for independent with one common share.

    Raises ``InputError`` unless 0 <= hits <= answers and answers > 0.
    """
    _check_count(hits, answers)
    tail = (1 - LEVEL) / 2
    low = betaincinv(hits, answers - hits + 1, tail) if hits else 0.0
    high = betaincinv(hits + 1, answers - hits, 1 - tail) if hits < answers else 1.0
    return Interval(hits / answers, float(low), float(high))


def chance_p_value(hits: int, answers: int) -> float:
    """The probability of at least ``hits`` right answers of ``answers`` by tossing a coin (the
    one-sided binomial test). Raises ``InputError`` as :func:`share_interval`."""
    _check_count(hits, answers)
    return float(bdtrc(hits - 1, answers, 0.5)) if hits else 1.0


def _check_count(hits: int, answers: int) -> None:
    if not 0 <= hits <= answers or answers == 0:
        raise InputError(f"{hits} right answers of {answers} cannot be.")


def _half_width(influence: npt.NDArray[np.float64], votes: Sequence[Vote]) -> float | None:
    """Half the width of the interval of a sum of ``influence``, one number for each vote."""
    listeners, n_listeners = _clusters(vote.listener for vote in votes)
    clips, n_clips = _clusters(vote.clip for vote in votes)
    if min(n_listeners, n_clips) < 2:
        return None
    by_listener = _clustered_variance(influence, listeners, n_listeners)
    by_clip = _clustered_variance(influence, clips, n_clips)
    single = _clustered_variance(influence, np.arange(len(votes)), len(votes))
    # What both ways count, the single vote's own variance, is taken off once. With few votes the
    # sum can come out below its parts, which it cannot be.
    variance = max(by_listener + by_clip - single, by_listener, by_clip)
    quantile = float(stdtrit(min(n_listeners, n_clips) - 1, (1 + LEVEL) / 2))
    return quantile * math.sqrt(variance)


def _clusters(names: Iterable[str]) -> tuple[npt.NDArray[np.intp], int]:
    unique, numbers = np.unique(list(names), return_inverse=True)
    return numbers, len(unique)


def _clustered_variance(
    influence: npt.NDArray[np.float64], cluster: npt.NDArray[np.intp], count: int
) -> float:
    sums = np.bincount(cluster, weights=influence, minlength=count)
    return float(count / (count - 1) * np.sum(sums**2))
