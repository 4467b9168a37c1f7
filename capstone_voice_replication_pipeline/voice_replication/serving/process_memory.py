"""A process that renders lines of all lengths for weeks must not keep what it needs no more.

No object is ever left behind, but every tensor has another size, and three places keep memory for a
next one of the same size that never comes: oneDNN's compiled kernels, the C library's arenas (one
for each thread, eight times the cores at most), and the gaps within them. Under the load of
``benchmarks/serve_soak.py`` the process would grow by a third in 300 requests.
"""

from __future__ import annotations

import ctypes
import os
import sys

KEPT_KERNELS = "32"  # oneDNN keeps 1,024 by itself, one for every length that a layer has seen
ARENAS = 2
_M_ARENA_MAX = -8  # of <malloc.h>


def keep_memory_small() -> None:
    """Limit what is kept, for the whole process; before the first convolution and the threads.

    An operator's ``ONEDNN_PRIMITIVE_CACHE_CAPACITY`` or ``MALLOC_ARENA_MAX`` counts more.
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", KEPT_KERNELS)
    if "MALLOC_ARENA_MAX" not in os.environ:
        _call("mallopt", _M_ARENA_MAX, ARENAS)


def return_freed_memory() -> None:
    """Give the system the pages on which nothing lies."""
    _call("malloc_trim", 0)


def _call(name: str, *arguments: int) -> None:
    """Call a function of glibc; elsewhere there is nothing to do."""
    if sys.platform == "linux":
        function = getattr(ctypes.CDLL(None), name, None)  # musl has neither
        if function is not None:
            function(*arguments)
