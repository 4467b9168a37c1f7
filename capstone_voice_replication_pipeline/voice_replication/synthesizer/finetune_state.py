"""The state of a fine-tuning on disk: enough to go on exactly where it was.

Batches, dropout and learning rates are functions of seed and step alone, so the weights, Adam's
moments, the best weights so far and four numbers are everything. They are plain tensors
(safetensors), written in one step.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor
from training_utils import load_checkpoint, save_checkpoint

from voice_replication.synthesizer.data import SpeechDataset


@dataclass
class Standing:
    """Where a fine-tuning stands after ``step`` steps; losses are those of the held-out set."""

    step: int
    loss_before: float
    best_loss: float
    since_best: int = 0  # validations without improvement


def fingerprint(
    config: Mapping[str, object], tensors: Sequence[Tensor], datasets: Sequence[SpeechDataset]
) -> str:
    """Changes with anything that a fine-tuning's result depends on."""
    digest = hashlib.sha256(json.dumps(dict(config), sort_keys=True).encode())
    for tensor in tensors:
        digest.update(tensor.detach().cpu().numpy().tobytes())
    for dataset in datasets:
        for example in dataset.examples:
            digest.update(example.id.encode())
            for part in (example.ids, example.durations, example.mel, example.f0_hz):
                digest.update(part.numpy().tobytes())
    return digest.hexdigest()


class StateFile:
    """The state in the file ``path`` of the fine-tuning with this fingerprint ``key``."""

    def __init__(self, path: Path, key: str) -> None:
        self.path, self.key = path, key

    def save(
        self,
        standing: Standing,
        trained: Mapping[str, Tensor],
        best: Mapping[str, Tensor],
        optimizer: torch.optim.Optimizer,
    ) -> None:
        """Replace the saved state by this one."""
        tensors = {f"now/{name}": tensor for name, tensor in trained.items()}
        tensors |= {f"best/{name}": tensor for name, tensor in best.items()}
        for number, moments in optimizer.state_dict()["state"].items():
            tensors |= {f"adam/{number}/{name}": tensor for name, tensor in moments.items()}
        meta = {"kind": "fine-tuning state", "key": self.key, "standing": asdict(standing)}
        save_checkpoint(self.path, tensors, meta)

    def restore(
        self, trained: Mapping[str, Tensor], optimizer: torch.optim.Optimizer
    ) -> tuple[Standing, dict[str, Tensor]] | None:
        """Put the saved weights and moments in place; where it stood, and the best weights.

        None, with nothing changed, if no state of this fine-tuning is there.
        """
        if not self.path.is_file():
            return None
        tensors, meta = load_checkpoint(self.path)
        if meta.get("key") != self.key:
            return None
        moments: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            kind, _, rest = name.partition("/")
            if kind == "adam":
                number, _, moment = rest.partition("/")
                moments.setdefault(int(number), {})[moment] = tensor
        with torch.no_grad():
            for name, parameter in trained.items():
                parameter.copy_(tensors[f"now/{name}"])
        optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
        device = next(iter(trained.values())).device
        best = {name: tensors[f"best/{name}"].to(device) for name in trained}
        return Standing(**meta["standing"]), best
