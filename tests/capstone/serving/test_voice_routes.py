"""Voices over HTTP: enrolled, heard, seen, replaced and deleted, also by several at once."""

from __future__ import annotations

import concurrent.futures
import io
import json
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from audio_utils import DEFAULT_SPEC, load_audio, mel_spectrogram
from flask.testing import FlaskClient
from voice_replication.cli import main
from voice_replication.home import checkpoint_path, sample_voices_folder
from voice_replication.serving.app import create_app
from voice_replication.serving.settings import ServerSettings
from voice_replication.serving.studio import Studio
from voice_replication.speaker_encoder.inference import SpeakerEncoder
from voice_replication.voice import VoiceNotFoundError
from werkzeug.test import TestResponse

ROOT = "/v1/audio/voices"
SPEECH = {
    name: (sample_voices_folder() / name / "reference.flac").read_bytes()
    for name in ("ada", "basil")
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("voices") / "home"


@pytest.fixture(scope="module")
def studio(home: Path, shipped_checkpoints: Path) -> Iterator[Studio]:
    assert shipped_checkpoints.is_dir()
    opened = Studio.open(ServerSettings(home=home))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def client(studio: Studio) -> FlaskClient:
    return create_app(studio=studio).test_client()


@pytest.fixture(autouse=True)
def no_voices_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test begins without enrolled voices."""
    yield
    if "client" in request.fixturenames:
        client: FlaskClient = request.getfixturevalue("client")
        for voice in client.get(ROOT).get_json()["data"]:
            if not voice["read_only"]:
                client.delete(f"{ROOT}/{voice['id']}")


def form(name: str = "anna", like: str = "ada", **fields: Any) -> dict[str, Any]:
    return {
        "name": name,
        "audio_sample": [(io.BytesIO(SPEECH[like]), "my voice.flac")],
        "consent_speaker": "Anna Example",
        "consent_statement": "I agree that my voice is cloned.",
        "consent_declaration": "true",
        **fields,
    }


def enroll(client: FlaskClient, *arguments: str, **fields: Any) -> TestResponse:
    return client.post(ROOT, data=form(*arguments, **fields), content_type="multipart/form-data")


def problem(response: TestResponse) -> tuple[int, str, str | None]:
    body = response.get_json()
    assert response.mimetype == "application/problem+json" and body["detail"]
    return response.status_code, body["code"], body.get("field")


def test_the_samples_are_there_from_the_start(client: FlaskClient) -> None:
    voices = client.get(ROOT).get_json()
    assert voices["object"] == "list"
    assert {v["id"] for v in voices["data"]} >= {"ada", "basil", "clara", "dorian"}
    for voice in voices["data"]:
        assert (voice["kind"], voice["read_only"], voice["consent"]) == ("sample", True, None)
        assert client.get(f"{ROOT}/{voice['id']}").get_json() == voice


def test_an_enrolled_voice_is_that_of_the_recording(client: FlaskClient, studio: Studio) -> None:
    response = enroll(client, "anna", "ada")
    voice = response.get_json()
    assert (response.status_code, response.headers["Location"]) == (201, f"{ROOT}/anna")
    assert (voice["kind"], voice["read_only"], voice["remarks"]) == ("enrolled", False, [])
    assert 5 < voice["statistics"]["speech_seconds"] < 8
    assert voice["consent"]["speaker"] == "Anna Example"
    without_remarks = {key: value for key, value in voice.items() if key != "remarks"}
    assert client.get(ROOT).get_json()["data"][0] == without_remarks
    likeness = {s: float(studio.store.get("anna").embedding @ studio.store.get(s).embedding)
                for s in ("ada", "basil", "clara", "dorian")}  # fmt: skip
    assert max(likeness, key=lambda s: likeness[s]) == "ada"


def test_an_adapted_voice_speaks_with_weights_of_its_own(
    client: FlaskClient, studio: Studio
) -> None:
    voice = enroll(client, "anna", "ada", adapt="true").get_json()
    assert (voice["kind"], voice["remarks"]) == ("adapted", [])
    assert studio.store.get("anna").delta is not None
    assert client.get(voice["sample_url"]).status_code == 200
    plain = enroll(client, "anna", "ada", replace="true").get_json()
    assert plain["kind"] == "enrolled"
    assert studio.store.get("anna").delta is None


def test_several_recordings_make_one_voice(client: FlaskClient) -> None:
    files = [(io.BytesIO(SPEECH["ada"]), f"{n}.flac") for n in range(3)]
    statistics = enroll(client, audio_sample=files).get_json()["statistics"]
    assert statistics["references"] == 3 and statistics["speech_seconds"] > 15
    eleven = [(io.BytesIO(SPEECH["ada"]), f"{n}.flac") for n in range(11)]
    response = enroll(client, "many", audio_sample=eleven)
    assert problem(response) == (413, "too_large", "audio_sample")


def test_a_recording_that_says_too_little_is_refused_with_the_number(client: FlaskClient) -> None:
    audio, rate = soundfile.read(io.BytesIO(SPEECH["ada"]))
    short = io.BytesIO()
    soundfile.write(short, audio[: 2 * rate], rate, format="WAV")
    short.seek(0)
    response = enroll(client, audio_sample=[(short, "short.wav")])
    assert problem(response) == (422, "unusable_recording", "audio_sample")
    assert "short.wav: " in response.get_json()["detail"]
    assert "at least 3 s" in response.get_json()["detail"]


@pytest.mark.parametrize(
    "name", ["", "../up", "a/b", "a b", ".hidden", "con", "NUL", "ä", "x" * 49, "a\x00", "-a"]
)
def test_a_name_that_is_no_voices_name_is_refused(
    client: FlaskClient, home: Path, name: str
) -> None:
    def files() -> list[Path]:  # but those in which SQLite works
        return sorted(p for p in home.rglob("*") if not p.name.endswith(("-wal", "-shm")))

    enroll(client, "no name")  # the first upload makes the folder that uploads arrive in
    before = files()
    assert problem(enroll(client, name)) == (422, "invalid_request", "name")
    assert files() == before


@pytest.mark.parametrize("name", ["2024", "1e5", "null", "true", "Infinity"])
def test_a_name_that_looks_like_json_is_a_name(client: FlaskClient, name: str) -> None:
    assert enroll(client, name, consent_speaker="true", consent_statement="12").status_code == 201
    voice = client.get(f"{ROOT}/{name}").get_json()
    assert (voice["id"], voice["consent"]["speaker"]) == (name, "true")


def test_names_that_are_taken(client: FlaskClient) -> None:
    assert enroll(client).status_code == 201
    assert problem(enroll(client)) == (409, "voice_exists", "name")
    assert problem(enroll(client, "ANNA")) == (409, "voice_exists", "name")
    assert problem(enroll(client, "ANNA", replace="true")) == (409, "voice_exists", "name")
    assert problem(enroll(client, "ada")) == (409, "voice_exists", "name")
    assert problem(enroll(client, "ada", replace="true")) == (409, "voice_read_only", "name")
    assert client.get(f"{ROOT}/ada").get_json()["kind"] == "sample"


@pytest.mark.parametrize(
    "voice_id", ["nobody", "ANNA", "..", "%2e%2e", "..%2f..%2fserver", "a%00", "con", "%F0%9F%92"]
)
def test_an_unknown_voice_is_not_found(client: FlaskClient, voice_id: str) -> None:
    enroll(client)
    for method in ("get", "delete"):
        response = getattr(client, method)(f"{ROOT}/{voice_id}")
        assert response.status_code == 404
        assert response.get_json()["code"] in ("voice_not_found", "not_found")
    for path in ("sample", "picture"):
        assert client.get(f"{ROOT}/{voice_id}/{path}").status_code == 404
    assert client.get(f"{ROOT}/anna").status_code == 200


def test_two_enroll_one_name_at_once_and_one_wins(client: FlaskClient, studio: Studio) -> None:
    app = create_app(studio=studio)
    together = threading.Barrier(2)

    def post(like: str, name: str) -> tuple[str, TestResponse]:
        own = app.test_client()
        together.wait()
        return like, enroll(own, name, like)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for names in (("eve", "eve"), ("Eve2", "eve2")):  # also if they differ in capitals only
            answers = list(pool.map(post, ("ada", "basil"), names))
            statuses = sorted(response.status_code for _, response in answers)
            assert statuses == [201, 409], [r.get_json() for _, r in answers]
            winner, response = next(a for a in answers if a[1].status_code == 201)
            embedding = studio.store.get(response.get_json()["id"]).embedding
            assert float(embedding @ studio.store.get(winner).embedding) > 0.5
    assert [p.name for p in studio.store.folder.iterdir() if p.name.startswith(".")] == []
    assert client.get(ROOT).status_code == 200


# --- sample and picture -----------------------------------------------------------------------


def test_the_sample_is_the_voice_speaking(client: FlaskClient, studio: Studio) -> None:
    response = client.get(f"{ROOT}/basil/sample")
    info = soundfile.info(io.BytesIO(response.data))
    assert response.mimetype == "audio/wav"
    assert (info.samplerate, info.channels, info.subtype) == (24_000, 1, "PCM_16")
    assert 3 < info.duration < 10
    assert b"Synthetic speech" in response.data
    audio, _ = soundfile.read(io.BytesIO(response.data), dtype="float32")
    heard = SpeakerEncoder.load(checkpoint_path("encoder")).embed(audio)
    likeness = {s: float(heard @ studio.store.get(s).embedding)
                for s in ("ada", "basil", "clara", "dorian")}  # fmt: skip
    assert max(likeness, key=lambda s: likeness[s]) == "basil"


def test_the_picture_is_the_mel_of_the_sample(client: FlaskClient) -> None:
    picture = client.get(f"{ROOT}/ada/picture")
    sample = client.get(f"{ROOT}/ada/sample").data
    assert picture.mimetype == "image/png" and len(picture.data) <= 40_000
    audio, _ = soundfile.read(io.BytesIO(sample), dtype="float32")
    mel = mel_spectrogram(audio, DEFAULT_SPEC)
    levels, colors = pixels(picture.data)
    assert levels.shape == mel.shape
    assert colors[0] == (68, 1, 84) and colors[31] == (253, 231, 36)  # viridis, dark to bright
    loud = np.clip(mel - mel.max() + 9.0, 0, 9)
    assert np.abs(levels[::-1] / 31 * 9 - loud).max() < 9 / 31  # the file has 16 bits only


def pixels(png: bytes) -> tuple[np.ndarray, list[tuple[int, int, int]]]:
    """The indices ``(height, width)`` and the palette of a PNG picture with a palette."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as picture:
        assert picture.mode == "P"
        palette = picture.getpalette() or []
        colors = [tuple(palette[i : i + 3]) for i in range(0, len(palette), 3)]
        return np.asarray(picture), colors  # type: ignore[return-value]


def test_assets_are_made_once(client: FlaskClient, studio: Studio) -> None:
    before = client.get(f"{ROOT}/clara/sample")
    files = {p: p.stat().st_mtime_ns for p in studio.store.derived("clara").iterdir()}
    assert sorted(p.suffix for p in files) == [".png", ".wav"]
    again = client.get(f"{ROOT}/clara/sample")
    client.get(f"{ROOT}/clara/picture")
    assert again.data == before.data and again.headers["ETag"] == before.headers["ETag"]
    assert {p: p.stat().st_mtime_ns for p in studio.store.derived("clara").iterdir()} == files


def test_assets_that_the_client_has_are_not_sent_again(client: FlaskClient) -> None:
    for kind in ("sample", "picture"):
        url = f"{ROOT}/ada/{kind}"
        whole = client.get(url)
        assert whole.headers["Cache-Control"] == "private, no-cache"
        known = client.get(url, headers={"If-None-Match": whole.headers["ETag"]})
        assert (known.status_code, known.data) == (304, b"")
        part = client.get(url, headers={"Range": "bytes=4-7"})
        assert (part.status_code, part.data) == (206, whole.data[4:8])


def test_a_replaced_voice_is_never_heard_with_its_old_sample(
    client: FlaskClient, studio: Studio
) -> None:
    enroll(client, "anna", "ada")
    old = client.get(f"{ROOT}/anna/sample"), client.get(f"{ROOT}/anna/picture")
    assert enroll(client, "anna", "basil", replace="true").status_code == 201
    tags = {"If-None-Match": old[0].headers["ETag"]}
    new = client.get(f"{ROOT}/anna/sample", headers=tags), client.get(f"{ROOT}/anna/picture")
    assert new[0].status_code == 200
    assert new[0].data != old[0].data and new[1].data != old[1].data
    assert len(list(studio.store.derived("anna").iterdir())) == 2


def test_many_ask_for_one_sample_at_once(studio: Studio) -> None:
    shutil.rmtree(studio.store.derived("dorian"), ignore_errors=True)
    app = create_app(studio=studio)

    def ask(kind: str) -> bytes:
        response = app.test_client().get(f"{ROOT}/dorian/{kind}")
        assert response.status_code == 200
        return bytes(response.data)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, ["sample", "picture"] * 4))
    assert len(set(answers[::2])) == len(set(answers[1::2])) == 1
    assert len(list(studio.store.derived("dorian").iterdir())) == 2


