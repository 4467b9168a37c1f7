"""Fixtures that every floor's tests may use."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("ours", deadline=None)  # how long a machine takes is not tested
settings.load_profile("ours")
os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def speech_data() -> Path:
    """The folder of real recordings, or a skip that says where it was looked for."""
    configured = os.environ.get("VOICECLONE_SPEECH_DATA")
    folder = Path(configured) if configured else ROOT.parent / "shared" / "data" / "speech"
    if not (folder / "manifest.csv").is_file():
        pytest.skip(f"no real recordings in {folder} (set VOICECLONE_SPEECH_DATA)")
    return folder


@pytest.fixture(scope="session")
def shipped_checkpoints() -> Path:
    """The folder of the shipped models, or a skip while there are none."""
    folder = ROOT / "capstone_voice_replication_pipeline" / "checkpoints"
    missing = [
        s
        for s in ("encoder", "synthesizer", "vocoder")
        if not (folder / f"{s}.safetensors").is_file()
    ]
    if missing:
        pytest.skip(f"no shipped checkpoint for {', '.join(missing)} in {folder}")
    return folder


@pytest.fixture()
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh, empty VOICECLONE_HOME."""
    folder = tmp_path / "home"
    monkeypatch.setenv("VOICECLONE_HOME", str(folder))
    return folder


@pytest.fixture()
def rng() -> np.random.Generator:
    """A seeded generator."""
    return np.random.default_rng(20_260)
