"""Decoding uploads where they can do no harm: each in a limited process of its own.

    upload ─► child process (CPU, memory, file sizes, no network) ─► 24 kHz mono float32 WAV

The server itself never parses what a stranger sent beyond a few header bytes. A child that crashes,
hangs or grows is ended, and the client reads why its file was refused.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

from audio_utils import DEFAULT_SPEC
from audio_utils.containers import is_cut_off, length_is_known
from env_utils import ffmpeg_path, usable_cores

from voice_replication.serving.decoding_child import Order
from voice_replication.serving.problems import PROBLEMS, Problem
from voice_replication.serving.settings import ServerSettings

CHILD = "voice_replication.serving.decoding_child"
WALL_FACTOR = 3.0  # wall-clock seconds granted for each second of CPU time
ANSWER_BYTES = 4096
DETAIL_LIMIT = 300  # characters


class Decoder:
    """Decodes uploads within the limits of ``settings``; at most one per core at a time."""

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self._free = threading.BoundedSemaphore(usable_cores())

    @cached_property
    def ffmpeg(self) -> str | None:
        """The FFmpeg program, for M4A, AAC and WebM; None where there is none."""
        return ffmpeg_path()

    def decode(
        self, path: Path, *, max_seconds: float, label: str | None = None, field: str | None = None
    ) -> Path:
        """Decode the sound file ``path`` into ``path.wav`` beside it: 24 kHz, mono, float32.

        ``label`` is what the client calls the file, ``field`` where it sent it; both are for the
        error. Raises ``Problem``: ``unusable_recording``, ``too_large`` (longer than
        ``max_seconds``, or too much work), ``unsupported_media_type`` (needs FFmpeg),
        ``queue_full``, ``storage_full``.
        """
        label = label or path.name
        if path.stat().st_size == 0:
            raise Problem("unusable_recording", f"{label}: the file is empty.", field=field)
        if is_cut_off(path):
            detail = f"{label}: the file is cut off before its end. Send it again."
            raise Problem("unusable_recording", detail, field=field)
        target = path.with_name(path.name + ".wav")
        order = Order(
            source=str(path.absolute()),
            target=str(target.absolute()),
            answer=str(path.absolute().with_name(path.name + ".json")),
            sample_rate=DEFAULT_SPEC.sample_rate,
            max_seconds=max_seconds,
            cpu_seconds=max(1, round(self.settings.decode_seconds)),
            memory_bytes=self.settings.decode_bytes,
            ffmpeg=self.ffmpeg,
            length_known=length_is_known(path),
        )
        patience = WALL_FACTOR * self.settings.decode_seconds
        if not self._free.acquire(timeout=patience):
            raise Problem("queue_full", "Too many uploads at once.", headers={"Retry-After": "10"})
        try:
            code, detail = _run(order, patience)
        finally:
            self._free.release()
        if code is not None:
            target.unlink(missing_ok=True)
            raise Problem(code, f"{label}: {detail}", field=field)
        return target

    def decode_all(
        self, paths: Sequence[Path], labels: Sequence[str], *, max_seconds: float, field: str
    ) -> list[Path]:
        """:meth:`decode` for several files, as many at a time as there are cores."""
        with ThreadPoolExecutor(usable_cores()) as pool:
            jobs = [
                pool.submit(self.decode, path, max_seconds=max_seconds, label=label, field=field)
                for path, label in zip(paths, labels, strict=True)
            ]
            try:
                return [job.result() for job in jobs]
            finally:
                pool.shutdown(cancel_futures=True)


def _run(order: Order, patience: float) -> tuple[str | None, str]:
    """Run the child: ``(None, "")`` when the target is there, else a problem's code and why."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-m", CHILD, json.dumps(asdict(order))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=Path(order.target).parent,
        env=_environment(),
        start_new_session=True,
    )
    try:
        status = process.wait(patience)
    except subprocess.TimeoutExpired:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)  # with an FFmpeg that it may have started
        process.kill()
        process.wait()
        return "too_large", f"decoding it took longer than {patience:.0f} s."
    return _verdict(order, status)


def _verdict(order: Order, status: int) -> tuple[str | None, str]:
    answer = _read_answer(Path(order.answer))
    if "seconds" in answer and status == 0 and Path(order.target).is_file():
        return None, ""
    code, detail = answer.get("code"), answer.get("detail")
    if code in PROBLEMS and isinstance(detail, str):
        return str(code), detail[:DETAIL_LIMIT]
    if status in (-signal.SIGKILL, -getattr(signal, "SIGXCPU", 0)):  # hard limit, or soft
        return "too_large", f"decoding it took more than {order.cpu_seconds} s of computing."
    return "unusable_recording", "it cannot be decoded; the decoder failed on it."


def _read_answer(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            answer = json.loads(file.read(ANSWER_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    finally:
        path.unlink(missing_ok=True)
    return answer if isinstance(answer, dict) else {}


def _environment() -> dict[str, str]:
    """Nothing of the server's environment but where programs and libraries are."""
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "LANG")
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return {name: os.environ[name] for name in kept if name in os.environ} | single
