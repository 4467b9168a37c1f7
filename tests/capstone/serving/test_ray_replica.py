"""A replica of the Ray engine, in this process: what is shipped to it arrives whole."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from audio_utils import DEFAULT_SPEC
from env_utils import CheckpointError
from training_utils import save_checkpoint
from voice_replication.narration import script
from voice_replication.narration.settings import Settings
from voice_replication.narration.text_to_speech import KEPT_DELTAS, Speaker
from voice_replication.serving.engine import LineRequest, LocalEngine
from voice_replication.serving.ray_replica import Replica, ShippedDelta, ShippedLine
from voice_replication.voices import Voice

TEXT = "Far away, behind the mountains, a train was heard, and then nothing more until the morning."


def line_of(text: str) -> script.Line:
    (line,) = script.require_lines(text)
    return line


@pytest.fixture(scope="module")
def fetched() -> list[object]:
    """What the replica asked for."""
    return []


@pytest.fixture(scope="module")
def replica(tiny_models: Path, fetched: list[object]) -> Replica:
    def fetch(content: object) -> bytes:
        fetched.append(content)
        assert isinstance(content, bytes)
        return content

    return Replica(tiny_models, 4, fetch)


@pytest.fixture()
def local(tiny_models: Path) -> Iterator[LocalEngine]:
    engine = LocalEngine(Speaker(tiny_models), 4)
    yield engine
    engine.close()


def delta_file(folder: Path, by: float) -> Path:
    """What fine-tuning leaves for ``tiny_models``: here, every mel bin louder ``by`` so much."""
    meta = {"kind": "synthesizer delta", "base_step": 1}
    changes = {"to_mel.bias": torch.full((DEFAULT_SPEC.n_mels,), by)}
    return save_checkpoint(folder / "delta.safetensors", changes, meta, bits=16)


def test_a_head_and_its_rest_survive_the_way_there_and_back(
    replica: Replica, local: LocalEngine, made_up_voice: Voice
) -> None:
    """Each answer is pickled, as Ray does, and its arrays may come out of read-only memory."""
    request = LineRequest(line_of(TEXT), made_up_voice, Settings(), head_only=True)
    head = pickle.loads(pickle.dumps(replica.render([ShippedLine(request)])[0]))
    assert head.begun is not None
    for array in vars(head.begun.prepared).values():
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    rest = replica.render([ShippedLine(replace(request, head_only=False, begun=head.begun))])[0]
    assert not isinstance(rest, Exception)
    (whole,) = local.render([LineRequest(request.line, made_up_voice, Settings())])
    both = np.concatenate([head.audio, rest.audio])
    assert both.shape == whole.audio.shape and np.abs(both - whole.audio).max() < 1e-4
    assert (*head.words, *rest.words) == whole.words


def test_one_bad_line_fails_alone(replica: Replica, made_up_voice: Voice) -> None:
    stranger = replace(made_up_voice, encoder="another")
    lines = [
        ShippedLine(LineRequest(line_of(TEXT), voice, Settings()))
        for voice in (made_up_voice, stranger, made_up_voice)
    ]
    first, second, third = replica.render(lines)
    assert isinstance(second, CheckpointError) and "another" in str(second)
    assert not isinstance(first, Exception) and not isinstance(third, Exception)
    assert np.abs(first.audio).max() > 0 and np.abs(first.audio - third.audio).max() < 1e-4


def test_fine_tuned_weights_travel_once_and_change_what_is_heard(
    replica: Replica, made_up_voice: Voice, tmp_path: Path, fetched: list[object]
) -> None:
    path = delta_file(tmp_path, by=0.7)
    facts = path.stat()
    content = path.read_bytes()
    shipped = ShippedDelta(path, facts.st_size, facts.st_mtime_ns, content)
    request = LineRequest(line_of(TEXT), made_up_voice, Settings())
    (plain,) = replica.render([ShippedLine(request)])
    (seen,) = replica.render([ShippedLine(request, shipped)])
    assert fetched == []  # the file is here, as it was when it was sent
    path.unlink()
    (copied,), (again,) = (replica.render([ShippedLine(request, shipped)]) for _ in range(2))
    assert fetched == [content]
    for answer in (plain, seen, copied, again):
        assert not isinstance(answer, Exception)
    assert np.array_equal(seen.audio, copied.audio) and np.array_equal(copied.audio, again.audio)
    assert seen.audio.shape != plain.audio.shape or np.abs(seen.audio - plain.audio).max() > 1e-3


def test_a_file_that_changed_since_is_not_taken_for_the_one_that_was_sent(
    replica: Replica, made_up_voice: Voice, tmp_path: Path, fetched: list[object]
) -> None:
    path = delta_file(tmp_path, by=0.7)
    facts = path.stat()
    shipped = ShippedDelta(path, facts.st_size, facts.st_mtime_ns, path.read_bytes())
    path.write_bytes(b"something else")
    before = len(fetched)
    (answer,) = replica.render(
        [ShippedLine(LineRequest(line_of(TEXT), made_up_voice, Settings()), shipped)]
    )
    assert not isinstance(answer, Exception) and len(fetched) == before + 1


def test_few_copies_are_kept(replica: Replica, made_up_voice: Voice, tmp_path: Path) -> None:
    content = delta_file(tmp_path, by=0.1).read_bytes()
    request = LineRequest(line_of("Yes."), made_up_voice, Settings())
    for number in range(KEPT_DELTAS + 2):
        missing = tmp_path / f"gone{number}"
        replica.render([ShippedLine(request, ShippedDelta(missing, len(content), 1, content))])
    copies = list(Path(replica._folder.name).glob("*/delta.safetensors"))
    assert len(copies) == KEPT_DELTAS
