"""Sound files with tags, written piece by piece, so that a chapter of hours fits in any memory.

WAV, FLAC, OGG (Opus) and MP3 are written by libsndfile; M4A and M4B, with chapter marks, by FFmpeg.
Whatever the format, the comment and the genre of every file say that the speech in it is synthetic.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import soundfile
from audio_utils import ffmpeg_path
from env_utils import InputError, MissingDependencyError, StorageFullError, atomic_path

if TYPE_CHECKING:
    from mutagen.id3 import ID3

Audio = npt.NDArray[np.float32]
Write = Callable[[Audio], None]

SYNTHETIC = "Synthetic speech: spoken by a computer in a cloned voice, not by a person."
GENRE = "Synthetic speech"
SOFTWARE = "voiceclone"
FULL_BYTES = 2**17  # a disk on which writing failed and less than this is free is full
BIT_RATE = "64k"  # of AAC: transparent for mono speech at 24 kHz

# libsndfile's container and subtype. FLAC has 24 bits where it may be cloned from again.
_SNDFILE: dict[str, tuple[str, str, dict[str, Any]]] = {
    ".wav": ("WAV", "PCM_16", {}),
    ".flac": ("FLAC", "PCM_16", {}),
    ".ogg": ("OGG", "OPUS", {}),
    ".mp3": ("MP3", "MPEG_LAYER_III", {"bitrate_mode": "VARIABLE", "compression_level": 0.3}),
}
_FFMPEG = (".m4a", ".m4b")
SUFFIXES = (*_SNDFILE, *_FFMPEG)


@dataclass(frozen=True)
class Tags:
    """What a player shows. Empty fields are left out; the synthetic mark is always there."""

    title: str = ""
    voice: str = ""  # shown as the artist
    album: str = ""  # the book
    track: int = 0  # the chapter's number, from 1

    def to_dict(self) -> dict[str, str]:
        """Tag name -> value, in the names that libsndfile and FFmpeg share (but for the track)."""
        values = {
            "title": self.title,
            "artist": f"{self.voice} (synthetic voice)" if self.voice else "",
            "album": self.album,
            "tracknumber": str(self.track or ""),
            "genre": GENRE,
            "comment": SYNTHETIC,
            "software": SOFTWARE,
        }
        return {name: " ".join(value.split()) for name, value in values.items() if value}


@dataclass(frozen=True)
class ChapterMark:
    """A chapter inside one file; seconds from its start."""

    title: str
    start: float
    end: float


def check_suffix(path: Path) -> None:
    """Fail early if ``path`` cannot be written: unknown suffix, or FFmpeg is needed and missing."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"{path}: cannot write '{suffix}'; use one of {', '.join(SUFFIXES)}.")
    if path.is_dir():
        raise InputError(f"{path}: this is a folder; give the name of a file.")
    if suffix in _FFMPEG and ffmpeg_path() is None:
        raise MissingDependencyError(
            f"{path}: writing {suffix} needs FFmpeg, which was not found; install it (or "
            "`pip install imageio-ffmpeg`), or choose .wav, .flac, .ogg or .mp3."
        )


def write_audio(path: Path, audio: Audio, sample_rate: int, tags: Tags) -> None:
    """Write ``(T,)`` float audio in [-1, 1] in the format of the suffix, atomically."""
    with open_audio(path, sample_rate, tags) as write:
        write(audio)


@contextmanager
def open_audio(
    path: Path, sample_rate: int, tags: Tags, chapters: Sequence[ChapterMark] = ()
) -> Iterator[Write]:
    """Yield a function that appends float audio ``(T,)``; the file appears when all went well.

    ``chapters`` become chapter marks in M4A and M4B; other formats have none. Raises
    ``InputError`` (unknown suffix, full disk) or ``MissingDependencyError`` (no FFmpeg).
    """
    check_suffix(path)
    with atomic_path(path) as temporary:
        if path.suffix.lower() in _FFMPEG:
            with _ffmpeg(path, temporary, sample_rate, tags, chapters) as write:
                yield write
        else:
            with _sndfile(path, temporary, sample_rate, tags) as write:
                yield write
            if path.suffix.lower() == ".mp3":
                id3(tags).save(temporary)


