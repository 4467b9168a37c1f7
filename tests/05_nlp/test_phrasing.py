"""Pauses where nothing is written: few, in good places, and learned from what people do."""

from __future__ import annotations

import itertools
import math
import random
from pathlib import Path

import numpy as np
import pytest
from env_utils import InputError
from text_utils import pronounce
from text_utils.phrasing import (
    DISTANCES,
    LEANING,
    SHORTEST,
    Phrasing,
    Stretch,
    fit_phrasing,
    phrase,
)

LONG = (
    "He had been told that the house would be empty but when he opened the door a woman he had "
    "never seen before was sitting at the table and a dog was lying beside her on the floor."
)


def breaths(text: str) -> list[str]:
    """``text`` cut at its pauses, written or not."""
    parts = [""]
    for word in phrase(pronounce(text)):
        parts[-1] = f"{parts[-1]} {word.text}".strip()
        if word.pause != " ":
            parts.append("")
    return parts[:-1]


def test_a_long_sentence_is_read_in_groups_of_words() -> None:
    groups = breaths(LONG)
    assert len(groups) >= 3
    assert groups[0] == "He had been told that the house would be empty"
    assert max(len(group.split()) for group in groups) <= 14


def test_what_is_short_or_punctuated_stays_as_it_was_written() -> None:
    for text in ("The old clock in the hall had stopped and nobody knew why.", "Yes.", "One two."):
        assert phrase(pronounce(text)) == pronounce(text)
    text = "When it rains, we stay at home; if it does not, we walk along the river: all of us."
    assert phrase(pronounce(text)) == pronounce(text)
    assert phrase([]) == []


def test_only_pauses_change() -> None:
    plain, read = pronounce(LONG), phrase(pronounce(LONG))
    assert [(w.text, w.phones) for w in plain] == [(w.text, w.phones) for w in read]
    assert read[-1].pause == "."
    changed = [(a.pause, b.pause) for a, b in zip(plain, read, strict=True) if a != b]
    assert changed and set(changed) == {(" ", ",")}


def test_there_is_no_pause_after_a_word_that_leans_on_the_next() -> None:
    text = (
        "They would get up early on Sundays and go fishing on the lake until the sun stood high "
        "above the hills and everybody else came out of their houses."
    )
    assert len(breaths(text)) >= 2
    last = {group.split()[-1].lower() for group in (*breaths(text), *breaths(LONG))}
    assert not last & LEANING


def test_nobody_runs_out_of_breath() -> None:
    """Even where nothing hints at a place: seventy times the same unknown word."""
    groups = breaths(" ".join(["zorbling"] * 70))
    assert max(len(group.split()) for group in groups) <= 30


def readings(count: int, seed: int = 0) -> list[Stretch]:
    """People who pause before "hark", and nowhere else."""
    rng = random.Random(seed)
    made = []
    for _ in range(count):
        words = rng.choices(("stone", "river", "cold", "runs", "hark", "quickly"), k=20)
        pauses = tuple(word == "hark" for word in words[1:])
        made.append(Stretch(tuple(words), pauses))
    return made


def test_a_habit_is_learned() -> None:
    model = fit_phrasing(readings(300))
    for stretch in readings(20, seed=1):
        made = model.pauses(stretch.words)
        right = [a for a, b in zip(made, stretch.pauses, strict=True) if b]
        assert not any(a and not b for a, b in zip(made, stretch.pauses, strict=True))
        assert sum(right) >= 0.6 * len(right)


def test_the_most_probable_set_of_pauses_is_found() -> None:
    """Held against all sets there are."""
    model = Phrasing.load()
    words = LONG.lower().replace(".", "").split()[:SHORTEST]
    local = model._local(words)
    places = np.searchsorted(DISTANCES, range(SHORTEST + 1), side="right") - 1
    by_distance = [float(model.since[place]) for place in places]

    def score(pauses: tuple[bool, ...]) -> float:
        total, since = 0.0, 0
        for odds, paused in zip(local, pauses, strict=True):
            since += 1
            here = odds + by_distance[since]
            total += (here if paused else 0.0) - math.log1p(math.exp(here))
            since = 0 if paused else since
        return total

    every = itertools.product((False, True), repeat=SHORTEST - 1)
    assert tuple(model.pauses(words)) == max(every, key=score)


def test_what_was_saved_reads_the_same(tmp_path: Path) -> None:
    model = fit_phrasing(readings(100))
    path = tmp_path / "phrasing.json"
    model.save(path)
    again = Phrasing.load(path)
    for stretch in readings(5, seed=2):
        assert again.pauses(stretch.words) == model.pauses(stretch.words)


def test_what_cannot_be_learned_from_or_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="gaps with a pause"):
        fit_phrasing([Stretch(("one", "two"), (False,))])
    for content in (
        "{",
        "[]",
        '{"words": ["a"], "context": [[1]], "since": [], "left": [], "bias": 0}',
    ):
        path = tmp_path / "broken.json"
        path.write_text(content)
        with pytest.raises(InputError, match=r"broken\.json"):
            Phrasing.load(path)
