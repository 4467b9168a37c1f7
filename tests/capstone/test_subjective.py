"""Listening tests: who hears what, and what the answers say."""

from __future__ import annotations

import csv
import io
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from env_utils import InputError
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from voice_replication.evaluation.subjective import (
    Choice,
    Interval,
    Kind,
    Trial,
    Vote,
    abx_result,
    csv_table,
    rating_results,
    trials,
)
from voice_replication.evaluation.subjective_design import (
    OPEN_REFERENCE,
    balanced,
    williams_square,
)
from voice_replication.evaluation.subjective_statistics import (
    chance_p_value,
    difference_interval,
    mean_interval,
    share_interval,
)

SYSTEMS = ["reference", "ours", "theirs", "anchor"]
CLIPS = [f"clip{number}" for number in range(8)]
WIDE = (-1e9, 1e9)


@pytest.mark.parametrize("size", range(1, 13))
def test_a_williams_square_balances_places_and_neighbors(size: int) -> None:
    rows = williams_square(size)
    assert all(sorted(row) == list(range(size)) for row in rows)
    for column in zip(*rows, strict=True):
        assert set(Counter(column).values()) == {len(rows) // size}
    neighbors = Counter(pair for row in rows for pair in pairwise(row))
    assert len(neighbors) == size * (size - 1)
    assert len(set(neighbors.values())) <= 1


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 6), st.integers(1, 15), st.integers(0, 2**63))
def test_a_block_of_listeners_hears_every_clip_from_every_system_equally_often(
    n_systems: int, n_clips: int, seed: int
) -> None:
    names, clips = SYSTEMS[:2] + list("stuv"), [f"c{i}" for i in range(n_clips)]
    names = names[:n_systems]
    block = len(williams_square(n_systems))
    plans = [balanced(clips, names, listener, seed) for listener in range(block)]
    assert all(sorted(clip for clip, _ in plan) == sorted(clips) for plan in plans)
    expected = block // n_systems
    pairs = Counter(pair for plan in plans for pair in plan)
    assert set(pairs.values()) == {expected} and len(pairs) == n_systems * n_clips
    for place in range(n_clips):
        assert set(Counter(plan[place][1] for plan in plans).values()) == {expected}


def test_a_mos_listener_hears_no_clip_twice_and_all_systems_alike() -> None:
    for listener in range(20):
        plan = trials("mos", SYSTEMS, CLIPS, listener, 5)
        assert sorted(trial.clip for trial in plan) == CLIPS
        heard = Counter(trial.stimuli[0].system for trial in plan)
        assert heard == Counter(dict.fromkeys(SYSTEMS, 2))


def test_the_seed_repeats_a_design_and_another_one_changes_it() -> None:
    kinds: tuple[tuple[Kind, list[str]], ...] = (
        ("mos", SYSTEMS), ("abx", SYSTEMS[:2]), ("mushra", SYSTEMS),
    )  # fmt: skip
    for kind, systems in kinds:
        first = [trials(kind, systems, CLIPS, listener, 1) for listener in range(4)]
        assert first == [trials(kind, systems, CLIPS, listener, 1) for listener in range(4)]
        assert first != [trials(kind, systems, CLIPS, listener, 2) for listener in range(4)]


def test_in_abx_x_is_a_fair_coin_and_the_sides_are_balanced() -> None:
    plans = [trials("abx", ["p", "q"], CLIPS, listener, 9) for listener in range(250)]
    everything = [trial for plan in plans for trial in plan]
    x_is_a = [_system(trial, "X") == _system(trial, "A") for trial in everything]
    # 2000 fair tosses: outside 45 to 55 % with a probability of about 1e-5, and the seed is fixed.
    assert 0.45 < np.mean(x_is_a) < 0.55
    # Strangers to each other: knowing an answer says nothing about the next one.
    repeats = np.mean([one == two for one, two in pairwise(x_is_a)])
    assert 0.45 < repeats < 0.55
    for plan in plans:
        assert Counter(_system(trial, "A") for trial in plan) == {"p": 4, "q": 4}
        assert {_system(trial, "A") for trial in plan} == {_system(trial, "B") for trial in plan}


def test_a_mushra_trial_hides_the_reference_among_all_systems() -> None:
    block = len(williams_square(len(SYSTEMS)))
    for number in range(len(CLIPS)):
        places: Counter[tuple[str, str]] = Counter()
        for listener in range(block):
            plan = trials("mushra", SYSTEMS, CLIPS, listener, 3)
            trial = next(trial for trial in plan if trial.clip == CLIPS[number])
            assert trial.stimuli[0].label == OPEN_REFERENCE
            assert trial.stimuli[0].system == "reference"
            assert sorted(s.system for s in trial.stimuli[1:]) == sorted(SYSTEMS)
            places.update((s.label, s.system) for s in trial.stimuli[1:])
        assert set(places.values()) == {1}


