"""A full disk: the job fails with a clear reason, keeps what it has, and goes on with more room."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from audio_utils import ffmpeg_path
from env_utils import StorageFullError
from flask_openapi3.openapi import OpenAPI
from voice_replication.narration.formats import Tags, write_audio
from voice_replication.serving.jobs import Job, JobStore
from voice_replication.serving.settings import ServerSettings
from voice_replication.voices import Voice, VoiceStore

LONG = "# One\n\nIt was late.\n\n# Two\n\n" + " ".join(
    f"Sentence number {n} of a long book, which goes on." for n in range(40)
)


class SmallDisk:
    """A file system in memory of so many KiB."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def resize(self, kilobytes: int) -> None:
        self._mount("-o", f"remount,size={kilobytes}k")

    def mount(self, kilobytes: int) -> None:
        self.folder.mkdir()
        self._mount("-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs")

    def _mount(self, *arguments: str) -> None:
        subprocess.run(
            ["mount", *arguments, str(self.folder)], check=True, capture_output=True, timeout=60
        )

    def unmount(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True, timeout=60)


@pytest.fixture()
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("needs root on Linux, to mount a small file system")
    small = SmallDisk(tmp_path / "small")
    try:
        small.mount(128)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no small file system can be mounted here ({error})")
    yield small
    small.unmount()


def noise(seconds: float) -> np.ndarray:
    rng = np.random.default_rng(1)
    return (0.1 * rng.standard_normal(round(24_000 * seconds))).astype(np.float32)


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "ogg", "m4b"])
def test_no_format_loses_the_end_of_a_file_silently(disk: SmallDisk, suffix: str) -> None:
    if suffix == "m4b" and ffmpeg_path() is None:
        pytest.skip("FFmpeg is not installed")
    path = disk.folder / f"a.{suffix}"
    write_audio(path, noise(0.3), 24_000, Tags(title="good"))
    good = path.read_bytes()
    with pytest.raises(StorageFullError, match="full"):
        write_audio(path, noise(60.0), 24_000, Tags(title="too long"))
    assert path.read_bytes() == good
    assert [p.name for p in disk.folder.iterdir()] == [path.name]  # nothing half-written stays


def test_a_narration_waits_for_room_and_goes_on(
    disk: SmallDisk,
    open_app: Callable[..., OpenAPI],
    tiny_settings: ServerSettings,
    made_up_voice: Voice,
    end_of: Callable[[JobStore, str], Job],
) -> None:
    disk.resize(2048)
    home = disk.folder / "home"
    VoiceStore(home).add(made_up_voice)
    app = open_app(home=home, models_dir=tiny_settings.models_dir)
    client, runner = app.test_client(), app.extensions["studio"].jobs
    order = {"input": LONG, "voice": "nobody", "format": "wav"}
    job = client.post("/v1/narrations", json=order).json
    failed = end_of(runner.store, job["id"])
    shown = client.get(f"/v1/jobs/{job['id']}").json
    assert shown["state"] == "failed" and shown["error"]["code"] == "storage_full"
    assert [file["name"] for file in shown["files"]] == ["01_One.wav"]
    assert client.get(shown["files"][0]["url"]).status_code == 200
    out = runner.store.folder_of(failed.id) / "out"
    kept = len(list((out / ".sentences").glob("[!.]*.flac")))
    assert kept > 3 and not list(out.rglob(".*.part*"))

    # the server lives, answers, and refuses what it has no room for
    filler = disk.folder / "filler"
    with filler.open("wb", buffering=0) as stream, pytest.raises(OSError, match="space"):
        while True:
            stream.write(bytes(4096))
    refused = client.post("/v1/narrations", json=order)
    assert (refused.status_code, refused.json["code"]) == (507, "storage_full")
    assert len(client.get("/v1/jobs").json["data"]) == 1
    assert client.get("/healthz").status_code == 200

    filler.unlink()
    disk.resize(65_536)
    assert client.post(f"/v1/jobs/{job['id']}/retry").status_code == 202
    done = end_of(runner.store, job["id"])
    assert done.state == "succeeded" and done.result is not None
    assert done.result["sentences_spoken"] == done.result["sentences"] - kept
    assert [file.name for file in done.files] == ["01_One.wav", "02_Two.wav"]
    shutil.rmtree(runner.store.folder_of(done.id))
