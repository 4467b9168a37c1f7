"""Consent: nothing without it; what is recorded of it is kept with the voice, and only there."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from audio_utils import load_audio
from env_utils import InputError
from flask.testing import FlaskClient
from voice_replication.cli import main
from voice_replication.home import sample_voices_folder
from voice_replication.serving.app import create_app
from voice_replication.serving.settings import ServerSettings
from voice_replication.voices import VoiceStore
from werkzeug.test import TestResponse

ROOT = "/v1/audio/voices"
SAMPLE = sample_voices_folder() / "ada" / "reference.flac"
SPEECH = SAMPLE.read_bytes()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("consent") / "home"


@pytest.fixture(scope="module")
def client(home: Path, shipped_checkpoints: Path) -> Iterator[FlaskClient]:
    assert shipped_checkpoints.is_dir()
    app = create_app(ServerSettings(home=home))
    yield app.test_client()
    app.extensions["studio"].close()


def enroll(client: FlaskClient, name: str, **changes: Any) -> TestResponse:
    """Enroll ``name``; a change to None leaves the field out."""
    form = {
        "name": name,
        "audio_sample": (io.BytesIO(SPEECH), "voice.flac"),
        "consent_speaker": "Anna Example",
        "consent_statement": "I, Anna, agree that my voice is cloned for this audiobook.",
        "consent_declaration": "true",
        **changes,
    }
    return client.post(
        ROOT,
        data={key: value for key, value in form.items() if value is not None},
        content_type="multipart/form-data",
    )


def recording(audio: np.ndarray | None = None, name: str = "agree.flac") -> tuple[io.BytesIO, str]:
    if audio is None:
        return io.BytesIO(SPEECH), name
    target = io.BytesIO()
    soundfile.write(target, audio, 24_000, format="FLAC")
    target.seek(0)
    return target, name


@pytest.mark.parametrize(
    ("missing", "field"),
    [
        ({"consent_speaker": None}, "consent_speaker"),
        ({"consent_speaker": " \t\n"}, "consent_speaker"),
        ({"consent_statement": None}, "consent_statement"),
        ({"consent_statement": ""}, "consent_statement"),
        ({"consent_declaration": None}, "consent_declaration"),
        ({"consent_declaration": "false"}, "consent_declaration"),
        ({"consent_declaration": ""}, "consent_declaration"),
        ({"consent_declaration": "on the phone"}, "consent_declaration"),
        ({"consent_declaration": None, "consent_recording": "a text"}, "consent_declaration"),
        ({"consent_declaration": None, "consent_recording": (io.BytesIO(), "")},
         "consent_declaration"),
        ({"consent_speaker": None, "consent_statement": None, "consent_declaration": None},
         "consent_speaker"),
    ],
)  # fmt: skip
def test_without_consent_nobodys_voice_is_cloned(
    client: FlaskClient, home: Path, missing: dict[str, Any], field: str
) -> None:
    response = enroll(client, "victim", **missing)
    problem = response.get_json()
    assert (response.status_code, problem["code"]) == (403, "consent_required")
    assert problem["type"] == "urn:voiceclone:problem:consent_required"
    assert problem["field"] == field and "consent" in problem["detail"]
    assert not (home / "voices" / "victim").exists()


def test_a_ticked_declaration_is_recorded_as_such(client: FlaskClient, home: Path) -> None:
    assert enroll(client, "ticked").status_code == 201
    today = date.today().isoformat()
    consent = client.get(f"{ROOT}/ticked").get_json()["consent"]
    assert consent == {"speaker": "Anna Example", "given": today, "how": "ticked in the studio"}
    stored = json.loads((home / "voices" / "ticked" / "voice.json").read_text())["consent"]
    assert stored["statement"] == "I, Anna, agree that my voice is cloned for this audiobook."
    assert not (home / "voices" / "ticked" / "consent.flac").exists()


def test_a_recorded_consent_is_kept_as_it_was_spoken(client: FlaskClient, home: Path) -> None:
    response = enroll(client, "spoken", consent_declaration=None, consent_recording=recording())
    assert response.status_code == 201
    assert response.get_json()["consent"]["how"] == "recorded in the studio"
    kept = load_audio(home / "voices" / "spoken" / "consent.flac")
    assert np.abs(kept - load_audio(SAMPLE)).max() < 1e-4
    assert enroll(client, "spoken", replace="true").status_code == 201  # now without a recording
    assert not (home / "voices" / "spoken" / "consent.flac").exists()


@pytest.mark.parametrize(
    ("audio", "reason"),
    [
        (np.zeros(72_000, np.float32), "silent or nearly so"),
        (load_audio(SAMPLE)[:16_000] * (np.arange(16_000) < 12_000), "no statement"),
        (0.2 * np.sin(np.arange(72_000) / 10), "no speech"),
        (np.tile(load_audio(SAMPLE), 20), "a recording has at most 2 minutes"),
    ],
    ids=["silence", "one word", "a tone", "a speech"],
)
def test_what_says_nothing_is_no_consent(
    client: FlaskClient, home: Path, audio: np.ndarray, reason: str
) -> None:
    spoken = recording(audio, "agree.flac")
    response = enroll(client, "quiet", consent_declaration=None, consent_recording=spoken)
    problem = response.get_json()
    assert response.status_code in (413, 422) and problem["field"] == "consent_recording"
    assert problem["detail"].startswith("agree.flac: ") and reason in problem["detail"]
    assert not (home / "voices" / "quiet").exists()
    assert list((home / "server" / "incoming").iterdir()) == []


@pytest.mark.parametrize(
    ("field", "limit"), [("consent_speaker", 200), ("consent_statement", 2000)]
)
def test_a_consent_has_bounds(client: FlaskClient, field: str, limit: int) -> None:
    assert enroll(client, f"long-{limit}", **{field: "ä" * limit}).status_code == 201
    response = enroll(client, f"longer-{limit}", **{field: "ä" * (limit + 1)})
    assert (response.status_code, response.get_json()["field"]) == (422, field)


def test_the_consent_recording_stays_with_the_voice(
    client: FlaskClient,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It survives fine-tuning; it is neither exported nor imported; it goes when the voice goes."""
    monkeypatch.setenv("VOICECLONE_HOME", str(home))
    enroll(client, "stays", consent_recording=recording())
    store = VoiceStore(home)
    evidence = (home / "voices" / "stays" / "consent.flac").read_bytes()
    voice = store.get("stays")
    store.update(dataclasses.replace(voice, embedding=-voice.embedding))  # as fine-tuning does
    kept = store.get("stays").consent_recording
    assert kept is not None and kept.read_bytes() == evidence

    assert main(["voices", "export", "stays", "-o", str(tmp_path / "stays.voice")]) == 0
    assert "agreed stays here" in capsys.readouterr().out
    with zipfile.ZipFile(tmp_path / "stays.voice") as archive:
        assert set(archive.namelist()) == {"voice.json", "embedding.safetensors"}
        assert b"recorded in the studio" in archive.read("voice.json")
    with zipfile.ZipFile(tmp_path / "stays.voice", "a") as archive:
        archive.writestr("consent.flac", evidence)
    with pytest.raises(InputError, match=r"refused, because of the entry 'consent\.flac'"):
        store.import_voice(tmp_path / "stays.voice", voice.encoder, "smuggled")

    assert main(["voices", "delete", "stays", "--yes"]) == 0
    assert [p for p in home.rglob("*") if p.is_file() and evidence[:4000] in p.read_bytes()] == []


def test_a_consent_recording_is_never_sent(client: FlaskClient) -> None:
    enroll(client, "private", consent_recording=recording())
    assert "statement" not in client.get(f"{ROOT}/private").get_json()["consent"]
    for path in ("consent", "consent.flac", "consent_recording"):
        assert client.get(f"{ROOT}/private/{path}").status_code == 404
    rules = {rule.rule for rule in client.application.url_map.iter_rules()}
    assert not [rule for rule in rules if "consent" in rule]


def test_who_enrolled_is_in_the_audit_log_but_not_what_was_said(
    client: FlaskClient, home: Path
) -> None:
    enroll(client, "logged", consent_recording=recording(), consent_statement="Blue elephants.")
    log = (home / "server" / "audit.jsonl").read_text()
    line = next(e for e in map(json.loads, log.splitlines()) if e["subject"] == "logged")
    assert (line["action"], line["consent"], line["recordings"]) == ("enroll", "recorded", 1)
    assert "elephants" not in log and "Anna" not in log
