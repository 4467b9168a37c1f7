"""Sound as it leaves the server: encoded while it is made, with tags that say it is synthetic.

pcm    24 kHz, 16 bits, little-endian, mono     no tags: it has no place for any
wav    the same behind a header                 LIST INFO
flac   by libsndfile                            Vorbis comment
opus   by libsndfile, in Ogg                    Vorbis comment
mp3    by libsndfile (LAME)                     ID3v2
aac    by FFmpeg, as ADTS frames                ID3v2
"""

from __future__ import annotations

import contextlib
import io
import os
import struct
from collections.abc import Generator, Iterable
from typing import Any, Literal, Protocol, get_args

import numpy as np
import numpy.typing as npt
import soundfile
from audio_utils import DEFAULT_SPEC

from voice_replication.narration.formats import Tags, id3
from voice_replication.serving.aac import AacEncoder

Audio = npt.NDArray[np.float32]
AudioFormat = Literal["mp3", "wav", "pcm", "flac", "opus", "aac"]

FORMATS: tuple[AudioFormat, ...] = get_args(AudioFormat)
MEDIA_TYPES: dict[AudioFormat, str] = {
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
    "flac": "audio/flac",
    "opus": "audio/ogg",
    "aac": "audio/aac",
}
UNKNOWN_SIZE = 0xFFFFFFFF  # in a WAV header: until the end of the stream
RATE = DEFAULT_SPEC.sample_rate
STEP_SAMPLES = RATE // 2

# libsndfile's container, subtype and options
_SNDFILE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "flac": ("FLAC", "PCM_16", {}),
    "opus": ("OGG", "OPUS", {}),
    # 64 kbit/s, constant: with a variable rate a player could not tell how long a stream lasts
    "mp3": ("MP3", "MPEG_LAYER_III", {"bitrate_mode": "CONSTANT", "compression_level": 0.6}),
}


class Encoder(Protocol):
    """Bytes for sound that comes in pieces. Any call may return nothing yet."""

    def push(self, audio: Audio) -> bytes:
        """Take ``(T,)`` float32 in [-1, 1] and give what can be sent now."""
        ...

    def finish(self) -> bytes:
        """Give the rest."""
        ...

    def close(self) -> None:
        """Release what is held, finished or not."""
        ...


def encode(parts: Iterable[Audio], audio_format: AudioFormat, tags: Tags) -> Generator[bytes]:
    """The bytes of 24 kHz mono ``parts`` as they come, in pieces that are never empty.

    ``MissingDependencyError``: aac without FFmpeg.
    """
    with contextlib.closing(_open(audio_format, tags)) as encoder:
        for part in parts:
            for start in range(0, len(part), STEP_SAMPLES):  # so that little waits for the codec
                if data := encoder.push(part[start : start + STEP_SAMPLES]):
                    yield data
        if data := encoder.finish():
            yield data


def encode_whole(audio: Audio, audio_format: AudioFormat, tags: Tags) -> bytes:
    """A file of ``(T,)`` audio whose headers know its length."""
    if audio_format == "wav":
        return _Pcm(wav_header(tags, len(audio))).push(audio)
    with contextlib.closing(_open(audio_format, tags, whole=True)) as encoder:
        return encoder.push(audio) + encoder.finish()


def _open(audio_format: AudioFormat, tags: Tags, whole: bool = False) -> Encoder:
    if audio_format == "pcm":
        return _Pcm(b"")
    if audio_format == "wav":
        return _Pcm(wav_header(tags))
    if audio_format == "aac":
        return AacEncoder(tags)
    return _Sndfile(audio_format, tags, whole)


def wav_header(tags: Tags, samples: int | None = None) -> bytes:
    """RIFF, the format, the tags, and the beginning of a data chunk of ``samples`` (None: of
    unknown length)."""
    names = {"title": b"INAM", "artist": b"IART", "genre": b"IGNR", "comment": b"ICMT"}
    names |= {"software": b"ISFT"}
    entries = b"INFO"
    for name, value in tags.to_dict().items():
        if name in names:
            text = value.encode() + b"\0"
            entries += names[name] + struct.pack("<I", len(text)) + text + b"\0" * (len(text) % 2)
    layout = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)
    chunks = b"WAVEfmt " + struct.pack("<I", len(layout)) + layout
    chunks += b"LIST" + struct.pack("<I", len(entries)) + entries
    size = UNKNOWN_SIZE if samples is None else 2 * samples
    whole = UNKNOWN_SIZE if samples is None else len(chunks) + 8 + size
    return b"RIFF" + struct.pack("<I", whole) + chunks + b"data" + struct.pack("<I", size)


class _Pcm:
    """16-bit samples behind ``header``."""

    def __init__(self, header: bytes) -> None:
        self._header = header

    def push(self, audio: Audio) -> bytes:
        samples = np.rint(np.clip(audio, -1.0, 1.0) * 32767.0).astype("<i2")
        header, self._header = self._header, b""
        return header + bytes(samples.tobytes())

    def finish(self) -> bytes:
        return b""

    def close(self) -> None:
        pass


class _Sink(io.RawIOBase):
    """A file that libsndfile writes to and whose new bytes are taken away at once.

    What it writes again to bytes that were taken, at its end, is lost: sizes and checksums in
    headers that decoders of streams do without.
    """

    def __init__(self) -> None:
        super().__init__()
        self._kept = bytearray()
        self._taken = self._position = 0

    def write(self, data: Any) -> int:
        data = bytes(data)
        start = self._position - self._taken  # in what is kept; negative: already sent
        fresh = data[max(0, -start) :]
        start = max(0, start)
        self._kept[start : start + len(fresh)] = fresh
        self._position += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._end}[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def take(self) -> bytes:
        """All that was written since the last call."""
        data = bytes(self._kept)
        self._taken += len(data)
        self._kept.clear()
        return data

    @property
    def _end(self) -> int:
        return self._taken + len(self._kept)


class _Sndfile:
    """What libsndfile encodes; ``whole``: nothing is given before the end, headers included."""

    def __init__(self, audio_format: AudioFormat, tags: Tags, whole: bool) -> None:
        container, subtype, options = _SNDFILE[audio_format]
        self._sink = _Sink()
        self._whole = whole
        self._front = b""
        self._file = soundfile.SoundFile(
            self._sink, "w", RATE, 1, subtype, format=container, **options
        )
        if audio_format == "mp3":  # libsndfile's own would be UTF-8 marked as Latin-1
            buffer = io.BytesIO()
            id3(tags).save(buffer, padding=lambda _: 0)
            self._front = buffer.getvalue()
        else:
            for name, value in tags.to_dict().items():
                setattr(self._file, name, value)

    def push(self, audio: Audio) -> bytes:
        self._file.write(np.clip(audio, -1.0, 1.0))
        return b"" if self._whole else self._take()

    def finish(self) -> bytes:
        self._file.close()
        return self._take()

    def close(self) -> None:
        self._file.close()

    def _take(self) -> bytes:
        front, self._front = self._front, b""
        return front + self._sink.take()
