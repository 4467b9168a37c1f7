"""Speech over HTTP: what is sent, when it is sent, what is counted, and what is refused."""

from __future__ import annotations

import base64
import io
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI
from voice_replication.narration.text_to_speech import Speaker
from voice_replication.serving.app import create_app
from voice_replication.serving.audio_formats import FORMATS, MEDIA_TYPES
from voice_replication.serving.settings import ServerSettings
from voice_replication.serving.speech_routes import EVENT_BYTES
from voice_replication.serving.studio import Studio
from werkzeug.test import TestResponse

TEXT = "Was it late? It was, and nobody came."
URL = "/v1/audio/speech"
LONG = " ".join(["The lamp burned low."] * 12)


def body(**changes: Any) -> dict[str, Any]:
    return {"model": "voiceclone-1", "input": TEXT, "voice": "ada"} | changes


@pytest.fixture(scope="module")
def alone(shipped_checkpoints: Path) -> np.ndarray:
    """What the speaker makes of ``TEXT``."""
    assert shipped_checkpoints.is_dir()
    return Speaker().speak(TEXT, "ada").audio


def pcm(data: bytes) -> np.ndarray:
    return np.frombuffer(data, "<i2").astype(np.float32) / 32767


def events(answer: TestResponse) -> list[dict[str, Any]]:
    """The JSON of each server-sent event."""
    blocks = answer.get_data(as_text=True).split("\n\n")
    assert blocks[-1] == "" and all(block.startswith("data: ") for block in blocks[:-1])
    return [json.loads(block.removeprefix("data: ")) for block in blocks[:-1]]


def test_the_sound_is_what_speaking_gives(api: FlaskClient, alone: np.ndarray) -> None:
    answer = api.post(URL, json=body(response_format="pcm"))
    assert answer.status_code == 200 and answer.content_type == "audio/pcm"
    audio = pcm(answer.data)
    assert audio.shape == alone.shape and np.abs(audio - alone).max() < 1.1e-3
    assert answer.headers["X-Request-Id"].startswith("req_")
    assert "X-Ignored-Fields" not in answer.headers and "X-Unreadable" not in answer.headers


def test_speed_pitch_and_seed_reach_the_models(api: FlaskClient, alone: np.ndarray) -> None:
    slow = pcm(api.post(URL, json=body(response_format="pcm", speed=0.5)).data)
    assert len(slow) > 1.6 * len(alone)
    high = pcm(api.post(URL, json=body(response_format="pcm", pitch=4, seed=7)).data)
    assert len(high) == len(alone) and np.abs(high - alone).max() > 0.05


@pytest.mark.parametrize("audio_format", FORMATS)
def test_every_format_says_what_it_is(api: FlaskClient, audio_format: str) -> None:
    answer = api.post(URL, json=body(input="Go.", response_format=audio_format))
    assert answer.status_code == 200
    assert answer.content_type == dict(MEDIA_TYPES)[audio_format]
    starts = {"wav": b"RIFF", "flac": b"fLaC", "opus": b"OggS", "mp3": b"ID3", "aac": b"ID3"}
    assert answer.data.startswith(starts.get(audio_format, b""))
    assert api.post(URL, json=body(input="Go.")).content_type == "audio/mpeg", "by default"


def test_the_first_bytes_leave_before_the_rest_is_made(app: OpenAPI) -> None:
    studio: Studio = app.extensions["studio"]
    rendered: list[int] = []
    render = studio.scheduler.engine.render
    studio.scheduler.engine.render = lambda lines: [  # type: ignore[method-assign]
        rendered.append(1) or line for line in render(lines)
    ]
    answer = app.test_client().post(
        URL, json=body(input=LONG, response_format="pcm"), buffered=False
    )
    stream = answer.iter_encoded()
    first = next(stream)
    assert len(first) > 1000
    assert sum(rendered) < 8, "twelve lines are not made before anybody listens"
    answer.close()  # the client leaves
    assert studio.scheduler.queue_length() == 0
    again = app.test_client().post(URL, json=body(response_format="pcm"))
    assert again.status_code == 200
    assert sum(rendered) < 10, "what nobody listens to is not made"


