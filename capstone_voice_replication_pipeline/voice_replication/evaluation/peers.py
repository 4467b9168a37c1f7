"""Other people's architectures, to be timed beside ours. They live in ``benchmarks/``.

They are scripts of the repository, not part of the package, so an installed wheel has none.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

from env_utils import MissingDependencyError, repo_root


def load_peer(name: str) -> Any:
    """The module ``benchmarks/NAME.py``; ``MissingDependencyError`` outside of a checkout."""
    path = repo_root() / "benchmarks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"benchmarks_{name}", path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise MissingDependencyError(
            f"{path}: there is no such script; peers are timed in a checkout of the repository."
        )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def hifigan_call(mel: Any) -> Callable[[], Any]:
    """A call that runs HiFi-GAN V1 (random weights) on a log-mel ``(M, F)``."""
    import torch

    generator = load_peer("hifigan_v1").HifiGanV1(mel.shape[0]).eval()
    batch = torch.from_numpy(mel)[None]

    def decode() -> Any:
        with torch.inference_mode():
            return generator(batch)

    return decode


def vits_call(seconds: float) -> tuple[Callable[[], Any], float]:
    """A call that runs transformers' default VITS (random weights) and the seconds it makes.

    ``MissingDependencyError`` without transformers.
    """
    try:
        import transformers  # noqa: F401
    except (ImportError, OSError, RuntimeError) as error:
        raise MissingDependencyError(
            'VITS needs transformers; run: pip install "voice-cloning-pipeline[hf]"'
        ) from error
    call, made = load_peer("vits").build(seconds)
    return call, float(made)
