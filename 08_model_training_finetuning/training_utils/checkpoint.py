"""Checkpoints for inference: safetensors plus JSON, never pickle.

A voice or model file from a stranger must not be able to run code, so what is loaded to speak is
plain tensors. What they mean (config, AudioSpec, symbols, step, metrics, data, licence) is kept as
JSON twice: inside the safetensors header, where it cannot get separated from the tensors, and in a
``.json`` beside it for people to read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from env_utils import CheckpointError, atomic_path, atomic_write_json
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

SCALE = "::scale"  # what the name of a row-scale tensor ends in
SMALLEST_QUANTIZED = 1024  # elements; below, the scales would cost more than is saved


def save_checkpoint(
    path: str | Path,
    tensors: Mapping[str, Tensor],
    meta: Mapping[str, Any],
    bits: Literal[6, 8, 16, 32] = 32,
    exact: Collection[str] = (),
) -> Path:
    """Write ``tensors`` and ``meta`` to ``path`` (``.safetensors``) atomically.

    ``bits`` a weight: 16 stores floating-point tensors as float16; 8 stores matrices as whole
    numbers from -127 to 127 with one float16 scale a row, and the rest as float16. Rounding to 8
    bits adds noise about 40 dB below the weights. With 6 the numbers go from -31 to 31 (30 dB): as
    many bytes in the file, but a quarter fewer wherever it is compressed, as in Git's history.
    ``exact`` names matrices that stay float16: a filter of a few taps has no redundancy to hide
    that noise in. All are read back as float32.
    """
    path = Path(path)
    prepared: dict[str, Tensor] = {}
    for name, given in tensors.items():
        tensor = given.detach().cpu()
        quantized = bits <= 8 and name not in exact
        if tensor.is_floating_point() and quantized and _is_matrix(tensor):
            prepared[name], prepared[name + SCALE] = _quantized(tensor.float(), bits)
            continue
        if tensor.is_floating_point() and bits < 32:
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
    return {n: _restored(n, tensors) for n in tensors if not n.endswith(SCALE)}, meta


def _is_matrix(tensor: Tensor) -> bool:
    return tensor.ndim >= 2 and tensor.numel() >= SMALLEST_QUANTIZED


def _quantized(tensor: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """``(int8 of the same shape, float16 scales (rows,))``."""
    rows, largest = tensor.flatten(1), 2 ** (bits - 1) - 1
    scale = (rows.abs().amax(dim=1) / largest).clamp(min=1e-6).half()
    whole = (rows / scale.float()[:, None]).round().clamp(-largest, largest)
    return whole.to(torch.int8).view(tensor.shape), scale


def _restored(name: str, tensors: Mapping[str, Tensor]) -> Tensor:
    tensor = tensors[name]
    if name + SCALE in tensors:
        scale = tensors[name + SCALE].float()
        return tensor.float() * scale.view(-1, *[1] * (tensor.ndim - 1))
    return tensor.float() if tensor.is_floating_point() else tensor


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
