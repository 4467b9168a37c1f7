"""Decoding uploads: odd recordings come out right, and the process that decodes can do no harm."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import psutil
import pytest
import soundfile
from audio_utils import load_audio, resample
from env_utils import ffmpeg_path
from voice_replication.home import sample_voices_folder
from voice_replication.serving.decoding import Decoder
from voice_replication.serving.decoding_child import Order
from voice_replication.serving.problems import Problem
from voice_replication.serving.settings import ServerSettings

RATE = 24_000
Audio = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def speech() -> Audio:
    """Three seconds of a shipped sample voice at 24 kHz."""
    return load_audio(sample_voices_folder() / "ada" / "reference.flac")[: 3 * RATE]


@pytest.fixture()
def decoder(tmp_path: Path) -> Decoder:
    return Decoder(ServerSettings(home=tmp_path / "home"))


@pytest.fixture()
def folder(tmp_path: Path) -> Path:
    """Where the uploads of a request would be."""
    made = tmp_path / "request"
    made.mkdir()
    return made


def decoded(decoder: Decoder, path: Path, max_seconds: float = 60.0) -> Audio:
    result = decoder.decode(path, max_seconds=max_seconds)
    info = soundfile.info(str(result))
    assert (info.samplerate, info.channels, info.subtype) == (RATE, 1, "FLOAT")
    assert result.parent == path.parent
    return np.asarray(soundfile.read(str(result), dtype="float32")[0])


def likeness(one: Audio, two: Audio) -> float:
    """Correlation of two signals at the lag (up to 0.1 s) where they are most alike."""
    n = min(len(one), len(two))
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(one[:n], size) * np.conj(np.fft.rfft(two[:n], size))
    lags = np.fft.irfft(spectrum)
    near = np.concatenate([lags[: RATE // 10], lags[-RATE // 10 :]])
    return float(near.max() / np.linalg.norm(one[:n]) / np.linalg.norm(two[:n]))


def low_passed(audio: Audio, rate: int) -> Audio:
    return resample(resample(audio, RATE, rate), rate, RATE)


VALID: dict[str, tuple[int, int, dict[str, str]]] = {  # rate, channels, how it is written
    "telephone": (8_000, 1, {"format": "WAV", "subtype": "PCM_16"}),
    "mu-law": (8_000, 1, {"format": "WAV", "subtype": "ULAW"}),
    "8 bit": (24_000, 1, {"format": "WAV", "subtype": "PCM_U8"}),
    "stereo": (48_000, 2, {"format": "WAV", "subtype": "PCM_16"}),
    "24 bit": (44_100, 1, {"format": "WAV", "subtype": "PCM_24"}),
    "doubles": (24_000, 1, {"format": "WAV", "subtype": "DOUBLE"}),
    "192 kHz": (192_000, 1, {"format": "WAV", "subtype": "PCM_24"}),
    "7.1": (48_000, 8, {"format": "WAVEX", "subtype": "PCM_16"}),
    "64-bit sizes": (24_000, 1, {"format": "RF64", "subtype": "PCM_16"}),
    "flac": (22_050, 1, {"format": "FLAC", "subtype": "PCM_16"}),
    "aiff": (32_000, 1, {"format": "AIFF", "subtype": "PCM_16"}),
    "mp3": (44_100, 2, {"format": "MP3", "subtype": "MPEG_LAYER_III"}),
    "vorbis": (44_100, 1, {"format": "OGG", "subtype": "VORBIS"}),
    "opus": (48_000, 1, {"format": "OGG", "subtype": "OPUS"}),
}


@pytest.mark.parametrize("kind", VALID)
def test_an_odd_recording_is_heard_as_it_was(
    decoder: Decoder, folder: Path, speech: Audio, kind: str
) -> None:
    rate, channels, options = VALID[kind]
    mono = resample(speech, RATE, rate)
    soundfile.write(str(folder / "upload"), np.stack([mono] * channels, 1), rate, **options)
    audio = decoded(decoder, folder / "upload")
    assert len(audio) == pytest.approx(len(speech), abs=0.06 * RATE)
    lossless = options["subtype"].startswith(("PCM_1", "PCM_2", "DOUBLE"))
    original = low_passed(speech, rate) if rate < RATE else speech
    assert likeness(audio, original) > (0.999 if lossless else 0.97)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("chrome.webm", ["-c:a", "libopus"]),
        ("safari.mp4", ["-c:a", "aac", "-movflags", "frag_keyframe+empty_moov"]),
        ("phone.m4a", ["-c:a", "aac"]),
        ("stream.aac", ["-c:a", "aac"]),
        ("film.mp4", ["-f", "lavfi", "-i", "testsrc=duration=1", "-pix_fmt", "yuv420p"]),
    ],
)
def test_what_browsers_and_phones_record(
    decoder: Decoder, folder: Path, speech: Audio, name: str, arguments: list[str]
) -> None:
    if (program := ffmpeg_path()) is None:
        pytest.skip("no FFmpeg (pip install imageio-ffmpeg)")
    soundfile.write(str(folder / "speech.wav"), speech, RATE)
    command = [program, "-v", "error", "-i", str(folder / "speech.wav"), *arguments]
    subprocess.run([*command, str(folder / name)], check=True)
    audio = decoded(decoder, (folder / name).rename(folder / "upload"))
    assert len(audio) == pytest.approx(len(speech), abs=0.1 * RATE)
    assert likeness(audio, speech) > 0.95


def test_a_wav_of_unknown_length_is_read_to_its_end(
    decoder: Decoder, folder: Path, speech: Audio
) -> None:
    soundfile.write(str(folder / "upload"), speech, RATE, format="WAV", subtype="PCM_16")
    data = bytearray((folder / "upload").read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"  # as our own stream has it
    (folder / "upload").write_bytes(data)
    assert len(decoded(decoder, folder / "upload")) == len(speech)


def test_without_ffmpeg_the_refusal_says_what_to_send(decoder: Decoder, folder: Path) -> None:
    decoder.ffmpeg = None
    (folder / "upload").write_bytes(b"\x1aE\xdf\xa3" + bytes(500))
    with pytest.raises(Problem, match=r"take\.webm: this is WebM.*FFmpeg.*Send WAV") as caught:
        decoder.decode(folder / "upload", max_seconds=60, label="take.webm", field="audio_sample")
    assert (caught.value.status, caught.value.field) == (415, "audio_sample")
    assert [p.name for p in folder.iterdir()] == ["upload"]


def test_the_limit_of_seconds_is_exact(decoder: Decoder, folder: Path, speech: Audio) -> None:
    soundfile.write(str(folder / "upload"), speech, RATE, format="FLAC")
    assert len(decoded(decoder, folder / "upload", max_seconds=3.0)) == len(speech)
    with pytest.raises(Problem, match=r"a recording has at most 2\.9 seconds"):
        decoder.decode(folder / "upload", max_seconds=2.9)


def test_several_files_are_decoded_in_their_order_or_the_bad_one_is_named(
    decoder: Decoder, folder: Path, speech: Audio
) -> None:
    paths = [folder / f"upload-{n}" for n in range(4)]
    for n, path in enumerate(paths):
        soundfile.write(str(path), speech[: (n + 1) * 6000], RATE, format="WAV")
    names = ["a", "b", "c", "d"]
    made = decoder.decode_all(paths, names, max_seconds=9, field="recordings")
    assert [soundfile.info(str(path)).frames for path in made] == [6000, 12000, 18000, 24000]
    paths[2].write_bytes(b"no sound")
    with pytest.raises(Problem, match=r"^c: this is not a sound file") as caught:
        decoder.decode_all(paths, names, max_seconds=9, field="recordings")
    assert caught.value.field == "recordings"


def test_the_child_is_light_enough_to_be_started_for_every_file() -> None:
    script = (
        "import sys, voice_replication.serving.decoding_child;"
        "print({'torch', 'flask', 'audio_utils'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"


# --- what the child can not do ---------------------------------------------------------------


def confined(folder: Path, script: str, **limits: float) -> str:
    """What ``script`` prints in a process that confined itself as the decoder's child does."""
    values = {
        "source": "", "target": str(folder / "out"), "answer": "", "sample_rate": RATE,
        "max_seconds": 1.0, "cpu_seconds": 20, "memory_bytes": 2**30, "ffmpeg": None,
    }  # fmt: skip
    code = (
        "import json, os, socket, sys, numpy as np\n"
        "from voice_replication.serving.decoding_child import Order, confine\n"
        "confine(Order(**json.loads(sys.argv[1])))\n" + script
    )
    result = subprocess.run(
        [sys.executable, "-I", "-c", code, json.dumps(asdict(Order(**{**values, **limits})))],  # type: ignore[arg-type]
        capture_output=True,
        text=True,
        cwd=folder,
        env={"OPENBLAS_NUM_THREADS": "1"},
        check=False,
    )
    return result.stdout.strip() or result.stderr.strip()


