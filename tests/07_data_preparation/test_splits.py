"""Splits do not leak, are the same every time, and hardly move when data is added."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from data_utils import Utterance, prompt_of, read_manifest, split_by_prompt, split_by_speaker
from env_utils import ConfigError
from hypothesis import given
from hypothesis import strategies as st


def corpus(speakers: int, prompts: int) -> list[Utterance]:
    """Every speaker reads every prompt."""
    return [
        Utterance(f"s{s}p{p}", Path(f"/{s}/{p}.wav"), f"Sentence {p}.", f"speaker{s}")
        for s in range(speakers)
        for p in range(prompts)
    ]


@given(st.integers(1, 30), st.integers(1, 30), st.floats(0, 0.9), st.integers(0, 99))
def test_no_prompt_and_no_speaker_on_both_sides(
    speakers: int, prompts: int, share: float, seed: int
) -> None:
    data = corpus(speakers, prompts)
    by_prompt = split_by_prompt(data, share, seed)
    by_speaker = split_by_speaker(data, share, seed)
    for found, key, held_out in (
        (by_prompt, prompt_of, "dev"),
        (by_speaker, lambda u: u.speaker, "unseen"),
    ):
        assert [u.id for u in found] == [u.id for u in data]
        sides = defaultdict(set)
        for u in found:
            sides[key(u)].add(u.split)
        assert all(len(side) == 1 for side in sides.values())
        assert {u.split for u in found} <= {"train", held_out}
        assert any(u.split == "train" for u in found)


def test_about_the_share_that_was_asked_for() -> None:
    dev = [u for u in split_by_prompt(corpus(3, 200), 0.05) if u.split == "dev"]
    assert len(dev) == 3 * 10
    unseen = {u.speaker for u in split_by_speaker(corpus(40, 2), 0.1) if u.split == "unseen"}
    assert len(unseen) == 4


def test_few_recordings_are_not_divided() -> None:
    """With nine sentences none can be spared; with ten one can."""
    assert {u.split for u in split_by_prompt(corpus(1, 9), 0.02)} == {"train"}
    assert [u.split for u in split_by_prompt(corpus(1, 10), 0.02)].count("dev") == 1


def test_adding_data_moves_little() -> None:
    before = {u.id: u.split for u in split_by_prompt(corpus(1, 500), 0.1)}
    after = {u.id: u.split for u in split_by_prompt(corpus(1, 550), 0.1)}
    moved = [name for name, split in before.items() if after[name] != split]
    assert len(moved) <= 0.03 * 500


def test_two_seeds_differ() -> None:
    one, two = (split_by_prompt(corpus(1, 300), 0.1, seed) for seed in (1, 2))
    assert one == split_by_prompt(corpus(1, 300), 0.1, 1) and one != two


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (("arctic_a0001_159", "Author of"), ("arctic_a0001_160", "Author of"), True),
        (("arctic_a0001_159", "Author of"), ("arctic_a0002_160", "Author of"), False),
        (("a", "Please call Stella."), ("b", "please  call stella"), True),
        (("a", ""), ("b", ""), False),
        (("chapter1_0001", ""), ("chapter1_0002", ""), True),
    ],
)
def test_what_counts_as_the_same_prompt(
    first: tuple[str, str], second: tuple[str, str], same: bool
) -> None:
    one, two = (Utterance(name, Path("x.wav"), text) for name, text in (first, second))
    assert (prompt_of(one) == prompt_of(two)) is same


def test_unseen_speakers_stay_unseen() -> None:
    data = split_by_prompt(split_by_speaker(corpus(20, 20), 0.1), 0.1)
    unseen = {u.speaker for u in data if u.split == "unseen"}
    assert len(unseen) == 2
    assert unseen.isdisjoint(u.speaker for u in data if u.split != "unseen")
    assert any(u.split == "dev" for u in data)


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_impossible_shares(share: float) -> None:
    with pytest.raises(ConfigError, match="share"):
        split_by_prompt(corpus(1, 20), share)


@pytest.mark.real_data
def test_repeated_prompts_of_a_real_speaker(speech_data: Path) -> None:
    """kathleen read some prompts up to five times: all readings go to one side."""
    data = [u for u in read_manifest(speech_data / "manifest.csv") if u.corpus == "kathleen"]
    assert len({prompt_of(u) for u in data}) < len(data)
    found = split_by_prompt(data, 0.05)
    dev = {prompt_of(u) for u in found if u.split == "dev"}
    assert dev and dev.isdisjoint(prompt_of(u) for u in found if u.split == "train")
    texts = {u.text for u in found if u.split == "dev"}
    assert texts.isdisjoint(u.text for u in found if u.split == "train")
