"""A trained classifier in one file: weights, and the facts without which they cannot be used."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from env_utils import CheckpointError, InputError, atomic_path
from torch import Tensor, nn

from dl_utils.networks import MLP


def save_model(path: str | Path, model: nn.Module, facts: Mapping[str, Any]) -> None:
    """Write ``{"state": state_dict, "facts": {...}}`` atomically, on the CPU.

    ``facts`` holds plain values only (numbers, texts, lists), so that the file can be read with
    ``torch.load(..., weights_only=True)``, which runs no code from the file.
    """
    state = {name: value.detach().cpu() for name, value in model.state_dict().items()}
    with atomic_path(path) as temporary:
        torch.save({"state": state, "facts": dict(facts)}, temporary)


def read_model_file(path: str | Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """``(state, facts)`` of a file written by :func:`save_model`.

    Raises ``InputError`` when there is no such file and ``CheckpointError`` when it is damaged or
    holds something else.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        state, facts = content["state"], content["facts"]
        return dict(state), dict(facts)
    except (
        pickle.UnpicklingError,
        RuntimeError,
        KeyError,
        TypeError,
        ValueError,
        EOFError,
    ) as error:
        raise CheckpointError(
            f"{path}: this is not a model file of lesson 02.3, or it is damaged. Delete it and run "
            "that lesson again."
        ) from error


def load_mlp(path: str | Path) -> tuple[MLP, dict[str, Any]]:
    """The network of a model file, and its facts, of which ``sizes`` and ``activation`` build it.

    Raises ``InputError`` or ``CheckpointError``, naming the file.
    """
    state, facts = read_model_file(path)
    try:
        model = MLP(facts["sizes"], facts["activation"])
        model.load_state_dict(state)
    except (KeyError, TypeError, RuntimeError, InputError) as error:
        reason = str(error).strip().splitlines()[0]
        raise CheckpointError(
            f"{path}: facts and weights do not fit together ({reason})."
        ) from error
    return model, facts
