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


def uses(root: Path) -> dict[str, dict[str, int]]:
    """Package -> {floor folder that imports it: in how many of its files}, its own floor left out.

    Checks of exercises are left out too: they test a floor, they do not build on it.
    """
    owners = packages(root)
    found: dict[str, dict[str, int]] = {package: {} for package in owners}
    for folder in floor_folders(root):
        for path in sorted(folder.rglob("*.py")):
            if "checks" in path.relative_to(folder).parts:
                continue
            for package in set(imported_packages(path.read_text(encoding="utf-8"))):
                if package in owners and owners[package] != folder:
                    users = found[package]
                    users[folder.name] = users.get(folder.name, 0) + 1
    return found
