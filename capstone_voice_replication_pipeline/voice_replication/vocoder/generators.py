"""Which network a vocoder is: what ``architecture`` means in a config and in a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args

from audio_utils import DEFAULT_SPEC, AudioSpec
from env_utils import CheckpointError
from training_utils import load_checkpoint, load_into

from voice_replication.vocoder.hifigan import Hifigan, HifiganConfig
from voice_replication.vocoder.model import Vocos, VocosConfig

Architecture = Literal["vocos", "hifigan"]
Generator = Vocos | Hifigan
GeneratorConfig = VocosConfig | HifiganConfig


def generator_config(architecture: Architecture, values: Any) -> GeneratorConfig:
    """The validated sizes of a network; pydantic's ``ValidationError`` names a wrong key."""
    kind = HifiganConfig if architecture == "hifigan" else VocosConfig
    return kind.model_validate(values)


def build_generator(config: GeneratorConfig, spec: AudioSpec = DEFAULT_SPEC) -> Generator:
    """A network with random weights: ``(B, M, F)`` log-mel -> ``(B, (F - 1) * hop)`` audio."""
    if isinstance(config, HifiganConfig):
        return Hifigan(config, spec)
    return Vocos(config, spec)


def load_generator(path: Path) -> Generator:
    """The network of the checkpoint at ``path``, as it was trained.

    Checkpoints that name no architecture are Vocos. Raises ``CheckpointError``: damaged, of
    another AudioSpec, or with tensors that do not belong to its config.
    """
    tensors, meta = load_checkpoint(path)
    spec = AudioSpec.from_dict(meta["audio"])
    DEFAULT_SPEC.require_match(spec, str(path))
    architecture = meta["config"].get("architecture", "vocos")
    if architecture not in get_args(Architecture):
        raise CheckpointError(
            f"{path}: architecture '{architecture}' is not known here, only "
            f"{' and '.join(get_args(Architecture))}. Use the version that wrote it."
        )
    model = build_generator(generator_config(architecture, meta["config"]["model"]), spec)
    load_into(model, tensors, path)
    return model
