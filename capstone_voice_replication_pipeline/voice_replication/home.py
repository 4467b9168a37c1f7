"""Where the models and voices are: shipped with the package, or in ``VOICECLONE_HOME``."""

from __future__ import annotations

from pathlib import Path

from env_utils import CheckpointError, voiceclone_home

PACKAGE = Path(__file__).resolve().parent
STAGES = ("encoder", "synthesizer", "vocoder")


def shipped(folder: str, installed_name: str | None = None) -> Path:
    """A folder that ships: beside the package in a checkout, inside it in an installed wheel."""
    inside = PACKAGE / (installed_name or folder)
    return inside if inside.is_dir() else PACKAGE.parent / folder


def checkpoint_path(stage: str, models_dir: Path | None = None) -> Path:
    """The safetensors file of ``stage``: from ``models_dir`` if given, else the shipped one.

    Raises ``CheckpointError`` naming the file when it is not there.
    """
    path = (models_dir or shipped("checkpoints")) / f"{stage}.safetensors"
    if not path.is_file():
        raise CheckpointError(
            f"{path}: there is no {stage} checkpoint here. Train one with "
            f"`voiceclone train {stage} DATA --run-id R`, or pass the folder of a run."
        )
    return path


def runs_folder() -> Path:
    """Training runs: ``VOICECLONE_HOME/runs``."""
    return voiceclone_home() / "runs"


def sample_voices_folder() -> Path:
    """The sample voices that ship; they belong to no real person."""
    return shipped("voices", "sample_voices")
