"""AAC as a stream: FFmpeg reads samples from one pipe and writes ADTS frames into another."""

from __future__ import annotations

import contextlib
import subprocess
import threading

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC, ffmpeg_path
from env_utils import MissingDependencyError, QualityError

from voice_replication.narration.formats import BIT_RATE, Tags, ffmpeg_tags

Audio = npt.NDArray[np.float32]


class AacEncoder:
    """An FFmpeg of its own (``audio_formats.Encoder``); ``MissingDependencyError`` without one."""

    def __init__(self, tags: Tags) -> None:
        program = ffmpeg_path()
        if program is None:
            raise MissingDependencyError(
                "response_format aac needs FFmpeg, which was not found on the server; install it "
                "(or `pip install imageio-ffmpeg`), or choose another format."
            )
        command = [
            program,
            "-v",
            "error",
            "-f",
            "f32le",
            "-ar",
            str(DEFAULT_SPEC.sample_rate),
            "-ac",
            "1",
        ]
        command += ["-i", "pipe:0", "-c:a", "aac", "-b:a", BIT_RATE]
        for name, value in ffmpeg_tags(tags).items():
            command += ["-metadata", f"{name}={value}"]
        command += ["-f", "adts", "-write_id3v2", "1", "-flush_packets", "1", "pipe:1"]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._lock = threading.Lock()
        self._made = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def push(self, audio: Audio) -> bytes:
        self._feed(np.clip(audio, -1.0, 1.0).astype("<f4").tobytes())
        return self._take()

    def finish(self) -> bytes:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._reader.join()
        if self._process.wait() != 0:
            raise QualityError("FFmpeg could not encode the speech as aac.")
        return self._take()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def _feed(self, data: bytes) -> None:
        assert self._process.stdin is not None  # it was asked for as a pipe
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise QualityError("FFmpeg stopped while it encoded the speech as aac.") from None

    def _read(self) -> None:
        assert self._process.stdout is not None
        while data := self._process.stdout.read1(65536):  # type: ignore[attr-defined]
            with self._lock:
                self._made += data

    def _take(self) -> bytes:
        with self._lock:
            data = bytes(self._made)
            self._made.clear()
        return data
