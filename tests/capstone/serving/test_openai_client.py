"""The official ``openai`` package, pointed at a running studio and otherwise used as it is."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import openai
import pytest
import soundfile
from openai import OpenAI
from voice_replication.voices import VoiceStore

if TYPE_CHECKING:
    from conftest import LiveServer

TEXT = "Was it late? It was, and nobody came."
LONG = " ".join(["The lamp burned low, and nobody came to the door."] * 20)


def connected(server: LiveServer, key: str = "none-needed") -> OpenAI:
    return OpenAI(base_url=f"{server.url}v1", api_key=key, max_retries=0, timeout=120.0)


@pytest.fixture(scope="module")
def client(server: LiveServer) -> OpenAI:
    """The package's client of the server."""
    return connected(server)


def read(data: bytes) -> np.ndarray:
    audio, rate = soundfile.read(io.BytesIO(data), dtype="float32")
    assert rate == 24_000
    return audio


def test_speech_is_created_and_written_to_a_file(client: OpenAI, tmp_path: Path) -> None:
    answer = client.audio.speech.create(model="tts-1", voice="ada", input=TEXT)
    path = tmp_path / "speech.mp3"
    answer.write_to_file(path)
    audio, rate = soundfile.read(path)
    assert rate == 24_000 and 2.0 < len(audio) / rate < 5.0
    assert np.abs(audio).max() > 0.1


def test_speech_streams(client: OpenAI) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts",
        voice="basil",
        input=LONG,
        response_format="pcm",
        instructions="Sound tired.",
    ) as answer:
        assert answer.headers["X-Ignored-Fields"] == "instructions"
        assert answer.headers.get("Content-Length") is None, "nobody knows it yet"
        pieces = list(answer.iter_bytes(4096))
    assert len(pieces) > 100
    whole = client.audio.speech.create(
        model="gpt-4o-mini-tts", voice="basil", input=LONG, response_format="pcm"
    )
    first, second = (
        np.frombuffer(d, "<i2").astype(np.float64) for d in (b"".join(pieces), whole.content)
    )
    # lines are rendered in other company each time, and rounding of F0 moves the highest harmonics
    assert first.shape == second.shape
    assert (first - second).std() < 1e-3 * first.std(), "the same request gives the same sound"


@pytest.mark.parametrize("audio_format", ["wav", "opus", "mp3"])
def test_formats(client: OpenAI, audio_format: str) -> None:
    data = client.audio.speech.create(
        model="tts-1-hd",
        voice="clara",
        input="Nobody came.",
        response_format=audio_format,  # type: ignore[arg-type]
    ).content
    pcm = client.audio.speech.create(
        model="tts-1-hd", voice="clara", input="Nobody came.", response_format="pcm"
    ).content
    samples = len(pcm) // 2
    assert samples <= len(read(data)) <= samples + 3000


def test_server_sent_events(client: OpenAI) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="ada", input=TEXT, response_format="wav", stream_format="sse"
    ) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        rows = [line for line in answer.iter_lines() if line]
    found = [json.loads(row.removeprefix("data: ")) for row in rows]
    data = b"".join(base64.b64decode(e["audio"]) for e in found if e["type"].endswith("delta"))
    assert found[-1]["type"] == "speech.audio.done"
    assert found[-1]["usage"]["input_tokens"] == len(TEXT)
    assert len(read(data)) / 24_000 == pytest.approx(found[-1]["seconds"], abs=1e-3)


def test_speed(client: OpenAI) -> None:
    def seconds(speed: float) -> float:
        return len(
            client.audio.speech.create(
                model="tts-1", voice="ada", input=TEXT, response_format="pcm", speed=speed
            ).content
        )

    assert seconds(0.5) > 1.5 * seconds(1.0) > 1.5 * 1.3 * seconds(2.0)


def test_an_enrolled_voice_speaks_under_its_name(client: OpenAI, server: LiveServer) -> None:
    store = VoiceStore(server.home)
    store.add(replace(store.get("dorian"), name="grandma_2024", sample=False))
    for voice in ("grandma_2024", {"id": "grandma_2024"}):
        answer = client.audio.speech.create(
            model="tts-1",
            voice=voice,  # type: ignore[arg-type]
            input="Hello, my dear.",
            response_format="pcm",
        )
        same = client.audio.speech.create(
            model="tts-1", voice="dorian", input="Hello, my dear.", response_format="pcm"
        )
        heard, expected = (np.frombuffer(d.content, "<i2") for d in (answer, same))
        assert np.abs(heard - expected).max() <= 30


def test_models(client: OpenAI) -> None:
    listed = client.models.list()
    assert [model.id for model in listed] == ["voiceclone-1"]
    answer = client.audio.speech.create(
        model=listed.data[0].id, voice="ada", input="Go.", response_format="pcm"
    )
    assert len(answer.content) > 10_000


def test_errors_are_the_package_s_own(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        client.audio.speech.create(model="tts-1", voice="nobody", input=TEXT)
    assert missing.value.code == "voice_not_found"
    assert missing.value.body["field"] == "voice"  # type: ignore[index]
    with pytest.raises(openai.UnprocessableEntityError) as wrong:
        client.audio.speech.create(model="tts-1", voice="ada", input=TEXT, speed=4.0)
    assert wrong.value.body["field"] == "speed"  # type: ignore[index]
    with pytest.raises(openai.UnprocessableEntityError, match="not readable"):
        client.audio.speech.create(model="tts-1", voice="ada", input="你好")
    with pytest.raises(openai.APIStatusError) as large:
        client.audio.speech.create(model="tts-1", voice="ada", input="word " * 200_000)
    assert large.value.status_code == 413


def test_keys_and_limits_are_errors_that_the_package_knows(
    serve: Callable[..., LiveServer], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    program = [str(Path(sys.executable).with_name("voiceclone")), "keys", "--home", str(home)]
    made = subprocess.run(
        [*program, "create", "reader"], capture_output=True, text=True, check=True
    )
    key = next(word for word in made.stdout.split() if word.startswith("vc-"))
    server = serve("--require-keys", "--requests-per-minute", "2", home=home)
    with pytest.raises(openai.AuthenticationError) as refused:
        connected(server, "vc-wrong").models.list()
    assert refused.value.code == "key_rejected"
    client = connected(server, key)
    assert client.audio.speech.create(model="tts-1", voice="ada", input="Go.").content
    client.models.list()
    with pytest.raises(openai.RateLimitError) as limited:
        client.models.list()
    assert int(limited.value.response.headers["Retry-After"]) >= 1
