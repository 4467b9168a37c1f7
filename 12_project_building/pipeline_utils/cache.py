"""A folder of artifacts found again by what they were made from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from env_utils import atomic_path

from pipeline_utils.content import content_key


class ArtifactCache:
    """Files named by the key of what they were made from; made once, whole or not at all.

    Going back to earlier settings finds the earlier artifact, and two processes that make the same
    one at the same time both end with a good file. ``version`` is part of every key: raise it when
    the code that makes the artifacts changes what comes out.
    """

    def __init__(self, folder: str | Path, version: str) -> None:
        self.folder, self.version = Path(folder), version

    def path(self, recipe: Any, suffix: str) -> Path:
        """Where the artifact of ``recipe`` (plain values) is, or will be."""
        key = content_key({"version": self.version, "recipe": recipe})
        return self.folder / key[:2] / f"{key}{suffix}"

    def fetch(self, recipe: Any, suffix: str, make: Callable[[Path], None]) -> Path:
        """The artifact of ``recipe``; if there is none, ``make(path)`` writes it.

        ``make`` is given a temporary path with the same suffix. If it raises, or the process is
        killed, no artifact appears.
        """
        path = self.path(recipe, suffix)
        if not path.is_file():
            with atomic_path(path) as temporary:
                make(temporary)
        return path

    def size_bytes(self) -> int:
        """How much the cache holds."""
        return sum(p.stat().st_size for p in self.folder.glob("??/*") if p.is_file())

    def prune(self, recipes: list[tuple[Any, str]]) -> int:
        """Delete every artifact but those of ``recipes`` (pairs of recipe and suffix).

        Returns how many were deleted. Temporary files of writers that were killed go too.
        """
        keep = {self.path(recipe, suffix) for recipe, suffix in recipes}
        doomed = [p for p in self.folder.glob("??/*") if p.is_file() and p not in keep]
        for path in doomed:
            path.unlink(missing_ok=True)
        return len(doomed)
