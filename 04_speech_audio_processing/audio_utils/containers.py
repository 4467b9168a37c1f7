"""Is a sound file whole? Decoders are polite and return what is there of a cut-off file.

A reference or a training utterance that ends in the middle of a word does harm later, so a file
that a broken copy or download has shortened is found here, from its container alone: a RIFF chunk
(WAV) or an Ogg page that says it is longer than the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

_STREAMED = 0x7FFF_0000  # programs that write WAV into a pipe put "very long" as the size
_TAIL_BYTES = 2 * 65_307  # an Ogg page has at most 65 307 bytes
_TABLE_BYTES = 64  # of an MP3 frame: where the name of its table lies, if it has one
_MOST_CHUNKS = 1000  # before the samples of a WAV file; none has more unless it means harm


def is_cut_off(path: Path) -> bool:
    """Whether a WAV or Ogg file ends before its own header says so; False for other formats."""
    size = path.stat().st_size
    with path.open("rb") as file:
        magic = file.read(12)
        if magic[:4] == b"RIFF" and magic[8:12] == b"WAVE":
            return _wav_is_cut_off(file, size)
        if magic[:4] == b"OggS":
            return _ogg_is_cut_off(file, size)
    return False


def length_is_known(path: Path) -> bool:
    """Whether the decoder knows how long the file is before it has read it; False: it guesses.

    An MP3 file says so only in a first frame with a table ("Xing", "Info" or "VBRI"), which a
    stream, written as it is made, cannot have; from the file's size one gets a rough idea, in which
    tags and pictures count as sound.
    """
    with path.open("rb") as file:
        start = file.read(10)
        while start[:3] == b"ID3":
            size = 0
            for byte in start[6:10]:  # seven bits each (ID3v2, section 3.1)
                size = (size << 7) | (byte & 0x7F)
            file.seek(size, 1)
            start = file.read(10)
        if len(start) < 2 or start[0] != 0xFF or start[1] & 0xE6 != 0xE2:  # not layer III
            return True
        frame = start + file.read(_TABLE_BYTES)
    return any(name in frame for name in (b"Xing", b"Info", b"VBRI"))


def _wav_is_cut_off(file: BinaryIO, size: int) -> bool:
    position = 12
    for _ in range(_MOST_CHUNKS):
        if position + 8 > size:
            break
        file.seek(position)
        name, length = file.read(4), int.from_bytes(file.read(4), "little")
        position += 8 + length + length % 2
        if name == b"data":
            return 0 < length < _STREAMED and position - length % 2 > size
    return False  # no samples at all: libsndfile says what is wrong


def _ogg_is_cut_off(file: BinaryIO, size: int) -> bool:
    start = max(0, size - _TAIL_BYTES)
    file.seek(start)
    tail = file.read()
    page = tail.rfind(b"OggS")
    if page < 0 or len(tail) < page + 27:
        return True
    segments = tail[page + 26]
    table = tail[page + 27 : page + 27 + segments]
    return len(table) < segments or page + 27 + segments + sum(table) > len(tail)
