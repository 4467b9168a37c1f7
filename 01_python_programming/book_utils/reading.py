"""Reading a text file, whatever wrote it."""

from __future__ import annotations

import codecs
from pathlib import Path

from env_utils import InputError

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_text(path: str | Path) -> str:
    """The text of a file, with line ends as ``\\n`` and no byte-order mark.

    The encoding is taken from a byte-order mark, else UTF-8 is tried, else Windows-1252, in which
    older plain-text books are written. Raises ``InputError`` for a file that is missing, empty or
    not text.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file.") from None
    except IsADirectoryError:
        raise InputError(f"{path}: this is a folder; name a text file in it.") from None
    text = decode(data, str(path)).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise InputError(f"{path}: the file is empty.")
    return text


def decode(data: bytes, source: str) -> str:
    """Bytes to text; ``InputError`` naming ``source`` if they are not text."""
    for mark, encoding in BOMS:
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError as error:
                raise InputError(f"{source}: damaged {encoding} text ({error.reason}).") from None
    if b"\x00" in data:
        raise InputError(f"{source}: this is a binary file, not text. Save the book as .txt.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    odd = sum(c == "�" or (c < " " and c not in "\t\n\r\f") for c in text)
    if odd > 0.01 * len(text):
        raise InputError(f"{source}: this is a binary file, not text. Save the book as .txt.")
    return text
