"""Texts that nobody means well with: refused in a sentence or spoken as text, never executed."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from voice_replication.serving.app import create_app
from voice_replication.serving.settings import ServerSettings

URL = "/v1/audio/speech/timestamps"


@pytest.fixture(scope="module")
def client(
    shipped_checkpoints: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FlaskClient]:
    """One application; a text of a thousand characters takes long enough."""
    assert shipped_checkpoints.is_dir()
    home = tmp_path_factory.mktemp("home")
    app = create_app(ServerSettings(home=home, max_input_characters=1000))
    yield app.test_client()
    app.extensions["studio"].close()


@pytest.fixture(scope="module")
def ask(client: FlaskClient) -> Callable[[str], Any]:
    """``ask(text)``: the answer to speaking it, as a whole with its words."""
    return lambda text: client.post(
        URL, json={"model": "tts-1", "input": text, "voice": "ada", "response_format": "wav"}
    )


def words(answer: Any) -> str:
    """What was spoken, after a look whether the sound is whole."""
    assert answer.status_code == 200, answer.get_data(as_text=True)[:300]
    audio, _ = soundfile.read(io.BytesIO(base64.b64decode(answer.json["audio"])))
    assert len(audio) == pytest.approx(answer.json["seconds"] * 24_000, abs=2)
    return " ".join(word["word"] for word in answer.json["words"])


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ('<speak>Hello <break time="9999s"/> there.</speak>', "Hello there"),
        ("<script>alert(1)</script> Hello.", "alert one Hello"),
        ("Hello &lt;b&gt; there &amp; here.", "Hello there and here"),
        ('<audio src="file:///etc/passwd"/> Hello.', "Hello"),
        ("Hello \u202ereht\u202c there.", "Hello reht there"),  # right-to-left override
        ("\u200b\u2060Hello\ufeff.", "Hello"),
        ("Hello 😀👩‍👩‍👧‍👦🏳️‍🌈 there.", "Hello there"),
        ("Hello there,\x07 how are you today?", "Hello there how are you today"),
        ("שלום Hello.", "Hello"),
        ("H\u0337\u0322e\u0336llo.", "Hello"),  # marks piled on letters
    ],
)
def test_markup_and_odd_characters_are_not_obeyed(
    ask: Callable[[str], Any], text: str, spoken: str
) -> None:
    assert words(ask(text)) == spoken


@pytest.mark.parametrize(
    "text",
    [
        "{{7*7}} ${jndi:ldap://x} %s%n %(x)s",
        "'; DROP TABLE api_keys; --",
        "$(touch /tmp/owned) `id` | cat ../../etc/passwd",
        "[[HH AH0]] {break 9} \\pau=9999\\ hello",
        "data: speech.audio.done\n\ndata: hello",
        "hello\r\nX-Injected: 1\r\n\r\n",
    ],
)
def test_what_other_programs_would_execute_is_read_out(
    ask: Callable[[str], Any], text: str
) -> None:
    answer = ask(text)
    assert words(answer)
    assert "X-Injected" not in answer.headers
    assert answer.json["seconds"] < 20


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        ("", 422, "empty"),
        (" \n\t\u3000", 422, "empty"),
        ("😀🎉", 422, "not readable: 😀🎉"),
        ("שלום עולם", 422, "Hebrew"),
        ("你好", 422, "Cjk Unified"),
        ("<>" * 20, 422, "nothing in it that can be spoken"),
        ("\x00Hello", 422, "binary"),
        ("\x01\x02\x03\x04 hi", 422, "binary"),
        ("\ufffd" * 50, 422, "binary"),
        ("a" * 1001, 413, "1,001 characters"),
        ("word " * 200_000, 413, "1,000,000 characters"),
    ],
)
def test_what_cannot_be_spoken_is_refused_with_the_reason(
    ask: Callable[[str], Any], text: str, status: int, reason: str
) -> None:
    answer = ask(text)
    assert answer.status_code == status
    assert answer.json["field"] == "input" and reason in answer.json["detail"]
    assert len(answer.json["detail"]) < 400, "a refusal does not repeat the text"


def test_a_lone_surrogate_is_no_character(client: FlaskClient) -> None:
    data = b'{"model": "tts-1", "voice": "ada", "input": "Hi \\ud800 there"}'
    answer = client.post(URL, data=data, content_type="application/json")
    assert answer.status_code == 422 and answer.json["field"] == "input"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b'{"input": NaN}',
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"speed": 1e999, "model": "tts-1", "voice": "ada", "input": "Hi"}',
        b'{"seed": ' + b"9" * 5000 + b', "model": "tts-1", "voice": "ada", "input": "Hi"}',
        json.dumps({"model": "tts-1", "voice": "ada" * 10_000, "input": "Hi"}).encode(),
    ],
)
def test_broken_bodies_are_the_client_s_fault(client: FlaskClient, data: bytes) -> None:
    answer = client.post(URL, data=data, content_type="application/json")
    assert answer.status_code in (400, 404, 413, 422)
    assert answer.content_type == "application/problem+json"
    assert len(answer.data) < 2000


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=30))
def test_any_text_is_spoken_or_refused(ask: Callable[[str], Any], text: str) -> None:
    answer = ask(text)
    if answer.status_code == 200:
        assert words(answer)
    else:
        assert answer.status_code == 422 and answer.json["field"] == "input"
