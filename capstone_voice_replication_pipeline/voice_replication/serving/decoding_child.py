"""The process that decodes one upload: started for one file, limited, and gone afterwards.

    python -I -m voice_replication.serving.decoding_child '{"source": ..., "target": ..., ...}'

It reads whatever a stranger sent, so it takes away from itself all that it does not need before it
opens the file: memory, CPU time, file sizes, and on Linux privileges and the network. It holds one
block of audio at a time. The answer is a JSON file; the parent believes nothing else of it.

Only the standard library, NumPy, soundfile and soxr are imported here: torch alone would take
longer to start than any recording takes to decode.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from voice_replication.serving.file_kinds import Refused, container

Block = npt.NDArray[np.float32]

BLOCK_VALUES = 2**19  # samples of all channels read at once: 2 MiB
MAX_CHANNELS = 8
RATES_HZ = range(4_000, 192_001)
MAX_PEAK = 10.0  # 20 dB above full scale; what is louder was not scaled to [-1, 1]
MIN_SHARE = 0.98  # of the samples that the header promises
FORMATS = frozenset(("WAV", "WAVEX", "RF64", "FLAC", "OGG", "MP3", "AIFF"))
CODECS = "opus,libopus,vorbis,aac,mp3,mp3float,flac,alac,pcm_s16le,pcm_s24le,pcm_f32le"
CLONE_NEWUSER, CLONE_NEWNET, PR_SET_NO_NEW_PRIVS = 0x1000_0000, 0x4000_0000, 38


@dataclass(frozen=True)
class Order:
    """What to do, and within which limits."""

    source: str
    target: str  # 24 kHz mono float32 WAV
    answer: str  # JSON
    sample_rate: int  # of the target, Hz
    max_seconds: float
    cpu_seconds: int
    memory_bytes: int
    ffmpeg: str | None
    length_known: bool = True  # by the header, if the format has one for it


def confine(order: Order) -> None:
    """Give up what decoding does not need; what a system does not offer is left out."""
    with contextlib.suppress(ImportError):  # Windows
        import resource

        most = int(order.max_seconds * order.sample_rate * 4) + 2**16
        for name, limit in (
            ("RLIMIT_CORE", 0),
            ("RLIMIT_CPU", order.cpu_seconds),
            ("RLIMIT_FSIZE", most),
            ("RLIMIT_NOFILE", 64),
            ("RLIMIT_AS", order.memory_bytes),
        ):
            with contextlib.suppress(ValueError, OSError):  # macOS refuses some
                resource.setrlimit(getattr(resource, name), (limit, limit))
        os.nice(5)  # people are waiting for speech meanwhile
    if sys.platform == "linux":  # no set-user-id programs, no rights of root, no network
        system = ctypes.CDLL(None)
        system.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        system.unshare(CLONE_NEWUSER | CLONE_NEWNET)


def decode(order: Order) -> dict[str, Any]:
    """Decode as ordered; the facts about the file. Raises :class:`Refused`."""
    with contextlib.ExitStack() as stack:
        try:
            sound = stack.enter_context(soundfile.SoundFile(order.source))
            if sound.format == "FLAC" and sound.frames >= 2**62:
                raise RuntimeError("a stream")
        except (soundfile.LibsndfileError, RuntimeError):
            process, blocks = _open_ffmpeg(order)
            stack.callback(process.kill)
            rate = order.sample_rate
        else:
            known = order.length_known and sound.frames < 2**62
            promised = sound.frames if known else 0  # a stream promises nothing
            _check_header(sound, order, promised)
            rate, blocks = sound.samplerate, _read(sound, promised)
        samples = _write(blocks, rate, order)
    return {"seconds": samples / order.sample_rate}


def _check_header(sound: soundfile.SoundFile, order: Order, promised: int) -> None:
    if sound.format not in FORMATS:
        raise Refused("unusable_recording", f"{sound.format} files are not read here.")
    if sound.samplerate not in RATES_HZ:
        raise Refused(
            "unusable_recording",
            f"its header says {sound.samplerate} Hz; recordings have {RATES_HZ.start} to "
            f"{RATES_HZ.stop - 1} Hz.",
        )
    if sound.channels > MAX_CHANNELS:
        raise Refused(
            "unusable_recording",
            f"{sound.channels} channels; recordings have at most {MAX_CHANNELS}.",
        )
    if promised > order.max_seconds * sound.samplerate:
        raise _too_long(order, promised / sound.samplerate)


def _too_long(order: Order, seconds: float | None = None) -> Refused:
    length = f"{seconds / 60:,.0f} minutes long; " if seconds else ""
    most = order.max_seconds
    limit = f"{most / 60:g} minutes" if most >= 60 else f"{most:g} seconds"
    return Refused("too_large", f"{length}a recording has at most {limit}.")


def _read(sound: soundfile.SoundFile, promised: int) -> Iterator[Block]:
    """The channels' mean in blocks ``(T,)``; a file that ends too early is refused."""
    frames, read = BLOCK_VALUES // sound.channels, 0
    while True:
        try:
            block = sound.read(frames, dtype="float32", always_2d=True)
        except (soundfile.LibsndfileError, RuntimeError):
            raise Refused("unusable_recording", "it is damaged; the decoder gave up.") from None
        read += len(block)
        yield block.mean(axis=1, dtype=np.float32)
        if len(block) < frames:
            break
    if read < MIN_SHARE * promised:
        raise Refused(
            "unusable_recording",
            f"it is damaged or cut off: its header promises {promised / sound.samplerate:.1f} s, "
            f"but only {read / sound.samplerate:.1f} s are there.",
        )