@contextmanager
def _sndfile(path: Path, temporary: Path, sample_rate: int, tags: Tags) -> Iterator[Write]:
    container, subtype, options = _SNDFILE[path.suffix.lower()]
    try:
        with soundfile.SoundFile(
            str(temporary), "w", sample_rate, 1, subtype, format=container, **options
        ) as stream:
            if path.suffix.lower() != ".mp3":  # there it would write UTF-8 marked as Latin-1
                for name, value in tags.to_dict().items():
                    setattr(stream, name, value)
            yield lambda audio: stream.write(np.clip(audio, -1.0, 1.0))
    except soundfile.LibsndfileError as error:
        raise _not_written(path, str(error)) from error


def id3(tags: Tags) -> ID3:
    """ID3v2 tags, as MP3 files begin with."""
    from mutagen import id3

    frames = {
        "title": id3.TIT2,
        "artist": id3.TPE1,
        "album": id3.TALB,
        "tracknumber": id3.TRCK,
        "genre": id3.TCON,
        "software": id3.TSSE,
    }
    header = id3.ID3()
    for name, value in tags.to_dict().items():
        if name == "comment":
            header.add(id3.COMM(encoding=3, lang="eng", desc="", text=[value]))
        else:
            header.add(frames[name](encoding=3, text=[value]))
    return header


def ffmpeg_tags(tags: Tags) -> dict[str, str]:
    """Tag name -> value, in FFmpeg's names."""
    names = {"tracknumber": "track", "software": "encoder"}
    return {names.get(name, name): value for name, value in tags.to_dict().items()}


@contextmanager
def _ffmpeg(
    path: Path, temporary: Path, sample_rate: int, tags: Tags, chapters: Sequence[ChapterMark]
) -> Iterator[Write]:
    with tempfile.TemporaryDirectory() as scratch:
        metadata = Path(scratch) / "metadata.txt"
        metadata.write_text(_ffmetadata(tags, chapters), encoding="utf-8")
        errors = (Path(scratch) / "errors.txt").open("w+b")
        command = [str(ffmpeg_path()), "-v", "error", "-y"]
        command += ["-f", "f32le", "-ar", str(sample_rate), "-ac", "1", "-i", "pipe:0"]
        command += ["-i", str(metadata), "-map", "0:a", "-map_metadata", "1", "-map_chapters", "1"]
        command += ["-c:a", "aac", "-b:a", BIT_RATE, "-movflags", "+faststart", "-f", "ipod"]
        process = subprocess.Popen(
            [*command, str(temporary)], stdin=subprocess.PIPE, stderr=errors, start_new_session=True
        )
        stdin = process.stdin
        assert stdin is not None  # it was asked for as a pipe
        try:
            yield lambda audio: _feed(stdin.write, audio)
            stdin.close()
            failed = process.wait() != 0
        except BrokenPipeError:
            failed = True
        finally:
            process.kill()
            process.wait()
        with errors:
            errors.seek(0)
            if failed:
                raise _not_written(path, errors.read().decode("utf-8", "replace").strip()[-200:])


def _feed(write: Callable[[bytes], int], audio: Audio) -> None:
    write(np.clip(audio, -1.0, 1.0).astype("<f4").tobytes())


def _ffmetadata(tags: Tags, chapters: Sequence[ChapterMark]) -> str:
    """FFmpeg's metadata file: https://ffmpeg.org/ffmpeg-formats.html#Metadata-2."""
    lines = [";FFMETADATA1"]
    lines += [f"{name}={_escape(value)}" for name, value in ffmpeg_tags(tags).items()]
    for mark in chapters:
        lines += ["[CHAPTER]", "TIMEBASE=1/1000"]
        lines += [f"START={round(mark.start * 1000)}", f"END={round(mark.end * 1000)}"]
        lines += [f"title={_escape(mark.title)}"]
    return "\n".join(lines) + "\n"


def _escape(text: str) -> str:
    for character in "\\=;#":
        text = text.replace(character, "\\" + character)
    return " ".join(text.split())


def _not_written(path: Path, reason: str) -> InputError:
    kind = StorageFullError if shutil.disk_usage(path.parent).free < FULL_BYTES else InputError
    return kind(
        f"{path}: the file could not be written completely ({reason or 'no reason given'}). Is the "
        "disk full? A previous version is untouched; run the same command again."
    )
