"""Who uses what: the imports between the floors, read from the sources themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

CAPSTONE = "capstone_voice_replication_pipeline"


def floor_folders(root: Path) -> list[Path]:
    """The numbered modules and the capstone, from the ground up."""
    numbered = sorted(path for path in root.glob("[0-9][0-9]_*") if path.is_dir())
    return [*numbered, *(path for path in [root / CAPSTONE] if path.is_dir())]


def packages(root: Path) -> dict[str, Path]:
    """Package name -> the folder of the floor that owns it, from the ground up."""
    return {
        init.parent.name: folder
        for folder in floor_folders(root)
        for init in sorted(folder.glob("*/__init__.py"))
    }


def imported_packages(source: str) -> Iterator[str]:
    """The top-level packages that a Python source imports, functions included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def uses(root: Path) -> dict[str, list[str]]:
    """Package -> the floor folders that import it, from the ground up, its own floor left out.

    Checks of exercises are left out too: they test a floor, they do not build on it.
    """
    owners = packages(root)
    found: dict[str, list[str]] = {package: [] for package in owners}
    for folder in floor_folders(root):
        sources = [
            path.read_text(encoding="utf-8")
            for path in folder.rglob("*.py")
            if "checks" not in path.relative_to(folder).parts
        ]
        imported = {package for source in sources for package in imported_packages(source)}
        for package in imported & owners.keys():
            if owners[package] != folder:
                found[package].append(folder.name)
    return found
