"""01.e1  What do these bytes say?  One answer."""

from __future__ import annotations

import codecs


def decode(data: bytes) -> tuple[str, str]:
    """The text in `data` and the encoding that it was in."""
    encoding = _encoding(data)
    text = data.decode(encoding)
    return text.replace("\r\n", "\n").replace("\r", "\n"), encoding


def _encoding(data: bytes) -> str:
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"
