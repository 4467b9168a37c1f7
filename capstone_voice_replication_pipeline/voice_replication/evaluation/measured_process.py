"""Run ``voiceclone`` in this process and say at the end how much memory it took at most.

Used by the bench as ``python -m voice_replication.evaluation.measured_process speak ...``. A parent
cannot ask the system for this reliably: on Linux a child's ``ru_maxrss`` starts at its parent's.
"""

from __future__ import annotations

import sys
from pathlib import Path

MARK = "peak-bytes"


def peak_bytes() -> int:
    """The most memory this process has held, in bytes (resident)."""
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    from voice_replication.cli import main

    code = main(sys.argv[1:])
    print(f"{MARK} {peak_bytes()}")
    sys.exit(code)
