"""The route that tells our own speech from other recordings."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import soundfile
from audio_utils import resample
from flask.testing import FlaskClient
from tts_utils import EspeakEngine
from voice_replication.home import sample_voices_folder

RATE = 24_000


def encoded(audio: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, audio, RATE, format="WAV", subtype="FLOAT")
    return buffer.getvalue()


def ask(api: FlaskClient, content: bytes, name: str = "a.wav") -> Any:
    return api.post("/v1/audio/detect", data={"file": (io.BytesIO(content), name)})


@pytest.fixture()
def speech(api: FlaskClient) -> bytes:
    """An MP3 of the server itself."""
    request = {
        "model": "voiceclone-1",
        "voice": "clara",
        "input": "The harbour was empty when we came, and nobody waited for us.",
        "response_format": "mp3",
    }
    answer = api.post("/v1/audio/speech", json=request)
    assert answer.status_code == 200
    return bytes(answer.data)


def test_what_the_server_speaks_it_knows_again(api: FlaskClient, speech: bytes) -> None:
    answer = ask(api, speech, "what I heard.mp3")
    assert answer.status_code == 200, answer.text
    found = answer.get_json()
    assert found["watermarked"] is True
    assert found["score"] > 20 and found["confidence"] > 0.999
    assert 2.0 < found["checked_seconds"] <= found["seconds"] < 8.0


def test_a_sample_voices_reference_is_marked_as_our_models_spoke_it(api: FlaskClient) -> None:
    content = (sample_voices_folder() / "ada" / "reference.flac").read_bytes()
    assert ask(api, content, "reference.flac").get_json()["watermarked"] is True


def test_speech_of_another_engine_is_not_called_marked(api: FlaskClient) -> None:
    samples, rate = EspeakEngine().synthesize("This was not spoken by any of our models.")
    found = ask(api, encoded(resample(samples, rate, RATE))).get_json()
    assert found["watermarked"] is False
    assert found["score"] < 0 and found["confidence"] < 0.5


def test_silence_says_nothing(api: FlaskClient) -> None:
    found = ask(api, encoded(np.zeros(2 * RATE))).get_json()
    assert found == {
        "watermarked": False,
        "confidence": pytest.approx(0.5),
        "score": pytest.approx(0.0, abs=1e-9),
        "seconds": pytest.approx(2.0),
        "checked_seconds": 0.0,
    }


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "unusable_input"),
        (b"this is no sound at all" * 50, 422, "unusable_recording"),
        (encoded(np.full(RATE, np.nan)), 422, "unusable_recording"),
    ],
    ids=["empty", "not audio", "NaN"],
)
def test_what_cannot_be_heard_is_refused_with_a_reason(
    api: FlaskClient, content: bytes, status: int, code: str
) -> None:
    answer = ask(api, content)
    assert answer.status_code == status, answer.text
    problem = answer.get_json()
    assert problem["code"] == code and problem["field"] == "file"


def test_a_request_without_a_file_says_which_field_is_missing(api: FlaskClient) -> None:
    answer = api.post(
        "/v1/audio/detect", data={"file": "thing"}, content_type="multipart/form-data"
    )
    assert answer.status_code == 422
    assert answer.get_json()["field"] == "file"


def test_nothing_of_an_upload_stays(api: FlaskClient, speech: bytes) -> None:
    home = api.application.extensions["studio"].settings.home
    before = {path for path in home.rglob("*") if path.is_file()}
    ask(api, speech)
    ask(api, b"no sound")
    assert {path for path in home.rglob("*") if path.is_file()} - before == set()
