"""Floor 08: training. The Trainer with exact resume, checkpoints, configs, schedules."""

from training_utils.checkpoint import (
    file_fingerprint,
    load_checkpoint,
    load_into,
    load_state,
    save_checkpoint,
    save_state,
)
from training_utils.config import StrictModel, TrainConfig, load_config
from training_utils.history import History
from training_utils.schedule import Ema, learning_rate
from training_utils.task import Task, Update
from training_utils.trainer import MetricSink, Trainer, uses_bf16

__all__ = [
    "Ema",
    "History",
    "MetricSink",
    "StrictModel",
    "Task",
    "TrainConfig",
    "Trainer",
    "Update",
    "file_fingerprint",
    "learning_rate",
    "load_checkpoint",
    "load_config",
    "load_into",
    "load_state",
    "save_checkpoint",
    "save_state",
    "uses_bf16",
]
