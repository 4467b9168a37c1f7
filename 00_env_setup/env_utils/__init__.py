"""Floor 00: errors, safe file writing, paths, seeds and machine facts that every floor uses."""

from env_utils.errors import (
    CheckpointError,
    ConfigError,
    ConsentError,
    InputError,
    MissingDependencyError,
    QualityError,
    TrainingError,
    VoiceReplicationError,
)
from env_utils.files import (
    atomic_path,
    atomic_write_bytes,
    atomic_write_json,
    atomic_write_text,
    read_json,
)
from env_utils.paths import output_dir, repo_root, voiceclone_home

__all__ = [
    "CheckpointError",
    "ConfigError",
    "ConsentError",
    "InputError",
    "MissingDependencyError",
    "QualityError",
    "TrainingError",
    "VoiceReplicationError",
    "atomic_path",
    "atomic_write_bytes",
    "atomic_write_json",
    "atomic_write_text",
    "output_dir",
    "read_json",
    "repo_root",
    "voiceclone_home",
]
