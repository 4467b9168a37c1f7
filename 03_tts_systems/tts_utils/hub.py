"""Weights from the Hugging Face hub: from its cache, else from the internet, else one sentence.

Without internet the hub's own loader would try for minutes, and a proxy that swallows packets makes
it wait for ever. So the question "is there a hub?" gets a few seconds, once in a process; the
weights themselves are then fetched by the library's own ``from_pretrained``. No setting is changed.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeVar

from env_utils import MissingDependencyError, within

TIMEOUT_SECONDS = 5.0
_PROBE = "microsoft/speecht5_hifigan"  # any public repository would do

T = TypeVar("T")


@lru_cache(maxsize=1)
def hub_problem(timeout_seconds: float = TIMEOUT_SECONDS) -> str:
    """Why the hub does not answer, in a few words; "" when it does. Asked once in a process."""
    from huggingface_hub import HfApi

    try:
        within(timeout_seconds, lambda: HfApi().model_info(_PROBE, timeout=timeout_seconds))
    except Exception as error:  # whatever it is, it means: not now
        return str(error).splitlines()[0] if str(error) else type(error).__name__
    return ""


def require_packages(engine: str, packages: Sequence[str], install: str) -> None:
    """Raise ``MissingDependencyError`` if a package is missing; nothing is imported."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingDependencyError(
            f"the engine '{engine}' needs {', '.join(missing)}, which is not installed: {install}"
        )


def require_weights(engine: str, repositories: Sequence[str], size: str) -> None:
    """Raise ``MissingDependencyError`` if a repository is neither in the cache nor reachable."""
    from huggingface_hub import try_to_load_from_cache

    absent = [
        name
        for name in repositories
        if not isinstance(try_to_load_from_cache(name, "config.json"), str)
    ]
    problem = hub_problem() if absent else ""
    if problem:
        raise MissingDependencyError(_not_there(engine, absent[0], size, problem))


def load_pretrained(engine: str, repository: str, size: str, load: Callable[[bool], T]) -> T:
    """``load(local_files_only)``: from the cache, else from the hub if it answers.

    Raises ``MissingDependencyError`` when the weights can be had from neither.
    """
    try:
        return load(True)
    except (OSError, ValueError):  # not in the cache, or not all of it
        problem = hub_problem()
    if problem:
        raise MissingDependencyError(_not_there(engine, repository, size, problem))
    try:
        return load(False)
    except Exception as error:  # a download can fail with the errors of half a dozen libraries
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise MissingDependencyError(_not_there(engine, repository, size, reason)) from error


def _not_there(engine: str, repository: str, size: str, problem: str) -> str:
    return (
        f"the weights of '{engine}' ({repository}, {size}) are not in the cache, and the hub "
        f"cannot be reached ({problem}). Run it once with internet; they are fetched once and kept."
    )
