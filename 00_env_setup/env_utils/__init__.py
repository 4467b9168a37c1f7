"""Floor 00: errors, safe file writing, paths, seeds and machine facts that every floor uses."""

from env_utils.clock import utc_now
from env_utils.errors import (
    CheckpointError,
    ConfigError,
    ConsentError,
    InputError,
    MissingDependencyError,
    QualityError,
    StorageFullError,
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
from env_utils.flops import conv1d_flops, linear_flops, matmul_flops, rfft_flops
from env_utils.lessons import lesson_parser, run_lesson
from env_utils.locks import folder_lock
from env_utils.machine import Machine, describe_machine, ffmpeg_path, usable_cores
from env_utils.paths import output_dir, repo_root, voiceclone_home
from env_utils.seeds import seed_everything
from env_utils.timing import best_seconds
from env_utils.waiting import within

# fmt: off
__all__ = [
    "CheckpointError", "ConfigError", "ConsentError", "InputError", "Machine", "QualityError",
    "MissingDependencyError", "TrainingError", "VoiceReplicationError", "atomic_path", "read_json",
    "atomic_write_bytes", "atomic_write_json", "atomic_write_text", "best_seconds", "repo_root",
    "conv1d_flops", "describe_machine", "ffmpeg_path", "folder_lock", "lesson_parser", "output_dir",
    "linear_flops", "matmul_flops", "rfft_flops", "run_lesson", "usable_cores",
    "seed_everything", "voiceclone_home", "within", "StorageFullError", "utc_now",
]
