"""Features of a data folder: log-mel, F0 and energy in shards, speaker embeddings beside them.

``DATA/features/shard_000.safetensors`` ... hold ``<utterance>/mel`` (M, F) float16,
``<utterance>/f0`` (F,) float16 in Hz (0: unvoiced); every shard's header carries the AudioSpec.
``embeddings.safetensors`` holds one unit vector per utterance and names the encoder it came from.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from audio_utils import DEFAULT_SPEC, AudioSpec, f0_contour, load_audio, mel_spectrogram
from data_utils import Utterance
from env_utils import CheckpointError, InputError
from torch import Tensor
from tqdm import tqdm
from training_utils import file_fingerprint, load_checkpoint, save_checkpoint

UTTERANCES_PER_SHARD = 200  # and as many embeddings are computed between two savings
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Features:
    """``mel (M, F)`` and ``f0 (F,)`` of one utterance, float16 tensors."""

    id: str
    mel: Tensor
    f0: Tensor


def frame_energy(mel: Tensor) -> Tensor:
    """Log of the mean mel magnitude of each frame: ``(M, F) -> (F,)``."""
    return mel.float().exp().mean(dim=-2).log()


def compute_features(
    data: Path, utterances: Sequence[Utterance], spec: AudioSpec = DEFAULT_SPEC
) -> int:
    """Write the shards that are missing or were made from other utterances; returns their number.

    Can be interrupted: finished shards are kept.
    """
    folder = data / "features"
    groups = [
        list(utterances[i : i + UTTERANCES_PER_SHARD])
        for i in range(0, len(utterances), UTTERANCES_PER_SHARD)
    ]
    bar = tqdm(total=len(utterances), desc="features", unit="utterance", disable=None)
    for number, group in enumerate(groups):
        path = folder / f"shard_{number:03d}.safetensors"
        stamp = {u.id: [u.seconds, u.path.stat().st_size] for u in group}
        if not _is_current(path, stamp, spec):
            tensors: dict[str, Tensor] = {}
            for utterance in group:
                audio = load_audio(utterance.path, spec.sample_rate)
                mel = mel_spectrogram(audio, spec)
                tensors[f"{utterance.id}/mel"] = torch.from_numpy(mel).half()
                tensors[f"{utterance.id}/f0"] = torch.from_numpy(f0_contour(audio, spec)).half()
                bar.update()
            meta = {"kind": "features", "audio": spec.to_dict(), "utterances": stamp}
            save_checkpoint(path, tensors, meta)
        else:
            bar.update(len(group))
    bar.close()
    for stale in sorted(folder.glob("shard_*"))[2 * len(groups) :]:
        stale.unlink()
    return len(groups)


def _is_current(path: Path, stamp: dict[str, list[float]], spec: AudioSpec) -> bool:
    meta_path = path.with_suffix(".json")
    if not (path.is_file() and meta_path.is_file()):
        return False
    try:
        meta = json.loads(meta_path.read_text(encoding="utf-8"))
        load_checkpoint(path)
    except (ValueError, CheckpointError):
        return False
    return bool(meta.get("utterances") == stamp and meta.get("audio") == spec.to_dict())


def read_features(data: Path, spec: AudioSpec = DEFAULT_SPEC) -> Iterator[Features]:
    """All features of a folder; a shard of another AudioSpec is an error that names the field."""
    paths = sorted((data / "features").glob("shard_*.safetensors"))
    if not paths:
        raise InputError(f"{data / 'features'}: no features yet. Run `voiceclone features {data}`.")
    for path in paths:
        tensors, meta = load_checkpoint(path)
        spec.require_match(AudioSpec.from_dict(meta["audio"]), str(path))
        for name in meta["utterances"]:
            mel, f0 = tensors[f"{name}/mel"], tensors[f"{name}/f0"]
            yield Features(name, mel.half(), f0.half())


def compute_embeddings(data: Path, utterances: Sequence[Utterance], encoder_path: Path) -> int:
    """Embed every utterance with the encoder at ``encoder_path``; returns how many.

    Can be interrupted: what is done is kept beside the file until it is complete.
    """
    from voice_replication.speaker_encoder.inference import SpeakerEncoder

    fingerprint = file_fingerprint(encoder_path)
    path = data / "features" / "embeddings.safetensors"
    partial = path.with_name("embeddings.part.safetensors")
    stamp = {"kind": "embeddings", "encoder": fingerprint}
    done: dict[str, Tensor] = {}
    for source in (path, partial):
        if source.is_file():
            tensors, meta = load_checkpoint(source)
            if meta.get("encoder") == fingerprint:
                done |= tensors
    before = len(done)
    encoder = SpeakerEncoder.load(encoder_path)
    for utterance in tqdm(utterances, desc="embeddings", unit="utterance", disable=None):
        if utterance.id not in done:
            audio = load_audio(utterance.path, DEFAULT_SPEC.sample_rate)
            done[utterance.id] = torch.from_numpy(encoder.embed(audio))
            if (len(done) - before) % UTTERANCES_PER_SHARD == 0:
                save_checkpoint(partial, done, stamp)
    kept = {u.id: done[u.id] for u in utterances}
    save_checkpoint(path, kept, stamp)
    for leftover in (partial, partial.with_suffix(".json")):
        leftover.unlink(missing_ok=True)
    return len(kept)


def read_embeddings(data: Path) -> tuple[dict[str, Tensor], str]:
    """``(utterance id -> (D,) unit vector, fingerprint of the encoder)``."""
    path = data / "features" / "embeddings.safetensors"
    if not path.is_file():
        raise InputError(
            f"{path}: no speaker embeddings yet. Run `voiceclone features {data}` with a trained "
            "encoder."
        )
    tensors, meta = load_checkpoint(path)
    return tensors, str(meta["encoder"])
