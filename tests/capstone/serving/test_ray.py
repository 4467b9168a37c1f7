"""The studio on Ray Serve: the same application and the same sound, and no request is lost when a
replica is killed under load."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from env_utils import MissingDependencyError
from flask_openapi3.openapi import OpenAPI
from voice_replication.narration.settings import Settings
from voice_replication.narration.text_to_speech import Speaker
from voice_replication.serving.app import create_app
from voice_replication.serving.ray_engine import RayEngine
from voice_replication.serving.settings import ServerSettings
from voice_replication.voices import VoiceStore

TEXTS = [
    "The first boat left before it was light, and nobody on the pier waved.",
    "Yes.",
    "Was that the door? It was only the wind, which had found the broken window again.",
    "She counted the steps: nine, ten, eleven.",
]
VOICES = ("ada", "basil", "clara")
ROUNDS = 8
SAME = 0.003  # -50 dB of the audio: what the order of float additions in a batch may change

needs_ray = pytest.mark.skipif(
    find_spec("ray") is None, reason='ray is not installed (pip install -e ".[ray]")'
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, shipped_checkpoints: Path) -> Iterator[OpenAPI]:
    """The studio on two replicas of a Ray of its own."""
    assert shipped_checkpoints.is_dir()
    home = tmp_path_factory.mktemp("ray") / "home"
    settings = ServerSettings(
        home=home, engine="ray", replicas=2, max_queue=200, deadline_seconds=300.0
    )
    app = create_app(settings)
    yield app
    app.extensions["studio"].close()


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], np.ndarray]:
    """What one ``Speaker`` in this process makes of every text in every voice."""
    speaker = Speaker(store=VoiceStore(tmp_path_factory.mktemp("local")))
    return {
        (text, voice): speaker.speak_with(text, speaker.voice(voice), Settings()).audio
        for text in TEXTS
        for voice in VOICES
    }


def ask(app: OpenAPI, text: str, voice: str) -> np.ndarray:
    """The audio of a request to the API, float32 in -1..1."""
    body = {"model": "voiceclone-1", "input": text, "voice": voice, "response_format": "pcm"}
    response = app.test_client().post("/v1/audio/speech", json=body)
    assert response.status_code == 200, response.get_data(as_text=True)
    return np.frombuffer(response.data, "<i2").astype(np.float32) / 32768.0


def engine_of(app: OpenAPI) -> RayEngine:
    engine = app.extensions["studio"].scheduler.engine
    assert isinstance(engine, RayEngine)
    return engine


@needs_ray
@pytest.mark.slow
@pytest.mark.xdist_group("ray")
def test_no_request_is_lost_when_a_replica_is_killed(
    app: OpenAPI, expected: dict[tuple[str, str], np.ndarray]
) -> None:
    """SIGKILL in the middle of the load; every answer is complete and sounds as it should."""
    engine = engine_of(app)
    before = engine.replica_processes()
    assert len(before) == 2 and os.getpid() not in before
    wanted = [pair for _ in range(ROUNDS) for pair in expected]
    answered = threading.Semaphore(0)

    def one(pair: tuple[str, str]) -> np.ndarray:
        audio = ask(app, *pair)
        answered.release()
        return audio

    with ThreadPoolExecutor(8) as clients:
        answers = [clients.submit(one, pair) for pair in wanted]
        for _ in range(len(wanted) // 4):  # the load is on
            assert answered.acquire(timeout=300)
        os.kill(min(before), signal.SIGKILL)
        assert not all(answer.done() for answer in answers), "the replica died after the load"
        for pair, answer in zip(wanted, answers, strict=True):
            audio = answer.result(timeout=300)
            assert audio.shape == expected[pair].shape, pair
            difference = np.sqrt(np.mean((audio - expected[pair]) ** 2))
            assert difference < SAME * np.sqrt(np.mean(expected[pair] ** 2)), pair
    after = engine.replica_processes()
    assert after and min(before) not in after


@needs_ray
@pytest.mark.slow
@pytest.mark.xdist_group("ray")
def test_an_error_of_one_line_reaches_who_asked_for_it(app: OpenAPI) -> None:
    body = {"model": "voiceclone-1", "input": "Hello.", "voice": "nobody"}
    response = app.test_client().post("/v1/audio/speech", json=body)
    assert response.status_code == 404 and response.json["code"] == "voice_not_found"


def test_without_ray_the_sentence_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)  # what a missing package looks like
    with pytest.raises(MissingDependencyError, match=r"voice-cloning-pipeline\[ray\]"):
        RayEngine(ServerSettings(home=tmp_path, engine="ray"))
