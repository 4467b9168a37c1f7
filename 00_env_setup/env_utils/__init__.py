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
from env_utils.lessons import lesson_parser, run_lesson
from env_utils.locks import folder_lock
from env_utils.machine import Machine, describe_machine, ffmpeg_path, usable_cores
from env_utils.paths import output_dir, repo_root, voiceclone_home
from env_utils.seeds import seed_everything

# fmt: off
__all__ = [
    "CheckpointError", "ConfigError", "ConsentError", "InputError", "Machine",
    "MissingDependencyError", "QualityError", "TrainingError", "VoiceReplicationError",
    "atomic_path", "atomic_write_bytes", "atomic_write_json", "atomic_write_text",
    "describe_machine", "ffmpeg_path", "folder_lock", "lesson_parser", "output_dir",
    "read_json", "repo_root",
    "run_lesson", "seed_everything", "usable_cores", "voiceclone_home",
]
# fmt: on
