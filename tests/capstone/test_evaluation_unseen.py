"""Voices made from one reference: who counts, how they are split, and how they are judged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from audio_utils import DEFAULT_SPEC, save_audio
from data_utils import Utterance, write_manifest
from voice_replication.evaluation import matched, unseen, zero_shot
from voice_replication.evaluation.recordings import HeardSpeaker

RATE = DEFAULT_SPEC.sample_rate


def utterance(
    name: str, i: int, seconds: float, folder: Path = Path(), **more: object
) -> Utterance:
    values = {"corpus": "own", "split": "unseen", "source_rate": 16_000, **more}
    path = folder / f"{name}{i}.flac"
    return Utterance(f"{name}{i:02}", path, f"text {i}", name, seconds, **values)


def test_the_reference_is_short_and_never_judges_itself() -> None:
    many = [utterance("amy", i, seconds) for i, seconds in enumerate([3, 12, 6, 9, 15, 4, 7])]
    speaker = unseen.split_recordings("amy", many)
    assert speaker is not None
    assert 5 <= speaker.reference.utterance.seconds <= 10
    names = {excerpt.utterance.id for excerpt in speaker.others}
    assert speaker.reference.utterance.id not in names
    assert speaker.reference.utterance.id not in {u.id for u in speaker.recordings}
    fair = [u for u in speaker.recordings if not speaker.judged_by(u)]
    assert speaker.recordings[: len(fair)] == tuple(fair)


def test_real_speech_is_cut_as_short_as_ours(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    recordings = [utterance("amy", i, 9.0, tmp_path, split="dev") for i in range(2)]
    for one in recordings:
        save_audio(one.path, rng.normal(0, 0.1, 9 * RATE).astype(np.float32), RATE)
    speakers = [
        HeardSpeaker("amy", (), tuple(recordings)),
        HeardSpeaker("zoe", (), ()),
    ]
    lengths = [3.0, 0.7, 9.0, 30.0, 2.0, 4.0]
    verdicts = [{"speaker": "amy", "seconds": seconds} for seconds in lengths]
    found = matched.excerpts_as_long(verdicts, speakers)
    heard = [len(excerpt.load()) / RATE for excerpt in found]
    assert heard == pytest.approx([3.0, 0.7, 9.0, 9.0, 2.0, 4.0], abs=1e-3)
    assert {excerpt.utterance.id for excerpt in found} == {"amy00", "amy01"}
    assert max(excerpt.start for excerpt in found) == 7.0, "not only beginnings"
    stranger = [*verdicts, {"speaker": "zoe", "seconds": 3.0}]
    assert matched.similarity_as_short(stranger, speakers, {}) is None


def test_a_single_recording_is_cut_at_its_quietest_moment(tmp_path: Path) -> None:
    audio = np.random.default_rng(0).normal(0, 0.1, 12 * RATE).astype(np.float32)
    audio[round(6.9 * RATE) : round(7.1 * RATE)] *= 0.01
    one = utterance("ben", 0, 12.0, tmp_path)
    save_audio(one.path, audio, RATE)
    speaker = unseen.split_recordings("ben", [one])
    assert speaker is not None
    assert speaker.reference.end == pytest.approx(7.0, abs=0.06)
    (rest,) = speaker.others
    assert rest.start == speaker.reference.end
    pieces = [len(speaker.reference.load()), len(rest.load())]
    assert sum(pieces) == pytest.approx(12 * RATE, abs=2)
    assert speaker.judged_by(one)
    assert unseen.split_recordings("ben", [utterance("ben", 0, 7.0)]) is None


def test_only_strangers_with_enough_bandwidth_count_and_take_turns(tmp_path: Path) -> None:
    rows = [utterance("amy", i, 6.0 + i / 10) for i in range(4)]
    rows += [utterance("zoe", i, 6.0 + i / 10) for i in range(3)]
    rows += [utterance("muffled", i, 6.0, source_rate=11_700) for i in range(4)]
    rows += [utterance("learner", i, 6.0, corpus="speechocean762") for i in range(4)]
    rows += [utterance("heard", i, 6.0, split="train") for i in range(4)]
    rows += [utterance("other", i, 4.0 + i, split="train") for i in range(2)]
    rows = [_under(tmp_path, row) for row in rows]
    write_manifest(tmp_path / "manifest.csv", rows)
    speakers = unseen.unseen_speakers(tmp_path)
    assert [s.name for s in speakers] == ["amy", "zoe"]
    turns = [s.name for s, _ in unseen.anchors_of(speakers, 4)]
    assert turns == ["amy", "zoe", "amy", "zoe"]
    (known,) = zero_shot.other_training_speakers(tmp_path, ["heard"])
    assert known.name == "other"
    assert known.recordings[0].utterance.seconds == 5.0


def _under(folder: Path, row: Utterance) -> Utterance:
    return Utterance(**{**vars(row), "path": folder / row.path})


def unit(*values: float) -> np.ndarray:
    vector = np.array(values, dtype=np.float32)
    return vector / np.linalg.norm(vector)


def test_a_voice_that_collapses_to_a_training_speaker_is_found_out() -> None:
    gallery = zero_shot.Gallery(
        unseen={"amy": unit(1, 0, 0, 0), "ben": unit(0, 1, 0, 0)},
        heard={"old": unit(0, 0, 1, 0)},
        brief={"one clip": unit(0, 0, 0, 1)},
    )
    good = [("amy", unit(1, 0.1, 0.1, 0)), ("ben", unit(0, 1, 0.2, 0.1))]
    perfect = zero_shot.judge_trials("good", good, gallery)
    assert (perfect.equal_error_rate, perfect.nearer, perfect.speakers) == (0.0, 1.0, 2)
    assert (perfect.training_speakers, perfect.heard_speakers) == (2, 1)
    # ben's voice sounds like the training speaker of whom one clip is known
    mixed = zero_shot.judge_trials("mixed", [good[0], ("ben", unit(0, 0.5, 0, 1))], gallery)
    assert (mixed.nearer, mixed.nearer_than_heard) == (0.5, 1.0)
    assert mixed.equal_error_rate is not None
    assert mixed.equal_error_rate > 0.0
    assert mixed.similarity < perfect.similarity


def test_without_training_speakers_nothing_is_claimed_about_them() -> None:
    alone = zero_shot.Gallery({"amy": unit(1, 0)}, {}, {})
    judged = zero_shot.judge_trials("alone", [("amy", unit(1, 1))], alone)
    assert (judged.nearer, judged.equal_error_rate) == (None, None)
    assert judged.similarity == pytest.approx(np.sqrt(0.5), abs=1e-6)
