"""Several processes, one model: what data-parallel training needs, and no more.

``accelerate launch`` and ``torchrun`` both set RANK, WORLD_SIZE and LOCAL_RANK; with neither this
is one process and every method is free.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn


@dataclass(frozen=True)
class Processes:
    """This process's place among ``world`` processes."""

    rank: int = 0
    world: int = 1
    local_rank: int = 0

    @classmethod
    def from_environment(cls) -> Processes:
        """Join the process group that the launcher describes, if there is one."""
        world = int(os.environ.get("WORLD_SIZE", "1"))
        if world == 1:
            return cls()
        if not dist.is_initialized():
            dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
        return cls(dist.get_rank(), world, int(os.environ.get("LOCAL_RANK", "0")))

    @property
    def is_main(self) -> bool:
        """Whether this process writes files."""
        return self.rank == 0

    def device(self, wanted: torch.device) -> torch.device:
        """``wanted``, with the local GPU's number where there are several."""
        if self.world > 1 and wanted.type == "cuda":
            return torch.device("cuda", self.local_rank)
        return wanted

    def broadcast(self, module: nn.Module) -> None:
        """Give every process the first one's weights."""
        if self.world > 1:
            for tensor in module.state_dict().values():
                dist.broadcast(tensor, 0)

    def average_gradients(self, parameters: Sequence[Tensor]) -> None:
        """Replace each gradient by its mean over the processes."""
        if self.world > 1:
            for parameter in parameters:
                dist.all_reduce(parameter.grad)
                assert parameter.grad is not None
                parameter.grad /= self.world
