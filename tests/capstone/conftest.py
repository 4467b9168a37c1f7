"""Real models with random weights, small and the same every time: they speak noise, on time."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from audio_utils import DEFAULT_SPEC
from text_utils import Symbols
from training_utils import file_fingerprint, save_checkpoint
from voice_replication.speaker_encoder.model import EncoderModelConfig, build_encoder
from voice_replication.synthesizer.model import Synthesizer, SynthesizerConfig
from voice_replication.vocoder.model import Vocos, VocosConfig
from voice_replication.voices import Consent, Voice

FRAMES_PER_SYMBOL = 6.0


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as ``--models-dir`` takes it. Every symbol lasts about six frames, pauses too."""
    folder = tmp_path_factory.mktemp("tiny_models")
    meta = {"audio": DEFAULT_SPEC.to_dict(), "step": 1, "metrics": {}, "licence": "MIT"}
    torch.manual_seed(7)
    ecapa = EncoderModelConfig(channels=16, pooled_channels=24, attention_channels=8)
    encoder = save_checkpoint(
        folder / "encoder.safetensors",
        build_encoder(ecapa, DEFAULT_SPEC).state_dict(),
        {**meta, "config": {"model": ecapa.model_dump()}},
    )
    config = SynthesizerConfig(channels=32, hidden=48, encoder_blocks=1, decoder_blocks=2)
    synthesizer = Synthesizer(config, len(Symbols()), DEFAULT_SPEC)
    with torch.no_grad():
        synthesizer.duration.out.bias.fill_(math.log(FRAMES_PER_SYMBOL + 1))
    save_checkpoint(
        folder / "synthesizer.safetensors",
        synthesizer.state_dict(),
        {
            **meta,
            "config": {"model": config.model_dump()},
            "symbols": Symbols().to_dict(),
            "encoder": file_fingerprint(encoder),
        },
    )
    vocos = VocosConfig(channels=32, blocks=2, hidden=48)
    save_checkpoint(
        folder / "vocoder.safetensors",
        Vocos(vocos, DEFAULT_SPEC).state_dict(),
        {**meta, "config": {"model": vocos.model_dump()}},
    )
    return folder


@pytest.fixture(scope="session")
def made_up_voice(tiny_models: Path) -> Voice:
    """A voice for ``tiny_models`` that belongs to no person."""
    vector = np.random.default_rng(3).standard_normal(96).astype(np.float32)
    return Voice(
        name="nobody",
        embedding=vector / np.linalg.norm(vector),
        encoder=file_fingerprint(tiny_models / "encoder.safetensors"),
        audio=DEFAULT_SPEC.to_dict(),
        consent=Consent("Test", "A made-up voice.", "2025-01-01", "test"),
    )
