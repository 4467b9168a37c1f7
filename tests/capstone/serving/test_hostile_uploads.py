"""Hostile uploads: each is refused with a reason, and leaves nothing behind.

The corpus is made here, on the fly. All of it goes through the real route, as a recording to enroll
from; what is refused there is refused everywhere, because every upload goes through one decoder.
"""

from __future__ import annotations

import gc
import http.server
import io
import re
import struct
import subprocess
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import pytest
import soundfile
from audio_utils import load_audio
from env_utils import ffmpeg_path
from flask.testing import FlaskClient
from voice_replication.home import sample_voices_folder
from voice_replication.serving.app import create_app
from voice_replication.serving.settings import ServerSettings
from voice_replication.serving.uploads import LABEL_LIMIT, label_of
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

RATE = 24_000
PAYLOAD = b"<html><script>alert(document.domain)</script></html>"
Audio = npt.NDArray[np.float32]

SPEECH: Audio = load_audio(sample_voices_folder() / "basil" / "reference.flac")[: 5 * RATE]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile") / "home"


@pytest.fixture(scope="module")
def client(home: Path, shipped_checkpoints: Path) -> Iterator[FlaskClient]:
    assert shipped_checkpoints.is_dir()
    app = create_app(ServerSettings(home=home))
    yield app.test_client()
    app.extensions["studio"].close()


def enroll(
    client: FlaskClient, data: bytes, filename: str = "upload.wav", **fields: Any
) -> TestResponse:
    form = {
        "name": "mallory",
        "audio_sample": (io.BytesIO(data), filename),
        "consent_speaker": "Mallory",
        "consent_statement": "I agree.",
        "consent_declaration": "true",
        **fields,
    }
    return client.post("/v1/audio/voices", data=form, content_type="multipart/form-data")


def left_behind(home: Path) -> list[str]:
    """Files of uploads and voices below ``home``."""
    folders = (home / "server" / "incoming", home / "voices")
    return [str(path) for folder in folders for path in folder.rglob("*")]


# --- the corpus -----------------------------------------------------------------------------------


def written(audio: npt.NDArray[Any], rate: int = RATE, **options: str) -> bytes:
    target = io.BytesIO()
    soundfile.write(target, audio, rate, **({"format": "WAV", "subtype": "PCM_16"} | options))
    return target.getvalue()


def patched(data: bytes, *changes: tuple[int, bytes]) -> bytes:
    result = bytearray(data)
    for position, value in changes:
        result[position : position + len(value)] = value
    return bytes(result)


def with_sample(value: float) -> bytes:
    audio = SPEECH.copy()
    audio[len(audio) // 2] = value
    return written(audio, subtype="FLOAT")


def silence(hours: float, rate: int = 4_000, **options: str) -> bytes:
    target = io.BytesIO()
    with soundfile.SoundFile(target, "w", rate, 1, **options) as file:
        for _ in range(round(hours * 6)):
            file.write(np.zeros(rate * 600, np.int16))
    return target.getvalue()


def zipped(content: bytes = PAYLOAD) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("index.html", content)
    return target.getvalue()


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WAVE" + b"".join(name + struct.pack("<I", len(data)) + data for name, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452") + bytes(2000)
FLAC = written(SPEECH, format="FLAC")
WAV = written(SPEECH)
BOMB = silence(3, format="FLAC", subtype="PCM_16")  # 86 MB of samples in 300 kB
# The total in a FLAC header is the low 36 bits of eight bytes; zero means "not known".
ENDLESS = patched(BOMB, (21, bytes([BOMB[21] & 0xF0, 0, 0, 0, 0])))

