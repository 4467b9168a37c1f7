"""What a listening test says: systems with their scores and intervals, and tables as CSV.

    subjective_design (who hears what) ─ answers ─► votes or choices ─► results ─► CSV

Usable without the studio: make :func:`trials` for each listener, collect the answers, and call
:func:`rating_results` (MOS, MUSHRA) or :func:`abx_result`. The mean of a system is the mean of all
its votes; ``subjective_statistics`` says what its interval covers.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from env_utils import InputError

from voice_replication.evaluation.subjective_design import (
    KINDS,
    REFERENCE,
    Kind,
    Stimulus,
    Trial,
    check_design,
    trials,
)
from voice_replication.evaluation.subjective_statistics import (
    Interval,
    Vote,
    chance_p_value,
    difference_interval,
    mean_interval,
    share_interval,
)

# fmt: off
__all__ = [
    "AbxResult", "Choice", "Difference", "Interval", "KINDS", "Kind", "MOS_SCALE", "REFERENCE",
    "MUSHRA_SCALE", "RatingResults", "Stimulus", "SystemScore", "Trial", "Vote", "abx_result",
    "check_design", "check_rating", "csv_table", "failing_listeners", "rating_results", "trials",
]
# fmt: on

MOS_SCALE = (1.0, 5.0)  # bad, poor, fair, good, excellent (P.800, annex B)
MUSHRA_SCALE = (0.0, 100.0)  # five equal steps, bad to excellent (BS.1534-3, 5.4)
REFERENCE_FLOOR = 90.0  # BS.1534-3, 4.1.2: the hidden reference is to be rated at least this ...
REFERENCE_MISSES = 0.15  # ... in all but this share of a listener's trials


@dataclass(frozen=True)
class SystemScore:
    """One system: the mean of its votes with the interval, the median, and what they rest on."""

    system: str
    mean: Interval
    median: float
    votes: int
    listeners: int
    clips: int


@dataclass(frozen=True)
class Difference:
    """Mean of ``first`` minus mean of ``second``, paired by listener and clip."""

    first: str
    second: str
    mean: Interval


@dataclass(frozen=True)
class RatingResults:
    """A MOS or MUSHRA test. ``excluded``: listeners left out, with the share of their trials in
    which they rated the hidden reference below 90."""

    scores: tuple[SystemScore, ...]
    differences: tuple[Difference, ...]
    excluded: Mapping[str, float]


@dataclass(frozen=True)
class Choice:
    """One answer of an ABX test."""

    listener: str
    clip: str
    right: bool


@dataclass(frozen=True)
class AbxResult:
    """How often X was recognized. ``p_value``: that often or more by guessing alone."""

    right: int
    answers: int
    share: Interval
    p_value: float
    listeners: Mapping[str, tuple[int, int]]  # right, answers


def rating_results(kind: Kind, votes: Sequence[Vote]) -> RatingResults:
    """Scores of all systems, best first, and all differences, after MUSHRA's post-screening.

    Raises ``InputError`` for an ABX test or a vote outside the scale.
    """
    scale = _scale(kind)
    for vote in votes:
        check_rating(kind, vote.value)
    excluded = failing_listeners(votes) if kind == "mushra" else {}
    kept = [vote for vote in votes if vote.listener not in excluded]
    by_system: dict[str, list[Vote]] = {}
    for vote in kept:
        by_system.setdefault(vote.system, []).append(vote)
    scores = [_score(system, group, scale) for system, group in by_system.items()]
    scores.sort(key=lambda score: (-score.mean.estimate, score.system))
    pairs = combinations([score.system for score in scores], 2)
    differences = [
        Difference(one, other, difference_interval(by_system[one], by_system[other]))
        for one, other in pairs
    ]
    return RatingResults(tuple(scores), tuple(differences), excluded)


def failing_listeners(votes: Sequence[Vote]) -> dict[str, float]:
    """Listeners who rated the hidden reference below 90 in more than 15 % of their trials, with
    that share (BS.1534-3, 4.1.2)."""
    missed: dict[str, list[bool]] = {}
    for vote in votes:
        if vote.system == REFERENCE:
            missed.setdefault(vote.listener, []).append(vote.value < REFERENCE_FLOOR)
    shares = {listener: sum(below) / len(below) for listener, below in missed.items()}
    return {listener: share for listener, share in shares.items() if share > REFERENCE_MISSES}


def abx_result(choices: Sequence[Choice]) -> AbxResult:
    """The pooled result. Raises ``InputError`` without answers."""
    if not choices:
        raise InputError("Nobody has answered yet.")
    right = sum(choice.right for choice in choices)
    listeners: dict[str, tuple[int, int]] = {}
    for choice in choices:
        hits, answers = listeners.get(choice.listener, (0, 0))
        listeners[choice.listener] = (hits + choice.right, answers + 1)
    share = share_interval(right, len(choices))
    return AbxResult(right, len(choices), share, chance_p_value(right, len(choices)), listeners)


def check_rating(kind: Kind, value: float) -> None:
    """Raise ``InputError`` unless ``value`` is a rating of this kind of test."""
    low, high = _scale(kind)
    if not low <= value <= high or (kind == "mos" and value != int(value)):
        whole = "whole number" if kind == "mos" else "number"
        raise InputError(f"A rating here is a {whole} from {low:.0f} to {high:.0f}, not {value}.")


def csv_table(columns: Sequence[str], rows: Collection[Sequence[object]]) -> str:
    """A table as CSV (RFC 4180). Text that a spreadsheet would take for a formula gets a leading
    apostrophe; None is an empty field."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(columns)
    writer.writerows([_plain(value) for value in row] for row in rows)
    return buffer.getvalue()


def _plain(value: object) -> object:
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return "'" + value
    return value


def _scale(kind: Kind) -> tuple[float, float]:
    if kind == "abx":
        raise InputError("An ABX test has choices, not ratings.")
    return MOS_SCALE if kind == "mos" else MUSHRA_SCALE


def _score(system: str, votes: Sequence[Vote], scale: tuple[float, float]) -> SystemScore:
    return SystemScore(
        system=system,
        mean=mean_interval(votes, scale),
        median=float(np.median([vote.value for vote in votes])),
        votes=len(votes),
        listeners=len({vote.listener for vote in votes}),
        clips=len({vote.clip for vote in votes}),
    )
