"""Configurations: YAML validated by pydantic, with overrides from the command line.

``extra="forbid"`` turns a typo into an error that names the key, at load time rather than after an
hour of training with a default.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from env_utils import ConfigError
from pydantic import BaseModel, ConfigDict, Field, ValidationError


class StrictModel(BaseModel):
    """A configuration section: immutable, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TrainConfig(StrictModel):
    """What every training loop of the house can be told."""

    steps: int = Field(default=10_000, ge=1)
    seed: int = 0
    learning_rate: float = Field(default=1e-3, gt=0)
    final_learning_rate: float = Field(default=1e-5, ge=0)  # end of the cosine
    warmup_steps: int = Field(default=200, ge=0)
    betas: tuple[float, float] = (0.9, 0.98)
    weight_decay: float = Field(default=0.01, ge=0)
    gradient_clip: float = Field(default=1.0, gt=0)  # 2-norm
    accumulate: int = Field(default=1, ge=1)  # micro-batches a step
    ema_decay: float = Field(default=0.999, ge=0, lt=1)
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    log_every: int = Field(default=50, ge=1)
    validate_every: int = Field(default=1_000, ge=1)
    save_every: int = Field(default=500, ge=1)
    backup_every: int = Field(default=0, ge=0)  # 0: never
    vis_every: int = Field(default=1_000, ge=1)


Config = TypeVar("Config", bound=BaseModel)


def load_config(kind: type[Config], path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """Read ``path`` (YAML), apply ``key.sub=value`` overrides and validate as ``kind``.

    Values of overrides are YAML too (``1e-4``, ``[1, 2]``, ``true``). Raises ``ConfigError`` that
    names the file and the key.
    """
    path = Path(path)
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: there is no such configuration file.") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML ({error}).") from error
    for override in overrides:
        _set(values, override)
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path}: '{key}': {first['msg']}.") from error


def _set(values: dict[str, Any], override: str) -> None:
    key, separator, text = override.partition("=")
    if not separator or not key.strip():
        raise ConfigError(f"override '{override}': write it as key.sub=value.")
    *parents, last = key.strip().split(".")
    for parent in parents:
        values = values.setdefault(parent, {})
        if not isinstance(values, dict):
            raise ConfigError(f"override '{override}': '{parent}' is a value, not a section.")
    value = yaml.safe_load(text)
    if isinstance(value, str):  # YAML 1.1 reads 1e-4 as text
        with suppress(ValueError):
            value = float(value)
    values[last] = value