def test_events_carry_the_same_sound_and_words_before_it(
    api: FlaskClient, alone: np.ndarray
) -> None:
    answer = api.post(URL, json=body(stream_format="sse", response_format="pcm", words=True))
    assert answer.content_type == "text/event-stream"
    found = events(answer)
    heard, words = b"", []
    for event in found[:-1]:
        if event["type"] == "speech.words.delta":
            words += event["words"]
        else:
            assert event["type"] == "speech.audio.delta"
            piece = base64.b64decode(event["audio"], validate=True)
            assert 0 < len(piece) <= EVENT_BYTES
            heard += piece
            announced = len(heard) / 48_000
            assert words[-1]["end"] <= announced + 4 * EVENT_BYTES / 48_000
    assert np.abs(pcm(heard) - alone).max() < 1.1e-3
    spoken = [word["word"] for word in words]
    assert spoken == ["Was", "it", "late", "It", "was", "and", "nobody", "came"]
    assert all(a["end"] <= b["start"] + 1e-6 for a, b in pairwise(words))
    done = found[-1]
    assert done["type"] == "speech.audio.done" and done["unreadable"] == ""
    assert done["seconds"] == pytest.approx(len(alone) / 24_000, abs=1e-3)
    count = len(TEXT)
    assert done["usage"] == {
        "input_tokens": count,
        "output_tokens": 0,
        "total_tokens": count,
    }


def test_words_are_sent_only_when_asked_for(api: FlaskClient) -> None:
    found = events(api.post(URL, json=body(input="Go.", stream_format="sse")))
    assert {event["type"] for event in found} == {"speech.audio.delta", "speech.audio.done"}


def test_an_error_after_the_first_sound_is_an_event(app: OpenAPI) -> None:
    studio: Studio = app.extensions["studio"]
    render = studio.scheduler.engine.render
    calls = iter([True, False])

    def breaks(lines: Any) -> Any:
        if not next(calls, False):
            raise RuntimeError("the engine broke")
        return render(lines)

    studio.scheduler.engine.render = breaks  # type: ignore[method-assign]
    answer = app.test_client().post(URL, json=body(input=LONG, stream_format="sse"))
    found = events(answer)
    assert found[0]["type"] == "speech.audio.delta"
    assert found[-1] == {
        "type": "error",
        "error": {"code": "internal_error", "message": found[-1]["error"]["message"]},
    }
    assert "the engine broke" not in answer.get_data(as_text=True)
    first = app.test_client().post(URL, json=body())
    assert first.status_code == 500 and first.json["code"] == "internal_error"


def test_timestamps_are_those_of_the_sound(api: FlaskClient, alone: np.ndarray) -> None:
    answer = api.post(f"{URL}/timestamps", json=body(response_format="wav")).json
    audio, rate = soundfile.read(io.BytesIO(base64.b64decode(answer["audio"])), dtype="float32")
    assert rate == answer["sample_rate"] == 24_000 and answer["response_format"] == "wav"
    assert np.abs(audio - alone).max() < 1.1e-3
    assert answer["seconds"] == pytest.approx(len(alone) / 24_000, abs=1e-3)
    words = answer["words"]
    assert [w["word"] for w in words][:3] == ["Was", "it", "late"] and len(words) == 8
    pause = audio[int((words[2]["end"] + 0.1) * rate) : int((words[3]["start"] - 0.1) * rate)]
    speech = audio[int(words[0]["start"] * rate) : int(words[2]["end"] * rate)]
    assert np.abs(pause).mean() < 0.05 * np.abs(speech).mean(), "between sentences it is quiet"