# --- deleting -----------------------------------------------------------------------------------


def files_about(home: Path, name: str) -> list[Path]:
    """Files below ``home`` whose path or content names the voice, but for the audit log."""
    return [
        path
        for path in home.rglob("*")
        if path.is_file()
        and path.name != "audit.jsonl"
        and (name in str(path.relative_to(home)) or name.encode() in path.read_bytes())
    ]


def test_deleting_removes_everything_derived(client: FlaskClient, home: Path) -> None:
    recording = (io.BytesIO(SPEECH["ada"]), "agree.flac")
    assert enroll(client, "gerda77", consent_recording=recording).status_code == 201
    assert client.get(f"{ROOT}/gerda77/sample").status_code == 200
    assert len(files_about(home, "gerda77")) >= 5
    response = client.delete(f"{ROOT}/gerda77")
    assert response.get_json() == {"id": "gerda77", "object": "voice.deleted", "deleted": True}
    assert files_about(home, "gerda77") == []
    assert problem(client.delete(f"{ROOT}/gerda77"))[:2] == (404, "voice_not_found")
    log = [json.loads(line) for line in (home / "server" / "audit.jsonl").open()]
    mine = [(line["action"], line["client"]) for line in log if line["subject"] == "gerda77"]
    assert mine[0] == ("enroll", "local") and mine[-1] == ("delete", "local")


