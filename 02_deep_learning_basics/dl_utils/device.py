"""Which device to compute on."""

from __future__ import annotations

import torch
from env_utils import InputError


def get_device(override: str | None = None) -> torch.device:
    """The best device here (cuda, then mps, then cpu), or the one asked for.

    ``override`` is "cpu", "cuda", "cuda:1", "mps" or None. Raises ``InputError`` when it is not a
    device, or when this machine does not have it: nothing falls back to the CPU silently.
    """
    if override is None:
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    present = {
        "cpu": 1,
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
    }
    try:
        device = torch.device(override)
    except RuntimeError:
        device = None
    if device is None or device.type not in present:
        raise InputError(f"device '{override}': use cpu, cuda, cuda:<number> or mps.")
    if (device.index or 0) >= present[device.type]:
        have = ", ".join(kind for kind, count in present.items() if count)
        raise InputError(f"device '{override}': this machine does not have it; it has {have}.")
    return device