HOSTILE: dict[str, tuple[bytes, str]] = {  # what it is -> its bytes, what the refusal says
    "empty": (b"", "the file is empty"),
    "one byte": (b"R", "not a sound file"),
    "text": (b"Dear diary, this is not a sound.\n" * 99, "not a sound file"),
    "random": (np.random.default_rng(1).bytes(100_000), "not a sound file"),
    "zeros": (bytes(100_000), "not a sound file"),
    "json": (b'{"audio": true}' * 20, "not a sound file"),
    "png as wav": (PNG, "a PNG picture"),
    "zip as mp3": (zipped(), "a ZIP archive"),
    "pdf": (b"%PDF-1.7\n" + bytes(500), "a PDF document"),
    "program": (b"\x7fELF\x02\x01\x01" + bytes(500), "a program"),
    "html": (PAYLOAD * 20, "a web page or an XML file"),
    "svg": (b"<?xml version='1.0'?><svg><image href='file:///etc/passwd'/></svg>", "XML file"),
    "html before wav": (PAYLOAD + WAV, "a web page"),
    "zip before wav": (zipped() + WAV, "a ZIP archive"),
    "wav cut off": (WAV[: len(WAV) // 2], "cut off before its end"),
    "wav of a header": (WAV[:30], "header is damaged"),
    "flac cut off": (FLAC[: len(FLAC) // 2], "cut off|damaged"),
    "flac scrambled": (patched(FLAC, (9000, bytes(20_000))), "damaged"),
    "mp3 cut off": (written(SPEECH, format="MP3", subtype="MPEG_LAYER_III")[:9000], "damaged"),
    "opus cut off": (written(SPEECH, 24_000, format="OGG", subtype="OPUS")[:8000], "cut off"),
    "mp3 header, then noise": (
        b"ID3\x04\0\0\0\0\0\0\xff\xfb\x90\x00" + np.random.default_rng(2).bytes(50_000),
        "damaged|not a sound file|silent|no samples|clipped|noisy|in all",
    ),
    "0 Hz": (patched(WAV, (24, struct.pack("<I", 0))), "damaged|0 Hz"),
    "1 Hz": (patched(WAV, (24, struct.pack("<I", 1))), "1 Hz; recordings have 4000 to 192000 Hz"),
    "384 kHz": (written(SPEECH, 384_000), "384000 Hz; recordings have 4000 to 192000 Hz"),
    "2 GHz": (patched(WAV, (24, struct.pack("<I", 2**31 - 1))), "2147483647 Hz|damaged"),
    "a header that lies 192 kHz": (
        patched(WAV, (24, struct.pack("<I", 192_000))), r"0\.\d s of speech in all|no speech|noisy",
    ),
    "64 channels": (written(np.stack([SPEECH] * 64, 1)), "64 channels; recordings have at most 8"),
    "0 channels": (patched(WAV, (22, struct.pack("<H", 0))), "damaged"),
    "65535 channels": (patched(WAV, (22, b"\xff\xff")), "damaged|channels"),
    "0 samples": (written(SPEECH[:0]), "no samples"),
    "no fmt chunk": (riff((b"data", bytes(5000))), "damaged"),
    "format chunk of 4 GB": (patched(WAV, (16, b"\xf0\xff\xff\xff")), "damaged|cut off"),
    "data chunk of 1.9 GB": (patched(WAV, (40, struct.pack("<I", 0x7000_0000))), "cut off"),
    "a million chunks": (riff(*[(b"junk", b"")] * 10**6), "damaged"),
    "flac block of 16 MB": (patched(FLAC, (5, b"\xff\xff\xff")), "damaged"),
    "NaN": (with_sample(np.nan), "NaN or Inf"),
    "Inf": (with_sample(-np.inf), "NaN or Inf"),
    "1e30": (with_sample(1e30), "reach 1e[+]30, but full scale is 1"),
    "unscaled": (written(SPEECH * 32768, subtype="FLOAT"), "full scale is 1"),
    "digital silence": (written(np.zeros(5 * RATE)), "silent or nearly so"),
    "90 minutes of silence": (
        silence(1.5, format="WAV", subtype="PCM_U8"), "90 minutes long; a recording has at most 10",
    ),
    "3 hours in 300 kB": (BOMB, "180 minutes long; a recording has at most 10 minutes"),
    "3 hours, length not told": (ENDLESS, "a recording has at most 10 minutes"),
    "m3u playlist": (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "a playlist"),
    "concat script": (b"ffconcat version 1.0\nfile /etc/passwd\n", "a playlist"),
    "pls playlist": (b"[playlist]\nFile1=file:///etc/passwd\n", "a playlist"),
    "sdp": (b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n", "not a sound file"),
    "mp4 of nothing": (b"\0\0\0\x18ftypM4A \0\0\0\0" + bytes(3000), "damaged|no sound|FFmpeg"),
    "webm of nothing": (b"\x1aE\xdf\xa3" + bytes(3000), "damaged|no sound|FFmpeg"),
    "SD2, which is read by name": (bytes(64) + b"Sd2f" + bytes(500), "not a sound file"),
    "an old format of libsndfile": (written(SPEECH, format="VOC"), "VOC files are not read"),
    "matlab": (written(SPEECH, format="MAT5"), "MAT5 files are not read"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_it_is_refused_with_the_reason_and_leaves_nothing(
    client: FlaskClient, home: Path, kind: str
) -> None:
    data, reason = HOSTILE[kind]
    response = enroll(client, data, f"{kind}.wav")
    assert response.mimetype == "application/problem+json"
    problem = response.get_json()
    assert 400 <= response.status_code < 500 and problem["status"] == response.status_code
    assert problem["code"] in ("unusable_recording", "unusable_input", "too_large") or (
        problem["code"] == "unsupported_media_type" and ffmpeg_path() is None
    )
    assert problem["field"] == "audio_sample"
    assert problem["detail"].startswith(f"{kind}.wav: ")
    assert re.search(reason, problem["detail"]), problem["detail"]
    assert str(home) not in problem["detail"]
    assert left_behind(home) == []


def test_the_bomb_is_one() -> None:
    assert len(BOMB) < 400_000 and len(ENDLESS) == len(BOMB)
    assert soundfile.info(io.BytesIO(BOMB)).frames == 3 * 3600 * 4000
    assert soundfile.info(io.BytesIO(ENDLESS)).frames > 10**12


def test_the_servers_memory_does_not_grow(client: FlaskClient) -> None:
    worst = ("3 hours, length not told", "64 channels", "a million chunks", "90 minutes of silence")

    def round_of_all() -> float:
        for kind in worst:
            assert enroll(client, HOSTILE[kind][0]).status_code in (413, 422)
        gc.collect()
        return psutil.Process().memory_info().rss / 2**20

    round_of_all()
    before = round_of_all()
    assert round_of_all() < before + 10  # decoded here, one of them would take a gigabyte


# --- files that would make FFmpeg open others -----------------------------------------------------


@pytest.fixture()
def canary() -> Iterator[tuple[int, list[str]]]:
    """The port of a web server and the paths that were asked of it."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port, asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_ffmpeg_follows_no_playlist(
    client: FlaskClient, tmp_path: Path, canary: tuple[int, list[str]]
) -> None:
    program = ffmpeg_path()
    if program is None:
        pytest.skip("no FFmpeg (pip install imageio-ffmpeg)")
    port, asked = canary
    url = f"http://127.0.0.1:{port}"
    playlist = (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}/hls.ts\n#EXT-X-ENDLIST\n"
    ).encode()
    (tmp_path / "list.m3u8").write_bytes(playlist)
    unlimited = ["-protocol_whitelist", "file,http,tcp", "-allowed_extensions", "ALL"]
    listen = [program, "-v", "quiet", *unlimited, "-i", str(tmp_path / "list.m3u8")]
    subprocess.run([*listen, "-f", "null", "-"], check=False, timeout=60)
    assert asked == ["/hls.ts"]  # this is what must not happen
    asked.clear()
    disguises = {
        "hls": playlist,
        "after white space": b"\n \n" + playlist,
        "after a byte order mark": b"\xef\xbb\xbf" + playlist,
        "behind a webm header": b"\x1aE\xdf\xa3" + playlist,
        "behind an mp4 header": b"\0\0\0\x18ftypM4A \0\0\0\0" + playlist,
        "behind an mp3 header": b"ID3\x04\0\0\0\0\0\0" + playlist,
        "dash": b"<?xml version='1.0'?><MPD><Period><AdaptationSet><Representation>"
        b"<BaseURL>" + url.encode() + b"/dash</BaseURL></Representation></AdaptationSet></Period>"
        b"</MPD>",
        "concat": b"ffconcat version 1.0\nfile '" + url.encode() + b"/concat'\n",
    }
    for name, data in disguises.items():
        response = enroll(client, data, f"{name}.m3u8")
        assert response.status_code == 422, (name, response.get_json())
    assert asked == []


def test_no_other_file_can_be_read_through_an_upload(client: FlaskClient, tmp_path: Path) -> None:
    if ffmpeg_path() is None:
        pytest.skip("no FFmpeg (pip install imageio-ffmpeg)")
    (tmp_path / "private.wav").write_bytes(WAV)
    script = b"ffconcat version 1.0\nfile private.wav\n"
    (tmp_path / "list").write_bytes(script)
    program = [str(ffmpeg_path()), "-v", "error", "-i", str(tmp_path / "list"), "-f", "s16le", "-"]
    read = subprocess.run(program, capture_output=True, check=True).stdout
    assert len(read) == 2 * len(SPEECH)  # FFmpeg by itself would
    absolute = f"ffconcat version 1.0\nfile '{tmp_path / 'private.wav'}'\n".encode()
    for data in (script, absolute, b"\n" + absolute, b"# a\n" + absolute):
        assert enroll(client, data).status_code == 422


# --- names ----------------------------------------------------------------------------------------

NAMES = {
    "../../../../etc/passwd": "passwd",
    "/etc/shadow": "shadow",
    "..\\..\\windows\\system32\\cmd.exe": "cmd.exe",
    "C:\\con": "con",
    "CON": "CON",
    "..": "file 1",
    ".": "file 1",
    "a\x00b.wav": "a b.wav",
    "line\nbreak\r\nX-Evil: 1.wav": "line break X-Evil: 1.wav",
    "\u202egnp.wav": "gnp.wav",
    "Stimme für Ömer 声.wav": "Stimme für Ömer 声.wav",
    "<img src=x onerror=alert(1)>.wav": "<img src=x onerror=alert(1)>.wav",
    "x" * 5000 + ".wav": None,
}


def raw_form(fields: dict[str, bytes], filename: str, data: bytes) -> tuple[bytes, str]:
    """A multipart body as no well-behaved client would send it: the name goes out as it is."""
    boundary = b"----b0undary"
    parts = [b'Content-Disposition: form-data; name="%s"\r\n\r\n%s' % (name.encode(), value)
             for name, value in fields.items()]  # fmt: skip
    name = filename.replace("\n", "%0A").replace("\r", "%0D").encode()
    head = b'Content-Disposition: form-data; name="audio_sample"; filename="%s"\r\n\r\n'
    parts.append(head % name.replace(b'"', b"%22") + data)
    body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return body + b"--" + boundary + b"--\r\n", f"multipart/form-data; boundary={boundary.decode()}"


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:30])
def test_a_file_name_is_never_a_path(client: FlaskClient, home: Path, name: str) -> None:
    label = label_of(name, "file 1")
    if (expected := NAMES[name]) is not None:
        assert label == expected
    assert len(label) <= LABEL_LIMIT and label.isprintable() and "/" not in label
    before = {str(path) for path in home.parent.rglob("*")}
    fields = {"name": b"mallory", "consent_speaker": b"M", "consent_statement": b"Yes.",
              "consent_declaration": b"true"}  # fmt: skip
    body, kind = raw_form(fields, name, b"not a sound")
    response = client.post("/v1/audio/voices", data=body, content_type=kind)
    assert response.status_code == 422
    assert response.get_json()["detail"].endswith("this is not a sound file. Send WAV, FLAC, "
                                                  "OGG, MP3, M4A or WebM.")  # fmt: skip
    assert {str(path) for path in home.parent.rglob("*")} == before


# --- more of everything than is allowed -----------------------------------------------------------


@pytest.fixture()
def small(tmp_path: Path, shipped_checkpoints: Path) -> Iterator[FlaskClient]:
    """A server that takes little: 2 MB, 3 files and 8 seconds."""
    assert shipped_checkpoints.is_dir()
    app = create_app(
        ServerSettings(
            home=tmp_path / "small",
            max_upload_bytes=2 * 2**20,
            max_upload_files=3,
            max_upload_seconds=8,
        )
    )
    yield app.test_client()
    app.extensions["studio"].close()


def test_too_many_bytes_files_and_seconds(small: FlaskClient, tmp_path: Path) -> None:
    large = enroll(small, bytes(3 * 2**20))
    assert large.status_code == 413 and "2 MB in all" in large.get_json()["detail"]
    many = enroll(small, b"", audio_sample=[(io.BytesIO(WAV), f"{n}.wav") for n in range(4)])
    assert many.status_code == 413 and "at most 3 files" in many.get_json()["detail"]
    long = enroll(small, b"", audio_sample=[(io.BytesIO(WAV), f"{n}.wav") for n in range(2)])
    assert long.status_code == 413 and "in all" in long.get_json()["detail"]
    assert left_behind(tmp_path / "small") == []


class Endless(io.RawIOBase):
    """A body without an end, which counts what is read of it."""

    def __init__(self, start: bytes) -> None:
        self.start, self.taken = start, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.start[: len(buffer)] or bytes(len(buffer))
        self.start = self.start[len(buffer) :]
        buffer[: len(data)] = data
        self.taken += len(data)
        return len(data)


def test_a_body_without_an_end_is_left_when_it_is_too_large(small: FlaskClient) -> None:
    body = Endless(raw_form({"name": b"mallory"}, "a.wav", b"")[0].split(b"\r\n------b0")[0])
    environ = EnvironBuilder(
        "/v1/audio/voices",
        method="POST",
        content_type="multipart/form-data; boundary=----b0undary",
        headers={"Transfer-Encoding": "chunked"},
    ).get_environ()
    environ |= {"wsgi.input": io.BufferedReader(body), "wsgi.input_terminated": True}
    environ.pop("CONTENT_LENGTH", None)
    _, status, _ = run_wsgi_app(small.application, environ)
    assert status.startswith("413 ")
    assert body.taken < 4 * 2**20


@pytest.mark.parametrize(
    "broken",
    [
        lambda body: body[: len(body) // 2],
        lambda body: body.replace(b"----b0undary", b"----another"),
        lambda _body: b"",
        lambda body: body.replace(b'name="audio_sample"; ', b""),
    ],
    ids=["cut off", "other boundary", "empty", "no field name"],
)
def test_a_broken_form_is_no_error_of_the_server(
    client: FlaskClient, home: Path, broken: Callable[[bytes], bytes]
) -> None:
    body, kind = raw_form({"name": b"mallory"}, "a.wav", WAV)
    response = client.post("/v1/audio/voices", data=broken(body), content_type=kind)
    assert response.status_code in (400, 403, 422)
    assert left_behind(home) == []


# --- polyglots that are recordings, too -----------------------------------------------------------


def test_of_a_polyglot_only_the_sound_is_kept(client: FlaskClient, home: Path) -> None:
    """WAV and HTML, or WAV and ZIP, in one file: it may be enrolled from; its rider is gone."""
    fmt, samples = WAV[20:36], WAV[44:]
    page = riff((b"fmt ", fmt), (b"LIST", PAYLOAD + b" " * (len(PAYLOAD) % 2)), (b"data", samples))
    archive = WAV + zipped()
    assert zipfile.is_zipfile(io.BytesIO(archive)) and PAYLOAD in page
    try:
        response = enroll(
            client, archive, "a.zip", consent_recording=(io.BytesIO(page), "consent.html")
        )
        assert response.status_code == 201, response.get_json()
        kept = home / "voices" / "mallory" / "consent.flac"
        audio, rate = soundfile.read(kept)
        assert rate == RATE and np.abs(audio - SPEECH).max() < 1e-4
        for path in home.rglob("*"):
            if path.is_file():
                assert PAYLOAD not in path.read_bytes() and b"index.html" not in path.read_bytes()
    finally:
        client.delete("/v1/audio/voices/mallory")