def test_a_sample_voice_cannot_be_deleted(client: FlaskClient) -> None:
    assert problem(client.delete(f"{ROOT}/ada"))[:2] == (409, "voice_read_only")
    assert client.get(f"{ROOT}/ada").status_code == 200


def test_the_command_line_deletes_what_the_server_made(
    client: FlaskClient, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICECLONE_HOME", str(home))
    enroll(client, "gerda78")
    client.get(f"{ROOT}/gerda78/picture")
    assert main(["voices", "delete", "gerda78", "--yes"]) == 0
    assert files_about(home, "gerda78") == []
    assert client.get(f"{ROOT}/gerda78").status_code == 404


def test_speech_that_has_begun_ends_when_its_voice_is_deleted(client: FlaskClient) -> None:
    enroll(client)
    body = {
        "model": "voiceclone-1",
        "input": "The first sentence is here. " * 6,
        "voice": "anna",
        "response_format": "pcm",
    }
    response = client.post("/v1/audio/speech", json=body, buffered=False)
    assert response.status_code == 200
    parts = response.iter_encoded()
    heard = len(next(parts))
    assert client.delete(f"{ROOT}/anna").status_code == 200
    heard += sum(len(part) for part in parts)
    assert heard > 6 * 24_000 * 2  # all six sentences
    again = client.post("/v1/audio/speech", json=body)
    assert problem(again)[:2] == (404, "voice_not_found")


def test_a_sample_that_is_made_while_its_voice_is_deleted_is_not_kept(
    client: FlaskClient, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    enroll(client)
    voice = studio.store.get("anna")
    speak = studio.scheduler.speak

    def speak_slowly(*arguments: Any) -> Iterator[Any]:
        yield from speak(*arguments)
        studio.store.delete("anna")  # just before the sample would be stored

    monkeypatch.setattr(studio.scheduler, "speak", speak_slowly)
    with pytest.raises(VoiceNotFoundError):
        studio.assets.sample(voice)
    assert not studio.store.derived("anna").exists()


def test_voices_can_be_listed_while_others_come_and_go(studio: Studio) -> None:
    """Nobody who reads meets half a voice, and nothing is left lying about."""
    voice = studio.store.get("ada")
    stop = time.monotonic() + 3
    failures: list[str] = []

    def change(name: str) -> None:
        import dataclasses

        mine = dataclasses.replace(voice, name=name, sample=False)
        while time.monotonic() < stop:
            studio.store.add(mine, replace=True)
            studio.store.add(mine, replace=True)
            studio.store.delete(name)

    def read() -> None:
        own = create_app(studio=studio).test_client()
        while time.monotonic() < stop:
            listed = own.get(ROOT)
            one = own.get(f"{ROOT}/busy0")
            if listed.status_code != 200 or one.status_code not in (200, 404):
                failures.append(f"{listed.get_json()} {one.get_json()}")

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        tasks = [pool.submit(change, f"busy{n}") for n in range(2)]
        tasks += [pool.submit(read) for _ in range(2)]
        for task in tasks:
            task.result()
    assert failures == []
    assert [p.name for p in studio.store.folder.iterdir()] == []


def test_a_damaged_voice_hides_no_other_and_can_be_deleted(client: FlaskClient, home: Path) -> None:
    enroll(client, "good")
    enroll(client, "bad")
    (home / "voices" / "bad" / "voice.json").write_text("{")
    listed = [voice["id"] for voice in client.get(ROOT).get_json()["data"]]
    assert "good" in listed and "bad" not in listed
    assert problem(client.get(f"{ROOT}/bad"))[:2] == (422, "unusable_input")
    assert client.delete(f"{ROOT}/bad").status_code == 200
    assert not (home / "voices" / "bad").exists()


def test_the_recording_of_a_voice_is_not_among_what_is_kept(
    client: FlaskClient, home: Path
) -> None:
    enroll(client)
    kept = {p.name for p in (home / "voices" / "anna").iterdir()}
    assert kept == {"voice.json", "embedding.safetensors"}
    assert list((home / "server" / "incoming").iterdir()) == []
    assert len(load_audio(sample_voices_folder() / "ada" / "reference.flac")) > 0
    assert sum(p.stat().st_size for p in (home / "voices" / "anna").iterdir()) < 20_000
