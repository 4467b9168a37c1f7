"""Reading a text file whose encoding nobody has written down."""

from __future__ import annotations

import codecs
from pathlib import Path

from env_utils import InputError

_BOMS = (  # the longer ones first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SIGNATURES = (
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive (EPUB, Word and OpenDocument files are such archives)"),
    (b"\xd0\xcf\x11\xe0", "an old Word document"),
    (b"{\\rtf", "a rich-text (RTF) file"),
    (b"RIFF", "a WAV or other RIFF file"),
    (b"OggS", "an Ogg audio file"),
    (b"fLaC", "a FLAC audio file"),
    (b"ID3", "an MP3 audio file"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x1f\x8b", "a gzip archive"),
)
_CONTROL = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b"))
_MOST_CONTROL = 0.01  # share of control characters above which a file is not text
_LARGEST = 64 * 1024 * 1024  # bytes; the longest novels have five million


def read_text(path: str | Path) -> str:
    """The text of a file, with ``\\n`` line ends.

    The encoding is that of the byte-order mark if there is one, UTF-8 if the bytes are valid UTF-8,
    and Windows-1252 otherwise. ``InputError`` for a file that is missing, unreadable, empty, larger
    than 64 MiB or not text.
    """
    path = Path(path)
    data = _read_bytes(path)
    for signature, what in _SIGNATURES:
        if data.startswith(signature):
            raise InputError(f"{path}: this is {what}, not plain text. Export it as a .txt file.")
    text = _decode(path, data).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip("\ufeff \t\n\v\f\x00"):
        raise InputError(f"{path}: the file is empty. Give a file with some text in it.")
    return text


def _read_bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise InputError(f"{path}: this is a folder. Give the text file itself.")
        size = path.stat().st_size
        if size > _LARGEST:
            raise InputError(
                f"{path}: {size / 2**20:.0f} MiB is too large (64 MiB). Split the file."
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file. Check the name.") from error
    except OSError as error:
        raise InputError(f"{path}: the file cannot be read ({error.strerror}).") from error


def _decode(path: Path, data: bytes) -> str:
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), None)
    if encoding is None and _is_binary(data):
        raise InputError(f"{path}: this is not a text file (binary data). Give a plain text file.")
    for candidate in (encoding,) if encoding else ("utf-8", "cp1252"):
        try:
            return data.decode(candidate)
        except UnicodeDecodeError:
            continue
    raise InputError(
        f"{path}: the text is neither UTF-8 nor Windows-1252, or is damaged. Save it as UTF-8."
    )


def _is_binary(data: bytes) -> bool:
    if b"\x00" in data:
        return True
    return len(data) - len(data.translate(None, _CONTROL)) > _MOST_CONTROL * len(data)