@pytest.mark.parametrize(
    ("kind", "systems", "clips", "sentence"),
    [
        ("mos", SYSTEMS, CLIPS[:3], "at least 4 clips"),
        ("mos", SYSTEMS, [], "at least one clip"),
        ("abx", SYSTEMS, CLIPS, "exactly two systems; there are 4"),
        ("mushra", ["ours", "theirs"], CLIPS, "'reference'"),
        ("mushra", ["reference", *map(str, range(12))], CLIPS, "two to 12"),
    ],
)
def test_a_test_that_cannot_be_made_is_refused(
    kind: Kind, systems: list[str], clips: list[str], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        trials(kind, systems, clips, 0, 0)


@settings(deadline=None)
@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_shares_and_chance_agree_with_scipy(counts: tuple[int, int]) -> None:
    hits, answers = counts
    reference = stats.binomtest(hits, answers, 0.5, alternative="greater")
    two_sided = stats.binomtest(hits, answers).proportion_ci(0.95, method="exact")
    share = share_interval(hits, answers)
    assert share.low == pytest.approx(two_sided.low, abs=1e-10)
    assert share.high == pytest.approx(two_sided.high, abs=1e-10)
    assert chance_p_value(hits, answers) == pytest.approx(reference.pvalue, rel=1e-9)


def test_the_tables_of_abx() -> None:
    # Twelve of sixteen is the usual bar: 2517 of 65536 guessers reach it.
    assert chance_p_value(12, 16) == pytest.approx(2517 / 65536)
    result = abx_result([Choice("a", str(i), i < 7) for i in range(8)]
                        + [Choice("b", str(i), i < 5) for i in range(8)])  # fmt: skip
    assert (result.right, result.answers) == (12, 16)
    assert result.listeners == {"a": (7, 8), "b": (5, 8)}
    assert result.p_value == pytest.approx(2517 / 65536)
    with pytest.raises(InputError, match="Nobody"):
        abx_result([])


def test_with_one_vote_a_listener_and_clip_the_interval_is_the_t_interval() -> None:
    values = [3.0, 4.0, 5.0, 2.0, 4.0, 4.0]
    votes = [Vote(f"l{i}", f"c{i}", "s", value) for i, value in enumerate(values)]
    expected = stats.t.interval(0.95, 5, loc=np.mean(values), scale=stats.sem(values))
    ours = mean_interval(votes, WIDE)
    assert (ours.low, ours.high) == pytest.approx(expected)


def test_where_only_listeners_differ_it_is_the_t_interval_over_listeners() -> None:
    means = [2.0, 3.0, 3.5, 4.5]
    votes = [Vote(f"l{i}", f"c{j}", "s", mean) for i, mean in enumerate(means) for j in range(9)]
    expected = stats.t.interval(0.95, 3, loc=np.mean(means), scale=stats.sem(means))
    ours = mean_interval(votes, WIDE)
    assert ours.low == pytest.approx(expected[0], rel=0.01)
    assert ours.high == pytest.approx(expected[1], rel=0.01)


def test_a_difference_is_paired_by_listener_and_clip() -> None:
    votes = _simulated(np.random.default_rng(1), n_listeners=6, n_clips=6, listener_sd=20.0)
    first, second = _of(votes, "ours"), _of(votes, "theirs")
    paired = difference_interval(first, second)
    single = mean_interval(first, WIDE)
    # The listeners' own levels are in either mean but not in the difference.
    assert _width(paired) < 0.5 * _width(single)
    shifted = [Vote(v.listener, v.clip, "later", v.value - 7.0) for v in first]
    exact = difference_interval(first, shifted)
    assert (exact.low, exact.high) == pytest.approx((7.0, 7.0))


@pytest.mark.parametrize(
    ("design", "mean", "difference", "independent"),
    [("every vote", 0.968, 0.950, 0.562), ("mos", 0.965, 0.991, 0.866)],
)
def test_intervals_cover_the_truth(
    design: str, mean: float, difference: float, independent: float
) -> None:
    """1000 simulated tests, in which listeners, clips, and either's taste for a system vary; the
    shares that docs/listening_tests.md gives. The last one takes votes for independent."""
    rng = np.random.default_rng(11)
    runs, covered = 1000, Counter[str]()
    for seed in range(runs):
        votes = _simulated(rng, 8, 12, mos_seed=seed if design == "mos" else None)
        ours, theirs = _of(votes, "ours"), _of(votes, "theirs")
        covered["mean"] += _holds(mean_interval(ours, WIDE), 0.0)
        covered["difference"] += _holds(difference_interval(ours, theirs), 0.0)
        values = [vote.value for vote in ours]
        low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
        covered["independent"] += low <= 0.0 <= high
    shares = {name: count / runs for name, count in covered.items()}
    assert shares["mean"] >= 0.94 and shares["difference"] >= 0.94 > shares["independent"]
    known = {"mean": mean, "difference": difference, "independent": independent}
    assert shares == pytest.approx(known, abs=0.005)


def test_nothing_is_said_about_others_from_one_listener_or_clip() -> None:
    alone = [Vote("only", f"c{i}", "s", float(i)) for i in range(5)]
    assert mean_interval(alone, WIDE).low is None
    one_clip = [Vote(f"l{i}", "only", "s", float(i)) for i in range(5)]
    assert mean_interval(one_clip, WIDE).low is None
    assert mean_interval(one_clip, WIDE).estimate == 2.0


def test_systems_are_ranked_and_intervals_stay_on_the_scale() -> None:
    votes = [Vote(f"l{i}", f"c{j}", s, v) for i in range(2) for j in range(2)
             for s, v in (("worse", 1 + i), ("better", 5 - j))]  # fmt: skip
    results = rating_results("mos", votes)
    assert [score.system for score in results.scores] == ["better", "worse"]
    assert results.scores[0].mean.high == 5.0 and results.scores[1].mean.low == 1.0
    assert [(d.first, d.second, d.mean.estimate) for d in results.differences] == [
        ("better", "worse", 3.0)
    ]
    with pytest.raises(InputError, match="whole number from 1 to 5"):
        rating_results("mos", [Vote("l", "c", "s", 4.5)])


def test_mushra_leaves_out_who_misses_the_hidden_reference_too_often() -> None:
    """Three misses of twenty are 15 % and stay; four are 20 % and go."""

    def votes(listener: str, misses: int) -> list[Vote]:
        return [
            vote
            for clip in range(20)
            for vote in (
                Vote(listener, str(clip), "reference", 60.0 if clip < misses else 95.0),
                Vote(listener, str(clip), "ours", 10.0 if listener == "deaf" else 70.0),
            )
        ]

    results = rating_results("mushra", votes("keen", 0) + votes("fair", 3) + votes("deaf", 4))
    assert results.excluded == {"deaf": 0.2}
    scores = {score.system: score for score in results.scores}
    assert scores["ours"].mean.estimate == 70.0 and scores["ours"].listeners == 2


def test_csv_is_read_back_and_is_no_formula() -> None:
    rows = [("plain", 1.5, None), ('=HYPERLINK("x")', -2, "a,b\nc"), ("ünïcode", 0, "@x")]
    table = list(csv.reader(io.StringIO(csv_table(["a", "b", "c"], rows))))
    assert table == [
        ["a", "b", "c"], ["plain", "1.5", ""], ["'=HYPERLINK(\"x\")", "-2", "a,b\nc"],
        ["ünïcode", "0", "'@x"],
    ]  # fmt: skip


def _system(trial: Trial, label: str) -> str:
    return next(s.system for s in trial.stimuli if s.label == label)


def _of(votes: list[Vote], system: str) -> list[Vote]:
    return [vote for vote in votes if vote.system == system]


def _width(interval: Interval) -> float:
    assert interval.low is not None and interval.high is not None
    return interval.high - interval.low


def _holds(interval: Interval, value: float) -> bool:
    assert interval.low is not None and interval.high is not None
    return interval.low <= value <= interval.high


def _simulated(
    rng: np.random.Generator,
    n_listeners: int,
    n_clips: int,
    listener_sd: float = 0.5,
    mos_seed: int | None = None,
) -> list[Vote]:
    """Votes around zero for four equally good systems."""
    listeners = rng.normal(0, listener_sd, n_listeners)
    clips = rng.normal(0, 0.5, n_clips)
    tastes = rng.normal(0, 0.25, (n_listeners, len(SYSTEMS)))
    fits = rng.normal(0, 0.25, (n_clips, len(SYSTEMS)))
    names = [f"c{number}" for number in range(n_clips)]
    votes = []
    for who in range(n_listeners):
        if mos_seed is None:
            heard = [(name, system) for name in names for system in SYSTEMS]
        else:
            plan = trials("mos", SYSTEMS, names, who, mos_seed)
            heard = [(trial.clip, trial.stimuli[0].system) for trial in plan]
        for name, system in heard:
            what, place = int(name[1:]), SYSTEMS.index(system)
            mean = listeners[who] + clips[what] + tastes[who, place] + fits[what, place]
            votes.append(Vote(str(who), name, system, float(mean + rng.normal(0, 0.7))))
    return votes