def _open_ffmpeg(order: Order) -> tuple[subprocess.Popen[bytes], Iterator[Block]]:
    """Decode with FFmpeg, which may open this one file in this one format and nothing else."""
    demuxer, name = container(Path(order.source))
    if order.ffmpeg is None:
        raise Refused(
            "unsupported_media_type",
            f"this is {name}, which needs FFmpeg, and this server has none. Send WAV, FLAC, OGG "
            "or MP3.",
        )
    command = [order.ffmpeg, "-v", "error", "-nostdin", "-xerror", "-threads", "1"]
    command += ["-protocol_whitelist", "file", "-codec_whitelist", CODECS, "-f", demuxer]
    command += ["-i", f"file:{order.source}", "-map", "0:a:0", "-t", str(order.max_seconds + 1)]
    command += ["-f", "f32le", "-ac", "1", "-ar", str(order.sample_rate), "pipe:1"]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    return process, _from_pipe(process, process.stdout)


def _from_pipe(process: subprocess.Popen[bytes], pipe: IO[bytes]) -> Iterator[Block]:
    while data := pipe.read(4 * BLOCK_VALUES):
        yield np.frombuffer(data[: len(data) // 4 * 4], dtype=np.float32)
    if process.wait() != 0:
        raise Refused("unusable_recording", "it is damaged, or there is no sound in it.")


def _write(blocks: Iterator[Block], rate: int, order: Order) -> int:
    """Check, resample and write block by block; the samples written."""
    most, written = round(order.max_seconds * order.sample_rate), 0
    stream = soxr.ResampleStream(rate, order.sample_rate, 1, dtype="float32")
    with soundfile.SoundFile(
        order.target, "w", order.sample_rate, 1, subtype="FLOAT", format="WAV"
    ) as target:
        for block, last in _with_last(blocks):
            _check_samples(block)
            if rate != order.sample_rate:
                block = stream.resample_chunk(block, last=last)
            written += len(block)
            if written > most:
                raise _too_long(order)
            target.write(block)
    if written == 0:
        raise Refused("unusable_recording", "there are no samples in it.")
    return written


def _with_last(blocks: Iterator[Block]) -> Iterator[tuple[Block, bool]]:
    waiting = next(blocks, None)
    for block in blocks:
        assert waiting is not None
        yield waiting, False
        waiting = block
    if waiting is not None:
        yield waiting, True


def _check_samples(block: Block) -> None:
    peak = float(np.abs(block).max(initial=0.0))
    if not np.isfinite(peak):
        raise Refused("unusable_recording", "it contains samples that are no numbers (NaN or Inf).")
    if peak > MAX_PEAK:
        raise Refused(
            "unusable_recording",
            f"its samples reach {peak:.3g}, but full scale is 1. Export it again.",
        )


def main(arguments: str) -> None:
    """Decode and write the answer."""
    order = Order(**json.loads(arguments))
    confine(order)
    try:
        answer = decode(order)
    except Refused as refusal:
        answer = {"code": refusal.code, "detail": refusal.detail}
    except MemoryError:
        answer = {"code": "too_large", "detail": "it needs too much memory to decode."}
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        answer = {"code": "storage_full" if full else "unusable_recording"}
        answer["detail"] = "the server's disk is full." if full else "it cannot be decoded."
    Path(order.answer).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