needs_rlimits = pytest.mark.skipif(sys.platform != "linux", reason="limits hold on Linux only")


@needs_rlimits
def test_it_cannot_take_more_memory(folder: Path) -> None:
    script = "try:\n    np.empty(2**27); print('got it')\nexcept MemoryError:\n    print('refused')"
    assert confined(folder, script) == "refused"
    assert confined(folder, script, memory_bytes=4 * 2**30) == "got it"


@needs_rlimits
def test_it_cannot_fill_the_disk(folder: Path) -> None:
    script = """
try:
    with open("out", "wb") as file:
        for _ in range(1000):
            file.write(bytes(2**16))
except OSError as error:
    print(error.errno, os.path.getsize("out") < 2**18)
"""
    assert confined(folder, script) == "27 True"  # EFBIG; one second is 96 kB


@needs_rlimits
def test_it_has_no_network_and_no_rights(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        script = f"""
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(status["NoNewPrivs"].strip())
try:
    socket.create_connection(("127.0.0.1", {server.getsockname()[1]}), 2)
    print("connected", os.getuid())
except OSError:
    print("cut off", os.getuid())
"""
        answer = confined(folder, script).split("\n")
    assert answer[0] == "1"
    if answer[1] == f"connected {os.getuid()}":
        pytest.skip("this kernel lets nobody have a network of their own (user namespaces)")
    assert answer[1] == "cut off 65534"


# --- when the child hangs, dies or works too long -----------------------------------------------


@pytest.fixture(scope="module")
def long_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hours in 200 kB; seconds of work."""
    path = tmp_path_factory.mktemp("long") / "long.flac"
    with soundfile.SoundFile(str(path), "w", 4_000, 1, "PCM_16") as file:
        for _ in range(3 * 6):
            file.write(np.zeros(4_000 * 600, np.int16))
    return path


@pytest.fixture()
def upload(long_file: Path, folder: Path) -> Path:
    path = folder / "upload"
    path.write_bytes(long_file.read_bytes())
    return path


@pytest.fixture()
def child(decoder: Decoder) -> Iterator[Callable[[], psutil.Process]]:
    """The decoder's child process, once it runs (and has left the parent's image behind)."""

    def find() -> psutil.Process:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for process in psutil.Process().children():
                try:
                    if any("decoding_child" in part for part in process.cmdline()):
                        return process
                except psutil.NoSuchProcess:
                    continue
        raise AssertionError("no child was started")

    assert decoder
    yield find


def in_background(decoder: Decoder, path: Path) -> tuple[threading.Thread, list[Problem]]:
    problems: list[Problem] = []

    def run() -> None:
        try:
            decoder.decode(path, max_seconds=4 * 3600, label="long.flac")
        except Problem as problem:
            problems.append(problem)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, problems


@needs_rlimits
def test_too_much_work_is_stopped(decoder: Decoder, folder: Path, upload: Path) -> None:
    decoder.settings = ServerSettings(decode_seconds=1)
    stopped = r"long: decoding it took (more than 1|longer than 3) s"  # by the kernel, or by us
    with pytest.raises(Problem, match=stopped) as caught:
        decoder.decode(upload, max_seconds=4 * 3600, label="long")
    assert caught.value.code == "too_large"
    assert [p.name for p in folder.iterdir()] == ["upload"]


def test_a_child_that_hangs_is_ended(
    decoder: Decoder, folder: Path, upload: Path, child: Callable[[], psutil.Process]
) -> None:
    decoder.settings = ServerSettings(decode_seconds=2)
    thread, problems = in_background(decoder, upload)
    hanging = child()
    hanging.suspend()
    thread.join(120)
    assert [p.code for p in problems] == ["too_large"] and "longer than 6 s" in str(problems[0])
    assert not hanging.is_running()
    assert [p.name for p in folder.iterdir()] == ["upload"]


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT])
def test_a_child_that_crashes_is_a_refusal(
    decoder: Decoder,
    folder: Path,
    upload: Path,
    child: Callable[[], psutil.Process],
    number: signal.Signals,
) -> None:
    thread, problems = in_background(decoder, upload)
    child().send_signal(number)
    thread.join(120)
    assert [(p.code, p.detail) for p in problems] == [
        ("unusable_recording", "long.flac: it cannot be decoded; the decoder failed on it.")
    ]
    assert [p.name for p in folder.iterdir()] == ["upload"]


def test_the_child_knows_nothing_of_the_server(
    decoder: Decoder,
    upload: Path,
    child: Callable[[], psutil.Process],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VOICECLONE_SERVE_TOKEN", "secret")
    with socket.create_server(("127.0.0.1", 0)):
        thread, _ = in_background(decoder, upload)
        process = child()
        try:
            process.suspend()
            assert "VOICECLONE_SERVE_TOKEN" not in process.environ()
            assert process.environ()["OPENBLAS_NUM_THREADS"] == "1"
            assert process.net_connections() == []
        finally:
            process.kill()
            thread.join(120)
