"""Where things live: the repository, a lesson's outputs, and the user's voices and runs."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def repo_root() -> Path:
    """The checkout this package lies in; the current folder when installed from a wheel."""
    for folder in Path(__file__).resolve().parents:
        if (folder / "pyproject.toml").is_file() and (folder / "00_env_setup").is_dir():
            return folder
    return Path.cwd()


def output_dir(module: str) -> Path:
    """``outputs/<module>/`` in the repository (or the current folder), created if missing."""
    folder = repo_root() / "outputs" / module
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def voiceclone_home() -> Path:
    """The folder of enrolled voices and runs: ``$VOICECLONE_HOME`` or the user's data folder."""
    configured = os.environ.get("VOICECLONE_HOME")
    if configured:
        return Path(configured).expanduser()
    return Path(platformdirs.user_data_dir("voiceclone", appauthor=False))
