"""What this machine is: the facts that explain a measured time or a missing feature.

Nothing heavy is imported before it is asked for, and nothing here needs the network.
"""

from __future__ import annotations

import importlib
import math
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

GIB = 2**30


@dataclass(frozen=True)
class Machine:
    """A machine as far as it matters here. Sizes are in bytes; ``None`` means not found."""

    system: str  # "Linux 6.1 x86_64"
    python: str  # "3.11.7"
    processor: str
    cores: int  # usable by this process, which in a container is fewer than are built in
    memory_bytes: int | None
    disk_free_bytes: int  # where the current folder is
    torch: str | None
    accelerators: tuple[str, ...]  # "cuda: NVIDIA H200, 139 GiB", "mps"; empty on a plain CPU
    libsndfile: str | None
    ffmpeg: str | None  # path of the program

    @property
    def device(self) -> str:
        """The device to compute on: ``cuda``, ``mps`` or ``cpu``."""
        return self.accelerators[0].split(":")[0] if self.accelerators else "cpu"

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for a JSON report."""
        return {**asdict(self), "accelerators": list(self.accelerators), "device": self.device}

    def summary(self) -> str:
        """One line for a report: what a reader needs to compare a time with their own."""
        memory = "memory unknown"
        if self.memory_bytes:
            memory = f"{self.memory_bytes / GIB:.0f} GiB"
        parts = [self.processor, f"{self.cores} cores", memory, *self.accelerators]
        return ", ".join(parts) + f"; {self.system}, Python {self.python}, torch {self.torch}"


def usable_cores() -> int:
    """How many cores this process may really use: affinity and the container's quota count."""
    if sys.platform == "linux":
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    quota = Path("/sys/fs/cgroup/cpu.max")  # "200000 100000" = two cores; "max 100000" = no limit
    if quota.is_file():
        allowed, _, period = quota.read_text().strip().partition(" ")
        if allowed != "max":
            cores = min(cores, max(1, math.ceil(int(allowed) / int(period))))
    return cores


def ffmpeg_path() -> str | None:
    """The FFmpeg program: on the PATH, else inside the ``imageio-ffmpeg`` wheel, else ``None``."""
    on_path = shutil.which("ffmpeg")
    if on_path:
        return on_path
    try:
        return str(importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe())
    except (ImportError, RuntimeError):  # RuntimeError: the wheel has no binary for this system
        return None


def describe_machine() -> Machine:
    """Look at the machine. Takes as long as importing torch (which tells about accelerators)."""
    torch_version, accelerators = _torch()
    return Machine(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        processor=_processor(),
        cores=usable_cores(),
        memory_bytes=_memory_bytes(),
        disk_free_bytes=shutil.disk_usage(Path.cwd()).free,
        torch=torch_version,
        accelerators=tuple(accelerators),
        libsndfile=_libsndfile(),
        ffmpeg=ffmpeg_path(),
    )


def _processor() -> str:
    """The processor's product name; on Linux ``platform`` does not know it, the kernel does."""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine() or "unknown processor"


def _memory_bytes() -> int | None:
    """Installed memory, or the container's limit where that is smaller."""
    sizes = []
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        sizes.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    limit = Path("/sys/fs/cgroup/memory.max")
    if limit.is_file() and (text := limit.read_text().strip()) != "max":
        sizes.append(int(text))
    return min(sizes, default=None)


def _torch() -> tuple[str | None, list[str]]:
    """The version of torch and the accelerators that it can use."""
    try:
        torch = importlib.import_module("torch")
    except (ImportError, OSError):  # OSError: installed, but a library it links to is not there
        return None, []
    return torch.__version__, list(_accelerators(torch))


def _accelerators(torch: Any) -> Iterator[str]:
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(index)
            yield f"cuda: {properties.name}, {properties.total_memory / GIB:.0f} GiB"
    if torch.backends.mps.is_available():
        yield "mps"


def _libsndfile() -> str | None:
    try:
        return str(importlib.import_module("soundfile").__libsndfile_version__)
    except (ImportError, OSError):
        return None