def test_what_is_left_out_is_said(api: FlaskClient) -> None:
    answer = api.post(URL, json=body(input="peace 和平 now", instructions="whisper"))
    assert answer.headers["X-Ignored-Fields"] == "instructions"
    assert answer.headers["X-Unreadable"] == "%E5%92%8C%E5%B9%B3"
    timed = api.post(f"{URL}/timestamps", json=body(input="peace 和平 now")).json
    assert timed["unreadable"] == "和平"


def test_speech_is_charged_and_written_down_without_its_text(
    open_app: Any, alone: np.ndarray
) -> None:
    app = open_app(require_keys=True, audio_minutes_per_hour=2 / 60)
    studio: Studio = app.extensions["studio"]
    headers = {"Authorization": f"Bearer {studio.keys.create('reader')[1]}"}
    client = app.test_client()
    first = client.post(URL, json=body(), headers=headers)
    assert first.status_code == 200 and first.data
    second = client.post(URL, json=body(), headers=headers)
    assert second.status_code == 429 and second.json["code"] == "audio_limit_reached"
    assert int(second.headers["Retry-After"]) >= 1
    log = studio.audit.path.read_text()
    assert "late" not in log and "nobody" not in log
    line = next(json.loads(row) for row in log.splitlines() if '"speak"' in row)
    assert line["subject"] == "ada" and line["client_name"] == "reader"
    assert line["characters"] == len(TEXT) and line["complete"] is True
    assert line["seconds"] == pytest.approx(len(alone) / 24_000, abs=1e-3)
    assert line["request_id"] == first.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"model": "gpt-5"}, 422, "invalid_request", "model"),
        ({"voice": "nobody"}, 404, "voice_not_found", "voice"),
        ({"voice": {"id": "nobody"}}, 404, "voice_not_found", "voice"),
        ({"voice": "../../etc/passwd"}, 404, "voice_not_found", "voice"),
        ({"voice": 3}, 422, "invalid_request", "voice"),
        ({"voice": {"name": "ada"}}, 422, "invalid_request", "voice"),
        ({"speed": 2.5}, 422, "invalid_request", "speed"),
        ({"speed": "fast"}, 422, "invalid_request", "speed"),
        ({"pitch": 13}, 422, "invalid_request", "pitch"),
        ({"seed": -1}, 422, "invalid_request", "seed"),
        ({"seed": True}, 422, "invalid_request", "seed"),
        ({"response_format": "ogg"}, 422, "invalid_request", "response_format"),
        ({"stream_format": "xml"}, 422, "invalid_request", "stream_format"),
        ({"volume": 3}, 422, "invalid_request", "volume"),
        ({"input": None}, 422, "invalid_request", "input"),
        ({"input": "... !?"}, 422, "unusable_input", "input"),
    ],
)
def test_what_is_wrong_is_said_by_field(
    refusing: FlaskClient, change: dict[str, Any], status: int, code: str, field: str
) -> None:
    for url in (URL, f"{URL}/timestamps"):
        answer = refusing.post(url, json=body(**change))
        problem = answer.json
        assert (answer.status_code, problem["code"], problem["field"]) == (status, code, field)
        assert answer.content_type == "application/problem+json"
        assert problem["type"] == f"urn:voiceclone:problem:{code}" and problem["detail"]


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory, shipped_checkpoints: Path) -> Any:
    """One application for all that is refused."""
    assert shipped_checkpoints.is_dir()
    app = create_app(ServerSettings(home=tmp_path_factory.mktemp("home")))
    yield app.test_client()
    app.extensions["studio"].close()


def test_a_full_queue_is_a_429_with_retry_after(app: OpenAPI) -> None:
    studio: Studio = app.extensions["studio"]
    studio.scheduler.max_queue = 0
    answer = app.test_client().post(URL, json=body())
    assert answer.status_code == 429 and answer.json["code"] == "queue_full"
    assert int(answer.headers["Retry-After"]) >= 1
