"""Sound as it leaves the server: every format holds the same audio and says it is synthetic."""

from __future__ import annotations

import io
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_utils import ffmpeg_path
from env_utils import MissingDependencyError
from voice_replication.narration.formats import GENRE, SYNTHETIC, Tags
from voice_replication.serving import aac
from voice_replication.serving.audio_formats import (
    FORMATS,
    UNKNOWN_SIZE,
    AudioFormat,
    encode,
    encode_whole,
)

RATE = 24_000
TAGS = Tags(title="A títle", voice="ada")
LOSSY = ("mp3", "opus", "aac")
needs_ffmpeg = pytest.mark.skipif(
    ffmpeg_path() is None, reason="no FFmpeg: pip install imageio-ffmpeg"
)


@pytest.fixture(scope="module")
def audio() -> np.ndarray:
    """Five seconds of a sliding tone that swells and fades."""
    time_seconds = np.arange(5 * RATE) / RATE
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * 1.3 * time_seconds)
    tone = np.sin(2 * np.pi * (200 + 60 * time_seconds) * time_seconds)
    return (0.4 * swell * tone).astype(np.float32)


def pieces(audio: np.ndarray) -> list[np.ndarray]:
    return np.split(audio, [20_000, 20_003, 20_003, 90_000])


def decoded(data: bytes, audio_format: AudioFormat) -> np.ndarray:
    """What FFmpeg, which had no part in most of it, hears."""
    raw = ["-f", "s16le", "-ar", str(RATE), "-ac", "1"] if audio_format == "pcm" else []
    command = [str(ffmpeg_path()), "-v", "error", *raw, "-i", "pipe:0"]
    command += ["-f", "f32le", "-ar", str(RATE), "-ac", "1", "pipe:1"]
    result = subprocess.run(command, input=data, capture_output=True, check=True)
    assert result.stderr == b"", "no complaint about the stream"
    return np.frombuffer(result.stdout, np.float32)


def difference(audio: np.ndarray, other: np.ndarray) -> float:
    """Relative difference where they fit best: lossy formats begin with a delay."""
    length = len(audio) - 4000
    delays = range(max(1, min(3000, len(other) - length)))
    errors = [float(np.square(other[d : d + length] - audio[:length]).sum()) for d in delays]
    return float(np.sqrt(min(errors) / np.square(audio).sum()))


@needs_ffmpeg
@pytest.mark.parametrize("whole", [False, True], ids=["stream", "whole"])
@pytest.mark.parametrize("audio_format", FORMATS)
def test_every_format_holds_the_same_audio(
    audio: np.ndarray, audio_format: AudioFormat, whole: bool
) -> None:
    if whole:
        data = encode_whole(audio, audio_format, TAGS)
    else:
        data = b"".join(encode(pieces(audio), audio_format, TAGS))
    heard = decoded(data, audio_format)
    assert difference(audio, heard) < (0.1 if audio_format in LOSSY else 1e-4)
    if audio_format in LOSSY:
        assert len(audio) <= len(heard) <= len(audio) + 3000
    else:
        assert len(heard) == len(audio)


@needs_ffmpeg
@pytest.mark.parametrize("whole", [False, True], ids=["stream", "whole"])
@pytest.mark.parametrize("audio_format", [f for f in FORMATS if f != "pcm"])
def test_every_format_that_can_says_that_it_is_synthetic(
    audio: np.ndarray, audio_format: AudioFormat, whole: bool, tmp_path: Path
) -> None:
    import mutagen

    path = tmp_path / f"speech.{audio_format}"
    parts = (
        [encode_whole(audio, audio_format, TAGS)] if whole else encode([audio], audio_format, TAGS)
    )
    path.write_bytes(b"".join(parts))
    if audio_format in ("wav", "aac"):  # of which mutagen reads other tags, or none
        command = [str(ffmpeg_path()), "-v", "error", "-i", str(path), "-f", "ffmetadata", "-"]
        found = subprocess.run(command, capture_output=True, check=True).stdout.decode()
        assert f"comment={SYNTHETIC}" in found and f"genre={GENRE}" in found
        assert "artist=ada (synthetic voice)" in found
    else:
        tags = mutagen.File(path).tags
        found = " ".join(str(value) for value in dict(tags).values())
        assert SYNTHETIC in found and GENRE in found and "ada (synthetic voice)" in found
        assert "A títle" in found


@pytest.mark.parametrize("audio_format", [f for f in FORMATS if f != "aac"])
def test_bytes_leave_while_the_sound_is_made(audio: np.ndarray, audio_format: AudioFormat) -> None:
    made = 0

    def parts() -> Iterator[np.ndarray]:
        nonlocal made
        for part in np.split(audio, 5):
            made += 1
            yield part

    sizes = []
    for data in encode(parts(), audio_format, TAGS):
        if made == 1:
            assert data, "something is sent of the first part before the second is made"
        sizes.append(len(data))
    assert len(sizes) >= 5 and min(sizes) > 0


def test_a_wav_says_how_long_it_is_if_that_is_known(audio: np.ndarray) -> None:
    stream = b"".join(encode(pieces(audio), "wav", TAGS))
    whole = encode_whole(audio, "wav", TAGS)
    assert struct.unpack("<I", stream[4:8])[0] == UNKNOWN_SIZE
    assert struct.unpack("<I", whole[4:8])[0] == len(whole) - 8
    body = 2 * len(audio)
    assert stream[-body - 8 : -body] == b"data" + struct.pack("<I", UNKNOWN_SIZE)
    assert whole[-body - 8 : -body] == b"data" + struct.pack("<I", body)
    assert stream[-body:] == whole[-body:]
    for data in (stream, whole):
        read, rate = soundfile.read(io.BytesIO(data), dtype="float32")
        assert rate == RATE and np.abs(read - audio).max() < 1 / 32767


@pytest.mark.parametrize("audio_format", ["flac", "opus", "mp3"])
def test_whole_files_know_their_length(audio: np.ndarray, audio_format: AudioFormat) -> None:
    info = soundfile.info(io.BytesIO(encode_whole(audio, audio_format, TAGS)))
    assert info.samplerate == RATE
    assert len(audio) <= info.frames <= len(audio) + 3000


def test_what_is_too_loud_is_clipped_not_wrapped() -> None:
    data = b"".join(encode([np.array([2.0, -3.0, 0.5], np.float32)], "pcm", TAGS))
    assert np.frombuffer(data, "<i2").tolist() == [32767, -32767, 16384]


@needs_ffmpeg
def test_an_encoder_that_is_given_up_leaves_no_process(
    audio: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def noted(*args: object, **options: object) -> subprocess.Popen[bytes]:
        started.append(popen(*args, **options))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(aac.subprocess, "Popen", noted)
    stream = encode((audio for _ in range(1000)), "aac", TAGS)
    next(stream)
    assert started[0].poll() is None
    stream.close()
    assert started[0].poll() is not None

    stream = encode((audio for _ in range(1000)), "aac", TAGS)
    next(stream)
    started[1].kill()  # what a full machine does
    with pytest.raises(Exception, match="FFmpeg"):
        for _ in stream:
            time.sleep(0.01)


def test_without_ffmpeg_aac_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aac, "ffmpeg_path", lambda: None)
    with pytest.raises(MissingDependencyError, match="choose another format"):
        next(encode([np.zeros(100, np.float32)], "aac", TAGS))
