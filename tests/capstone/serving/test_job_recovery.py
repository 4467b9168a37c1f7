"""kill -9 in the middle of a job: after a restart it ends as if nothing had happened."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from audio_utils import resample, save_audio
from safetensors.numpy import load_file
from tts_utils import EspeakEngine
from voice_replication.narration.audiobook import BookOptions, narrate
from voice_replication.narration.text_to_speech import Speaker
from voice_replication.serving.job_requests import FinetuneRequest
from voice_replication.serving.job_runner import JobRunner
from voice_replication.serving.jobs import Job, JobStore
from voice_replication.serving.settings import ServerSettings
from voice_replication.voices import VoiceStore

CHAPTERS, LINES = 4, 20
BOOK = "\n\n".join(
    f"# Chapter {c}\n\n" + " ".join(f"Sentence {n} of chapter {c} is spoken." for n in range(LINES))
    for c in range(1, CHAPTERS + 1)
)
SENTENCES = CHAPTERS * (LINES + 1)  # with the headings; all of them differ
LiveServer = Any


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 600
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def kill_group(server: LiveServer) -> None:
    """The server and all that it started, all at once."""
    processes = [*psutil.Process(server.process.pid).children(recursive=True)]
    for process in [psutil.Process(server.process.pid), *processes]:
        process.send_signal(signal.SIGKILL)
    server.process.wait(60)
    psutil.wait_procs(processes, 60)


def kill_server_only(server: LiveServer) -> None:
    """The server alone; its worker finds out by itself."""
    children = psutil.Process(server.process.pid).children()
    server.kill()
    _, alive = psutil.wait_procs(children, 120)
    assert not alive


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a POSIX thing")
@pytest.mark.parametrize("kill", [kill_group, kill_server_only])
def test_a_killed_narration_is_finished_after_a_restart(
    kill: Callable[[LiveServer], None],
    serve: Callable[..., LiveServer],
    tiny_settings: ServerSettings,
    tmp_path: Path,
) -> None:
    home, models = tiny_settings.home, str(tiny_settings.models_dir)
    server = serve(home=home, VOICECLONE_SERVE_MODELS_DIR=models)
    order = {"input": BOOK, "voice": "nobody", "format": "flac", "title": "Killed"}
    job = requests.post(server.url + "v1/narrations", json=order, timeout=60).json()
    out = home / "server" / "jobs" / job["id"] / "out"
    until(lambda: (out / "02_Chapter_2.flac").is_file())  # in the middle of the third
    kill(server)
    kept = {path: path.stat().st_mtime_ns for path in (out / ".sentences").glob("[!.]*.flac")}
    chapter = (out / "02_Chapter_2.flac").stat().st_mtime_ns
    assert SENTENCES // 2 <= len(kept) < SENTENCES

    server = serve(home=home, VOICECLONE_SERVE_MODELS_DIR=models)
    url = f"{server.url}v1/jobs/{job['id']}"
    until(lambda: requests.get(url, timeout=60).json()["state"] not in ("queued", "running"))
    done = requests.get(url, timeout=60).json()
    server.stop()
    assert done["state"] == "succeeded", done
    # nothing was spoken twice, nothing was written twice, and nothing is missing
    assert done["result"]["sentences"] == SENTENCES
    assert done["result"]["sentences_spoken"] == SENTENCES - len(kept)
    assert (out / "02_Chapter_2.flac").stat().st_mtime_ns == chapter
    assert [file["title"] for file in done["files"]] == [f"Chapter {n}" for n in (1, 2, 3, 4)]

    store = VoiceStore(home)
    book = tmp_path / "book.txt"
    book.write_text(BOOK)
    options = BookOptions(store.get("nobody"), format="flac", title="Killed")
    speaker = Speaker(tiny_settings.models_dir, store)
    undisturbed = narrate(book, tmp_path / "undisturbed", speaker, options)
    for path in undisturbed.files:
        assert path.read_bytes() == (out / path.name).read_bytes()


# --- fine-tuning ----------------------------------------------------------------------------------

STEPS = 60  # saved after 25 and 50


def recordings(folder: Path) -> None:
    engine = EspeakEngine()
    folder.mkdir()
    rows = ["file,text"]
    for number in range(12):
        text = f"The captain noticed {number} lamps before noon."
        samples, rate = engine.synthesize(text)
        save_audio(folder / f"{number:02}.wav", resample(samples, rate, 24_000), 24_000)
        rows.append(f"{number:02}.wav,{text}")
    (folder / "transcripts.csv").write_text("\n".join(rows) + "\n")


def submit(runner: JobRunner) -> Job:
    with runner.draft() as draft:
        recordings(draft.folder / "recordings")
        return draft.submit(FinetuneRequest(voice="nobody", steps=STEPS), "Fine-tuning", "local")


def made(runner: JobRunner, home: Path, job: Job) -> dict[str, Any]:
    """The delta, wherever the judgement on random weights left it."""
    delta = VoiceStore(home).get("nobody").delta
    return load_file(delta or runner.store.folder_of(job.id) / "work" / "delta.safetensors")


def test_a_killed_fine_tuning_gives_the_same_weights(
    open_runner: Callable[..., JobRunner],
    tiny_settings: ServerSettings,
    end_of: Callable[[JobStore, str], Job],
    tmp_path: Path,
) -> None:
    voice = VoiceStore(tiny_settings.home).get("nobody")
    runner = open_runner()
    job = submit(runner)
    state = runner.store.folder_of(job.id) / "work" / "training.safetensors"
    until(state.is_file)
    for child in psutil.Process().children():
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert runner.store.get(job.id).progress < 0.95
    job = end_of(runner.store, job.id)
    assert job.error is None or job.error["code"] == "unusable_recording"
    killed = made(runner, tiny_settings.home, job)

    VoiceStore(tmp_path / "other").add(voice)
    calm = open_runner(home=tmp_path / "other")
    job = end_of(calm.store, submit(calm).id)
    undisturbed = made(calm, tmp_path / "other", job)
    assert killed.keys() == undisturbed.keys()
    for name, values in undisturbed.items():
        assert values.any() and (killed[name] == values).all(), name
