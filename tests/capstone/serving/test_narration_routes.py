"""Narrations over HTTP: previews, jobs, their files, and what is refused."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import soundfile
from audio_utils import ffmpeg_path
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI
from voice_replication.serving.jobs import Job, JobStore
from voice_replication.serving.settings import ServerSettings

BOOK = '# One\n\nIt was late. "Who is there?" he asked.\n\n# Two\n\nNobody came.\n'
PAGE = "<html><head><title>t</title></head><body><h1>{0}</h1><p>{1}</p></body></html>"
OPF = (
    '<package xmlns="http://www.idpf.org/2007/opf"><metadata '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The Lamp</dc:title></metadata><manifest>'
    '<item id="a" href="a.html" media-type="application/xhtml+xml"/><item id="b" href="b.html" '
    'media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/><itemref idref="b"/>'
    "</spine></package>"
)


@pytest.fixture()
def application(open_app: Callable[..., OpenAPI], tiny_settings: ServerSettings) -> OpenAPI:
    return open_app(
        home=tiny_settings.home, models_dir=tiny_settings.models_dir, max_book_bytes=200_000
    )


@pytest.fixture()
def store(application: OpenAPI) -> JobStore:
    return application.extensions["studio"].jobs.store


@pytest.fixture()
def client(application: OpenAPI) -> FlaskClient:
    return application.test_client()


def epub(second_page: str = "Nobody came.") -> bytes:
    container = '<container><rootfiles><rootfile full-path="b.opf"/></rootfiles></container>'
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("b.opf", OPF)
        archive.writestr("a.html", PAGE.format("Rain", "It was late."))
        archive.writestr("b.html", PAGE.format("Road", second_page))
    return data.getvalue()


def upload(client: FlaskClient, path: str, data: bytes, name: str, **fields: str) -> Any:
    return client.post(path, data={"file": (io.BytesIO(data), name), **fields})


# --- previews -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "name", "title", "chapters"),
    [
        (BOOK.encode(), "my_book.md", "my book", ["One", "Two"]),
        (b"Just a text.", "../../etc/Diary 1.txt", "Diary 1", ["Diary 1"]),
        (epub(), "x.epub", "The Lamp", ["Rain", "Road"]),
        (epub(), "misnamed.txt", "The Lamp", ["Rain", "Road"]),
    ],
)
def test_a_preview_shows_the_chapters(
    client: FlaskClient, data: bytes, name: str, title: str, chapters: list[str]
) -> None:
    answer = upload(client, "/v1/narrations/preview", data, name)
    assert answer.status_code == 200, answer.json
    shown = answer.json
    assert shown["title"] == title
    assert [c["title"] for c in shown["chapters"]] == chapters
    assert [c["number"] for c in shown["chapters"]] == list(range(1, len(chapters) + 1))
    assert shown["characters"] == sum(c["characters"] for c in shown["chapters"]) > 0
    assert shown["seconds"] == pytest.approx(sum(c["seconds"] for c in shown["chapters"]), abs=0.1)


def test_a_preview_of_a_text_keeps_nothing(client: FlaskClient, store: JobStore) -> None:
    shown = client.post("/v1/narrations/preview", json={"input": BOOK}).json
    assert [c["title"] for c in shown["chapters"]] == ["One", "Two"]
    assert store.all() == [] and not list(store.folder.iterdir())
    assert not list((store.folder.parent / "incoming").iterdir())


def test_the_estimate_is_near_what_the_voices_need(client: FlaskClient) -> None:
    """100 characters are about seven seconds; see CHARACTERS_PER_SECOND."""
    text = "The keeper of the lamp climbed the stairs, and counted every one of them aloud. " * 5
    shown = client.post("/v1/narrations/preview", json={"input": text}).json
    assert shown["seconds"] == pytest.approx(len(text) / 14.2, rel=0.01)


# --- jobs -----------------------------------------------------------------------------------------


def test_an_uploaded_epub_becomes_files_with_ranges_and_an_archive(
    client: FlaskClient, store: JobStore, end_of: Callable[[JobStore, str], Job]
) -> None:
    fields = {"voice": "nobody", "format": "flac", "speed": "1.5", "title": "Mein Bücherl \u66f8"}
    answer = upload(client, "/v1/narrations", epub(), "x.epub", **fields)
    assert answer.status_code == 202, answer.json
    assert answer.headers["Location"] == f"/v1/jobs/{answer.json['id']}"
    assert (answer.json["state"], answer.json["title"]) == (
        "queued",
        "Mein Bücherl \u66f8",
    )
    end_of(store, answer.json["id"])
    job = client.get(answer.headers["Location"]).json
    assert job["state"] == "succeeded", job
    assert client.get("/v1/jobs").json == {"object": "list", "data": [job]}
    assert [f["title"] for f in job["files"]] == ["Rain", "Road"]
    for file in job["files"]:
        whole = client.get(file["url"])
        assert (whole.status_code, whole.mimetype) == (200, "audio/flac")
        assert len(whole.data) == file["bytes"]
        assert soundfile.info(io.BytesIO(whole.data)).duration == pytest.approx(
            file["seconds"], abs=1e-2
        )
        part = client.get(file["url"], headers={"Range": "bytes=10-19"})
        assert (part.status_code, part.data) == (206, whole.data[10:20])
        assert part.headers["Content-Range"] == f"bytes 10-19/{file['bytes']}"
        beyond = client.get(file["url"], headers={"Range": f"bytes={file['bytes']}-"})
        assert beyond.status_code == 416
    packed = client.get(f"/v1/jobs/{job['id']}/archive")
    assert packed.mimetype == "application/zip"
    assert packed.headers["Content-Disposition"] == (
        'attachment; filename="Mein_Bucherl_.zip"; '
        "filename*=UTF-8''Mein%20B%C3%BCcherl%20%E6%9B%B8.zip"
    )
    with zipfile.ZipFile(io.BytesIO(packed.data)) as archive:
        assert archive.testzip() is None
        assert {i.filename: i.file_size for i in archive.infolist()} == {
            f["name"]: f["bytes"] for f in job["files"]
        }
        assert all(i.compress_type == zipfile.ZIP_STORED for i in archive.infolist())
    gone = client.delete(f"/v1/jobs/{job['id']}").json
    assert gone == {"id": job["id"], "object": "job.deleted", "deleted": True}
    assert client.get(job["files"][0]["url"]).json["code"] == "job_not_found"


def test_dialogue_is_spoken_by_the_second_voice(
    application: OpenAPI,
    client: FlaskClient,
    store: JobStore,
    end_of: Callable[[JobStore, str], Job],
) -> None:
    import dataclasses

    voices = application.extensions["studio"].store
    voices.add(dataclasses.replace(voices.get("nobody"), name="other"))
    order = {"input": BOOK, "voice": "nobody", "dialogue_voice": "other", "format": "wav"}
    job = end_of(store, client.post("/v1/narrations", json=order).json["id"])
    assert job.voices == ("nobody", "other")
    manifest = json.loads((store.folder_of(job.id) / "out" / "manifest.json").read_text())
    lines = [
        (line["voice"], line["text"])
        for chapter in manifest["chapters"]
        for paragraph in chapter["paragraphs"]
        for line in paragraph["lines"]
    ]
    assert ("other", "Who is there?") in lines and ("nobody", "It was late.") in lines
    client.delete("/v1/audio/voices/other")
    assert not store.folder_of(job.id).exists()


@pytest.mark.skipif(ffmpeg_path() is None, reason="FFmpeg is not installed")
def test_one_m4b_holds_the_whole_book(
    client: FlaskClient, store: JobStore, end_of: Callable[[JobStore, str], Job]
) -> None:
    order = {"input": BOOK, "voice": "nobody", "format": "m4b", "title": "A Lamp"}
    job = end_of(store, client.post("/v1/narrations", json=order).json["id"])
    (file,) = client.get(f"/v1/jobs/{job.id}").json["files"]
    assert (file["name"], file["title"]) == ("book.m4b", "A Lamp")
    assert client.get(file["url"]).mimetype == "audio/mp4"


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"voice": "nobdy"}, 404, "voice_not_found", "voice"),
        ({"voice": "../../etc"}, 404, "voice_not_found", "voice"),
        ({"dialogue_voice": "me"}, 404, "voice_not_found", "dialogue_voice"),
        ({"voice": None}, 422, "invalid_request", "voice"),
        ({"speed": 9}, 422, "invalid_request", "speed"),
        ({"format": "exe"}, 422, "invalid_request", "format"),
        ({"spede": 1}, 422, "invalid_request", "spede"),
        ({"title": "x" * 201}, 422, "invalid_request", "title"),
        ({"input": ""}, 422, "invalid_request", "input"),
        ({"input": " \n"}, 422, "unusable_input", "input"),
        ({"input": "\u4f60\u597d"}, 422, "unusable_input", "input"),
        ({"input": "a\x00b"}, 422, "unusable_input", "input"),
        ({"input": "a " * 110_000}, 413, "too_large", "input"),
    ],
)
def test_an_order_that_cannot_be_met_says_which_field(
    client: FlaskClient,
    store: JobStore,
    change: dict[str, Any],
    status: int,
    code: str,
    field: str,
) -> None:
    answer = client.post("/v1/narrations", json={"input": BOOK, "voice": "nobody", **change})
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.json
    assert answer.json["field"] == field
    assert store.all() == [] and not list(store.folder.iterdir())


@pytest.mark.parametrize(
    ("data", "name", "code", "reason"),
    [
        (b"%PDF-1.7", "a.pdf", "unusable_input", "a.pdf: this is a PDF"),
        (b"", "a.txt", "unusable_input", "empty"),
        (bytes(range(256)) * 9, "a.txt", "unusable_input", "not a text file"),
        (b"PK\x03\x04" + bytes(500), "a.epub", "unusable_input", "damaged"),
        (epub("a" * 2**26), "bomb.epub", "unusable_input", "64 MiB"),
        (b"a " * 110_000, "a.txt", "too_large", "larger than"),
    ],
)
def test_a_file_that_is_no_book_is_refused_by_the_name_its_sender_knows(
    client: FlaskClient, store: JobStore, data: bytes, name: str, code: str, reason: str
) -> None:
    for path, fields in (("/v1/narrations/preview", {}), ("/v1/narrations", {"voice": "nobody"})):
        answer = upload(client, path, data, name, **fields)
        assert (answer.json["code"], answer.json["field"]) == (code, "file"), answer.json
        assert reason in answer.json["detail"] and name in answer.json["detail"]
        assert str(store.folder.parent) not in answer.get_data(as_text=True)
    assert not list(store.folder.iterdir())


def test_a_book_that_takes_too_long_to_read_is_given_up(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voice_replication.serving.book_uploads.WALL_SECONDS", 0.01)
    answer = client.post("/v1/narrations/preview", json={"input": BOOK})
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")


def test_bodies_that_are_neither_kind_are_refused(client: FlaskClient) -> None:
    answer = client.post("/v1/narrations", data=b"text", content_type="text/plain")
    assert answer.json["code"] == "unsupported_media_type"
    answer = client.post("/v1/narrations/preview", data={}, content_type="multipart/form-data")
    assert (answer.json["code"], answer.json["field"]) == ("invalid_request", "file")


def test_files_are_only_those_that_the_job_lists(client: FlaskClient, store: JobStore) -> None:
    job = store.add(Job("job_0123456789abcdef", "narration", "B", ("nobody",), state="running"))
    folder = store.folder_of(job.id)
    folder.mkdir()
    Path(folder / "request.json").write_text("{}")
    for name in ("../request.json", "..%2Frequest.json", "request.json", "%2e%2e/request.json"):
        assert client.get(f"/v1/jobs/{job.id}/files/{name}").status_code == 404
    answer = client.get(f"/v1/jobs/{job.id}/archive")
    assert (answer.status_code, answer.json["code"]) == (409, "job_not_finished")


def test_a_running_job_is_cancelled_and_then_removed(client: FlaskClient, store: JobStore) -> None:
    job = store.add(Job("job_0123456789abcdef", "narration", "B", ("nobody",), state="running"))
    assert client.delete(f"/v1/jobs/{job.id}").json["state"] == "cancelled"
    assert client.delete(f"/v1/jobs/{job.id}").json["deleted"] is True
    assert client.delete(f"/v1/jobs/{job.id}").status_code == 404


def test_the_audit_log_knows_who_narrated_but_not_what(
    application: OpenAPI, client: FlaskClient
) -> None:
    job = client.post("/v1/narrations", json={"input": BOOK, "voice": "nobody"}).json
    client.delete(f"/v1/jobs/{job['id']}")
    log = application.extensions["studio"].audit.path.read_text()
    lines = [json.loads(line) for line in log.splitlines()]
    assert [(line["action"], line["subject"]) for line in lines] == [
        ("narrate", "nobody"),
        ("cancel", job["id"]),
    ]
    assert lines[0]["job"] == job["id"] and "late" not in log
