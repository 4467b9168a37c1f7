"""Speaker embeddings of a data folder: an interruption may not cost what is done."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from audio_utils import save_audio
from data_utils import Utterance
from training_utils import file_fingerprint, save_checkpoint
from voice_replication.data_processing import features
from voice_replication.data_processing.features import compute_embeddings, read_embeddings
from voice_replication.home import shipped
from voice_replication.speaker_encoder.inference import SpeakerEncoder

ENCODER = shipped("checkpoints") / "encoder.safetensors"


@pytest.fixture()
def utterances(tmp_path: Path) -> list[Utterance]:
    """Seven sounds of two seconds, each of another pitch."""
    made = []
    for number in range(7):
        path = tmp_path / "audio" / f"u{number}.flac"
        seconds = np.arange(48_000) / 24_000
        pulses = np.sin(2 * np.pi * (100 + 20 * number) * seconds) ** 21
        save_audio(path, (0.3 * pulses).astype(np.float32))
        made.append(
            Utterance(
                id=f"u{number}",
                path=path,
                text="",
                speaker="s",
                seconds=2.0,
                corpus="own",
                split="train",
                source_rate=24_000,
                gender="",
                licence="",
            )
        )
    return made


def test_interrupted_embeddings_are_not_computed_again(
    utterances: list[Utterance], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "UTTERANCES_PER_SHARD", 2)
    embed = SpeakerEncoder.embed
    left = 5

    def counted(self: SpeakerEncoder, *arguments: object) -> object:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        return embed(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(SpeakerEncoder, "embed", counted)
    data = tmp_path / "data"
    with pytest.raises(KeyboardInterrupt):
        compute_embeddings(data, utterances, ENCODER)
    assert not (data / "features" / "embeddings.safetensors").exists()
    left = 3  # four of seven were saved
    assert compute_embeddings(data, utterances, ENCODER) == 7
    assert left == 0
    found, encoder = read_embeddings(data)
    assert encoder == file_fingerprint(ENCODER)
    assert sorted(found) == [u.id for u in utterances]
    assert sorted(p.name for p in (data / "features").iterdir()) == [
        "embeddings.json",
        "embeddings.safetensors",
    ]
    left = 10
    straight = tmp_path / "straight"
    compute_embeddings(straight, utterances, ENCODER)
    assert all(v.equal(found[name]) for name, v in read_embeddings(straight)[0].items())


def test_embeddings_of_another_encoder_do_not_count(
    utterances: list[Utterance], tmp_path: Path
) -> None:
    folder = tmp_path / "data" / "features"
    wrong = {u.id: torch.zeros(96) for u in utterances}
    for name in ("embeddings", "embeddings.part"):
        meta = {"kind": "embeddings", "encoder": "another"}
        save_checkpoint(folder / f"{name}.safetensors", wrong, meta)
    compute_embeddings(tmp_path / "data", utterances, ENCODER)
    found, _ = read_embeddings(tmp_path / "data")
    assert all(float(vector.norm()) == pytest.approx(1.0, abs=1e-4) for vector in found.values())
