"""The engine: lines of many people in one batch, each exactly what it would be alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from audio_utils import DEFAULT_SPEC
from env_utils import CheckpointError
from training_utils import load_checkpoint, save_checkpoint
from voice_replication.home import checkpoint_path
from voice_replication.narration import script
from voice_replication.narration.settings import Settings
from voice_replication.narration.text_to_speech import Speaker
from voice_replication.serving.engine import LineRequest, LocalEngine, RenderedLine
from voice_replication.voices import VoiceStore

Audio = npt.NDArray[np.float32]
TOLERANCE = 1e-3  # of mels, in nepers
LONG = (
    "When the train finally reached the last station of the line, the passengers took their bags "
    "and stepped out into the evening light of the old harbour."
)
TEXTS = ("Go!", LONG, "Was it you?", "Nobody knows why he came back so late.")


@pytest.fixture(scope="module")
def speaker(shipped_checkpoints: Path, tmp_path_factory: pytest.TempPathFactory) -> Speaker:
    assert shipped_checkpoints.is_dir()
    return Speaker(store=VoiceStore(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="module")
def engine(speaker: Speaker) -> LocalEngine:
    return LocalEngine(speaker, max_batch=8, workers=1)


def same_sound(one: Audio, other: Audio) -> bool:
    """Whether the difference is 50 dB below the sound: rounding moves F0 by a ten-millionth, and
    in seconds that adds up to a little of the highest harmonics' phase."""
    power = float(np.mean(np.square(one)))
    return one.shape == other.shape and float(np.mean(np.square(one - other))) < 1e-5 * power


def line(text: str) -> script.Line:
    return next(script.lines(text))


def delta_file(path: Path) -> Path:
    """What fine-tuning leaves for the shipped synthesizer: every mel bin a little louder."""
    _, meta = load_checkpoint(checkpoint_path("synthesizer"))
    changes = {"to_mel.bias": torch.full((DEFAULT_SPEC.n_mels,), 0.1)}
    described = {"kind": "synthesizer delta", "base_step": meta["step"]}
    return save_checkpoint(path, changes, described, bits=16)


@pytest.fixture(scope="module")
def requests(speaker: Speaker, tmp_path_factory: pytest.TempPathFactory) -> list[LineRequest]:
    """Two plain voices and a fine-tuned one, at several speeds and pitches."""
    tuned = replace(
        speaker.voice("clara"),
        name="tuned",
        sample=False,
        delta=delta_file(tmp_path_factory.mktemp("delta") / "delta.safetensors"),
    )
    voices = (speaker.voice("ada"), speaker.voice("basil"), tuned, tuned)
    speeds = (1.0, 1.3, 0.8, 1.0)
    return [
        LineRequest(line(text), voice, Settings(speed, pitch_semitones=pitch))
        for text, voice, speed, pitch in zip(
            TEXTS, voices, speeds, (0.0, 2.0, 0.0, -1.0), strict=True
        )
    ]


def test_a_batch_of_mixed_voices_equals_the_lines_alone(
    speaker: Speaker, engine: LocalEngine, requests: list[LineRequest]
) -> None:
    alone = [speaker.prepare(r.line, r.voice, r.settings) for r in requests]
    together = speaker.prepare_many([(r.line, r.voice, r.settings) for r in requests])
    for one, batched in zip(alone, together, strict=True):
        assert np.array_equal(one.durations, batched.durations)
        assert one.words == batched.words
        assert np.abs(one.mel - batched.mel).max() < TOLERANCE
    rendered = engine.render(requests)
    for request, batched in zip(requests, rendered, strict=True):
        spoken = speaker.speak_with(request.line.text, request.voice, request.settings)
        assert same_sound(batched.audio, spoken.audio)
        assert list(batched.words) == spoken.words
        assert batched.begun is None


def test_fine_tuned_weights_reach_only_their_own_voice(
    engine: LocalEngine, requests: list[LineRequest]
) -> None:
    tuned = requests[2]
    plain = replace(tuned, voice=replace(tuned.voice, delta=None))
    first, second = engine.render([tuned, plain])
    size = min(len(first.audio), len(second.audio))
    assert np.abs(first.audio[:size] - second.audio[:size]).max() > 10 * TOLERANCE
    assert same_sound(engine.render([plain])[0].audio, second.audio)


def test_a_head_and_its_rest_are_the_line(engine: LocalEngine, requests: list[LineRequest]) -> None:
    whole = engine.render([requests[1]])[0]
    others = [replace(requests[0], head_only=True), requests[2]]
    head, short, _ = engine.render([replace(requests[1], head_only=True), *others])
    assert head.begun is not None, "it is longer than a head"
    assert short.begun is None, "all of a short line is its head"
    assert 2.0 < len(head.audio) / 24_000 < 2.6
    rests: list[RenderedLine] = [
        engine.render([replace(requests[1], begun=head.begun), *others])[0] for _ in range(2)
    ]
    for rest in rests:  # a line may be sent again, after a failure elsewhere
        joined = np.concatenate([head.audio, rest.audio])
        assert same_sound(joined, whole.audio)
        assert head.words + rest.words == whole.words
        assert rest.begun is None
    assert head.words and rests[0].words


def test_a_model_that_is_missing_is_found_at_the_start(tmp_path: Path, tiny_models: Path) -> None:
    for name in ("synthesizer", "vocoder"):
        folder = tmp_path / name
        folder.mkdir()
        for path in tiny_models.iterdir():
            if path.stem != name:
                (folder / path.name).symlink_to(path)
        with pytest.raises(CheckpointError, match=f"no {name} checkpoint"):
            LocalEngine(Speaker(folder, VoiceStore(tmp_path / "home")), max_batch=2)


def test_an_engine_without_a_fitting_voice_starts(tiny_models: Path, tmp_path: Path) -> None:
    engine = LocalEngine(Speaker(tiny_models, VoiceStore(tmp_path)), max_batch=2, workers=1)
    assert engine.workers == 1


def test_threads_that_render_at_once_do_not_disturb_each_other(
    engine: LocalEngine, requests: list[LineRequest]
) -> None:
    pair = [requests[0], requests[2]]
    expected = engine.render(pair)
    with ThreadPoolExecutor(3) as pool:
        for batch in pool.map(engine.render, [pair, pair[:1], pair]):
            for rendered, alone in zip(batch, expected, strict=False):
                assert same_sound(rendered.audio, alone.audio)
