"""Pauses that readers made, read off alignments, and heard again in speech."""

from __future__ import annotations

import itertools
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from data_utils import Utterance, write_manifest
from text_utils import Symbols, pronounce
from text_utils.phrasing import Phrasing, Stretch, phrase
from voice_replication.data_processing.alignment import Alignment
from voice_replication.data_processing.reading_pauses import agreement, read_stretches
from voice_replication.narration.text_to_speech import Speaker

LONG = (
    "He had been told that the house would be empty but when he opened the door he saw a light at "
    "the end of the hall."
)


def aligned(name: str, text: str, paused_after: set[str], confidence: float = -1.0) -> Alignment:
    """``text`` read with a pause of 20 frames after each of some words."""
    symbols, words = Symbols(), pronounce(text)
    durations = [3]
    for word in words:
        durations += [5] * len(word.phones) + [20 if word.text in paused_after else 0]
    return Alignment(name, symbols.encode(words), [w.text for w in words], durations, confidence)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two readers, a misfit, a learner, and one recording that is held out."""
    rows = [
        ("a", "train", "books", aligned("a", "One two, three four five.", {"four"})),
        ("b", "train", "books", aligned("b", "Six seven.", {"six"})),
        ("c", "train", "books", aligned("c", "Wrong words.", {"Wrong"}, confidence=-20.0)),
        ("d", "train", "speechocean762", aligned("d", "I learn.", {"I"})),
        ("e", "dev", "books", aligned("e", "Eight nine.", {"Eight"})),
    ]
    (tmp_path / "alignment").mkdir()
    lines = "".join(json.dumps(asdict(alignment)) + "\n" for *_, alignment in rows)
    (tmp_path / "alignment" / "alignments.jsonl").write_text(lines)
    utterances = [
        Utterance(name, tmp_path / f"{name}.flac", speaker=name, split=split, corpus=corpus)
        for name, split, corpus, _ in rows
    ]
    write_manifest(tmp_path / "manifest.csv", utterances)
    return tmp_path


def test_stretches_end_at_marks_and_come_from_fitting_training_recordings(data: Path) -> None:
    stretches = read_stretches(data)
    assert stretches == {
        "a": [
            Stretch(("one", "two"), (False,)),
            Stretch(("three", "four", "five"), (False, True)),
        ],
        "b": [Stretch(("six", "seven"), (False,))],
    }


def test_agreement_counts_long_stretches_only() -> None:
    model = Phrasing.load()
    words = tuple(word.text.lower() for word in pronounce(LONG))
    same = Stretch(words, tuple(model.pauses(words)))
    never = Stretch(words, (False,) * (len(words) - 1))
    short = Stretch(("one", "two"), (True,))
    assert agreement(model, [same, short]) == (1.0, 1.0, 1.0)
    assert agreement(model, [same, never]) == (0.5, 1.0, 2.0)


def test_a_breath_is_heard_where_it_was_foreseen_and_the_text_stays() -> None:
    speaker = Speaker()
    speech = speaker.speak(LONG, speaker.voice("clara"))
    (line,) = speech.lines
    assert line.line.text == LONG
    times = line.prepared.words
    gaps = [after.start - before.end for before, after in itertools.pairwise(times)]
    written = pronounce(LONG)
    breath = [a != b for a, b in zip(written, phrase(written), strict=True)][:-1]
    assert breath[9]  # after "empty"
    assert min(gap for gap, here in zip(gaps, breath, strict=True) if here) > 0.12
    assert np.median([gap for gap, here in zip(gaps, breath, strict=True) if not here]) < 0.03
