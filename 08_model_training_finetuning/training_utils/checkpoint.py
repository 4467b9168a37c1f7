"""Checkpoints for inference: safetensors plus JSON, never pickle.

A voice or model file from a stranger must not be able to run code, so what is loaded to speak is
plain tensors. What they mean (config, AudioSpec, symbols, step, metrics, data, licence) is kept as
JSON twice: inside the safetensors header, where it cannot get separated from the tensors, and in a
``.json`` beside it for people to read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from env_utils import CheckpointError, atomic_path, atomic_write_json
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn


def save_checkpoint(
    path: str | Path, tensors: Mapping[str, Tensor], meta: Mapping[str, Any], half: bool = False
) -> Path:
    """Write ``tensors`` and ``meta`` to ``path`` (``.safetensors``) atomically.

    ``half`` stores floating-point tensors as float16: half the size; they are read back as float32.
    """
    path = Path(path)
    prepared = {}
    for name, tensor in tensors.items():
        tensor = tensor.detach().cpu()
        if half and tensor.is_floating_point():
            tensor = tensor.half()
        prepared[name] = tensor.contiguous().clone()
    with atomic_path(path) as temporary:
        save_file(prepared, temporary, metadata={"meta": json.dumps(dict(meta))})
    atomic_write_json(path.with_suffix(".json"), dict(meta))
    return path


def load_checkpoint(path: str | Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read a checkpoint: ``(tensors in float32 on the CPU, meta)``.

    Raises ``CheckpointError`` for a missing or truncated file, and for a pickle posing as one.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such checkpoint.")
    with path.open("rb") as stream:
        head = stream.read(2)
    if head in (b"PK", b"\x80\x02", b"\x80\x04", b"\x80\x05"):
        raise CheckpointError(
            f"{path}: this is a pickle, not safetensors. Pickles can run code and are not opened."
        )
    try:
        with safe_open(str(path), framework="pt") as archive:
            meta = json.loads((archive.metadata() or {}).get("meta", "null"))
            tensors = {name: archive.get_tensor(name) for name in archive.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path}: the checkpoint is damaged or truncated ({error}). Fetch or train it again."
        ) from error
    if not isinstance(meta, dict):
        raise CheckpointError(
            f"{path}: the header has no 'meta' entry; not one of our checkpoints."
        )
    floats = {n: t.float() if t.is_floating_point() else t for n, t in tensors.items()}
    return floats, meta


def load_into(module: nn.Module, tensors: Mapping[str, Tensor], source: str | Path) -> None:
    """Load ``tensors`` into ``module``; a missing, extra or misshapen one is named."""
    expected = module.state_dict()
    for name, tensor in expected.items():
        if name not in tensors:
            raise CheckpointError(f"{source}: tensor '{name}' is missing.")
        if tensors[name].shape != tensor.shape:
            raise CheckpointError(
                f"{source}: tensor '{name}' has shape {tuple(tensors[name].shape)}, but the model "
                f"of its config has {tuple(tensor.shape)}."
            )
    extra = sorted(set(tensors) - set(expected))
    if extra:
        raise CheckpointError(f"{source}: unknown tensor '{extra[0]}'.")
    module.load_state_dict(dict(tensors))


def file_fingerprint(path: str | Path) -> str:
    """Twelve hexadecimal digits of the SHA-256 of a file's bytes."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def save_state(path: str | Path, state: Mapping[str, Any]) -> None:
    """Write a training state (tensors and plain values) atomically."""
    with atomic_path(path) as temporary:
        torch.save(dict(state), temporary)


def load_state(path: str | Path) -> dict[str, Any]:
    """Read a training state with torch's restricted (``weights_only``) unpickler, to the CPU."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise CheckpointError(
            f"{path}: the training state is damaged ({type(error).__name__}). Start from a file in "
            "the run's 'backups' folder, or with --force-restart."
        ) from error
    return dict(state)
