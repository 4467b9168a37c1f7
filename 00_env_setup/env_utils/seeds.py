"""Seeds: the same numbers every time, as far as hardware allows."""

from __future__ import annotations

import importlib
import os
import random
from typing import TYPE_CHECKING

from env_utils.errors import InputError

if TYPE_CHECKING:
    import numpy as np

MAX_SEED = 2**32 - 1  # numpy's legacy generator takes no more


def seed_everything(seed: int, deterministic: bool = False) -> np.random.Generator:
    """Seed ``random``, numpy and torch, and return a numpy generator seeded alike.

    Prefer the returned generator, handed on explicitly, to the global ones: whoever draws from a
    global generator changes what everybody after them gets. With ``deterministic`` torch also
    refuses operations whose result depends on the order in which threads finish (slower).
    The order of sets of strings still differs between processes; only ``PYTHONHASHSEED``, set
    before Python starts, fixes that.

    Raises ``InputError`` for a seed outside 0 ... 2^32 - 1.
    """
    if not 0 <= seed <= MAX_SEED:
        raise InputError(f"seed {seed}: a seed is a whole number from 0 to {MAX_SEED}.")
    numpy = importlib.import_module("numpy")
    torch = importlib.import_module("torch")
    if deterministic:  # cuBLAS reads this when it starts, and refuses to be deterministic without
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    random.seed(seed)
    numpy.random.seed(seed)
    torch.manual_seed(seed)  # also seeds every CUDA and MPS device
    torch.use_deterministic_algorithms(deterministic)
    generator: np.random.Generator = numpy.random.default_rng(seed)
    return generator
