"""What an upload is, by its first bytes (standard library only, for the decoding process)."""

from __future__ import annotations

from pathlib import Path

# What the first bytes of a file that is no sound say it is.
OTHERS = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"\x7fELF": "a program",
    b"MZ": "a program",
    b"#EXTM3U": "a playlist",
    b"ffconcat": "a playlist",
    b"[playlist]": "a playlist",
    b"<": "a web page or an XML file",
}


class Refused(Exception):
    """A file cannot be used: ``code`` is a problem's, ``detail`` completes "FILE: ..."."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


def container(source: Path) -> tuple[str, str]:
    """FFmpeg's demuxer and our name for a file, by its first bytes; ``Refused`` for all others.

    FFmpeg is never left to guess: among what it guesses are playlists, which name other files.
    """
    with source.open("rb") as file:
        start = file.read(64)
    if start.startswith(b"\x1aE\xdf\xa3"):
        return "matroska", "WebM or Matroska"
    if start[4:8] == b"ftyp":
        return "mov", "MP4 or M4A"
    if start[:1] == b"\xff" and len(start) > 7 and start[1] & 0xF6 == 0xF0:
        return "aac", "AAC"
    if start[:4] == b"fLaC" and len(start) > 25 and not (start[21] & 15 or any(start[22:26])):
        return "flac", "FLAC of unknown length"  # as streams are; libsndfile fails at their end
    for magic, name in OTHERS.items():
        if start.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(magic.lower()):
            raise Refused("unusable_recording", f"this is {name}, not a recording.")
    if start[:4] in (b"RIFF", b"fLaC", b"OggS", b"RF64", b"FORM"):
        raise Refused("unusable_recording", "its header is damaged, so nothing can be read.")
    raise Refused(
        "unusable_recording",
        "this is not a sound file. Send WAV, FLAC, OGG, MP3, M4A or WebM.",
    )
