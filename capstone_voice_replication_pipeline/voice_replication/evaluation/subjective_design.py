"""Who hears what in a listening test, in which order: blind, balanced, and the same for one seed.

Three kinds of test, for samples that exist as a full grid of systems and clips (the same clips,
spoken or processed by every system):

- ``mos``     absolute category rating, 1 to 5 (ITU-T P.800 annex B; P.808 for listeners at home).
              A listener hears every clip once, from one system, so that nobody judges a sentence
              already known from another system.
- ``abx``     two systems: A, B, and X, which is one of the two; which one? (D. Clark, "High-
              resolution subjective testing using a double-blind comparator", JAES 30(5), 1982.)
- ``mushra``  all systems of a clip side by side, 0 to 100, against an open reference that is also
              hidden among them (ITU-R BS.1534-3).

Order effects are balanced with Williams squares (E. J. Williams, Australian Journal of Scientific
Research 2(2), 1949): over a block of listeners every system stands equally often at every place and
follows every other system equally often.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from env_utils import InputError

Kind = Literal["mos", "abx", "mushra"]
KINDS: tuple[Kind, ...] = get_args(Kind)
REFERENCE = "reference"  # the system of this name is the reference of a MUSHRA test
OPEN_REFERENCE = "Reference"  # the label under which a listener hears it openly
LABELS = "ABCDEFGHIJKL"
MAX_MUSHRA = 12  # BS.1534-3, 5.1: more than twelve signals in one trial tire the listener


@dataclass(frozen=True)
class Stimulus:
    """What one button of a trial plays. Only ``label`` may reach the listener."""

    label: str
    system: str


@dataclass(frozen=True)
class Trial:
    """One question: the stimuli of one clip, as they stand before the listener."""

    clip: str
    stimuli: tuple[Stimulus, ...]


def check_design(kind: Kind, systems: Sequence[str], clips: Sequence[str]) -> None:
    """Raise ``InputError`` if these systems and clips cannot make a test of this kind."""
    if not clips:
        raise InputError("A listening test needs at least one clip.")
    if kind == "mos" and not 1 <= len(systems) <= len(clips):
        raise InputError(
            f"A MOS test of {len(systems)} systems needs at least {len(systems)} clips: every "
            f"listener hears a clip only once. There are {len(clips)}."
        )
    if kind == "abx" and len(systems) != 2:
        raise InputError(f"An ABX test compares exactly two systems; there are {len(systems)}.")
    if kind == "mushra":
        if REFERENCE not in systems:
            raise InputError(
                f"A MUSHRA test needs a system called '{REFERENCE}' with the unprocessed clips."
            )
        if not 2 <= len(systems) <= MAX_MUSHRA:
            raise InputError(
                f"A MUSHRA test compares two to {MAX_MUSHRA} systems, the reference included; "
                f"there are {len(systems)}."
            )


def trials(
    kind: Kind, systems: Sequence[str], clips: Sequence[str], listener: int, seed: int
) -> list[Trial]:
    """The trials of listener number ``listener`` (from 0), in the order they are heard.

    The same arguments give the same trials. Without ``seed`` they cannot be foreseen.

    Raises ``InputError`` as :func:`check_design`.
    """
    check_design(kind, systems, clips)
    if kind == "mos":
        plan = balanced(clips, systems, listener, seed)
        return [Trial(clip, (Stimulus("A", system),)) for clip, system in plan]
    if kind == "abx":
        return _abx(systems, clips, listener, seed)
    return _mushra(systems, clips, listener, seed)


def balanced(
    clips: Sequence[str], treatments: Sequence[str], listener: int, seed: int
) -> list[tuple[str, str]]:
    """Every clip once, each with one treatment, for one listener.

    Over each block of ``len(williams_square(len(treatments)))`` listeners every clip, and every
    place in the order, has every treatment equally often. Within a listener each run of
    ``len(treatments)`` trials has every treatment once.
    """
    square = williams_square(len(treatments))
    block, row = divmod(listener, len(square))
    shuffle = random.Random(f"{seed}/{block}")  # shared by the listeners of a block
    order = shuffle.sample(list(clips), len(clips))
    names = shuffle.sample(list(treatments), len(treatments))
    plan = []
    for start in range(0, len(order), len(names)):
        rows = shuffle.sample(range(len(square)), len(square))
        group = zip(order[start : start + len(names)], square[rows[row]], strict=False)
        plan += [(clip, names[column]) for clip, column in group]
    return plan


def williams_square(size: int) -> list[list[int]]:
    """Orders of ``range(size)``: every number equally often at every place and, from two on, each
    ordered pair of neighbors equally often. ``size`` rows if it is even, else twice as many."""
    zigzag = [(place + 1) // 2 if place % 2 else -(place // 2) for place in range(size)]
    rows = [[(value + shift) % size for value in zigzag] for shift in range(size)]
    if size % 2 and size > 1:
        rows += [row[::-1] for row in rows]
    return rows


def _abx(systems: Sequence[str], clips: Sequence[str], listener: int, seed: int) -> list[Trial]:
    """Which system is A is balanced; X is a fair coin of its own in every trial, so that a guess
    is right with probability 1/2 whatever the listener does, and the binomial test is exact."""
    coin = random.Random(f"{seed}/x/{listener}")
    made = []
    for clip, first in balanced(clips, systems, listener, seed):
        second = next(system for system in systems if system != first)
        x = coin.choice((first, second))
        stimuli = (Stimulus("A", first), Stimulus("B", second), Stimulus("X", x))
        made.append(Trial(clip, stimuli))
    return made


def _mushra(systems: Sequence[str], clips: Sequence[str], listener: int, seed: int) -> list[Trial]:
    """The clips in a random order; which label hides which system follows a Williams square."""
    shuffle = random.Random(f"{seed}/mushra/{listener}")
    square = williams_square(len(systems))
    names = random.Random(f"{seed}/names").sample(list(systems), len(systems))
    starts = {clip: index for index, clip in enumerate(clips)}
    made = []
    for clip in shuffle.sample(list(clips), len(clips)):
        row = square[(listener + starts[clip]) % len(square)]
        hidden = [Stimulus(LABELS[i], names[column]) for i, column in enumerate(row)]
        made.append(Trial(clip, (Stimulus(OPEN_REFERENCE, REFERENCE), *hidden)))
    return made
