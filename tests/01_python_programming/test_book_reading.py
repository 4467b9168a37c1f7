"""Files of any encoding are read, and what is no text is refused in one clear sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from book_utils import read_text
from env_utils import InputError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

_TEXT = "“Café” – naïve…\nsecond line\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "utf-16-le", "utf-16-be"]
)
def test_encodings(tmp_path: Path, encoding: str) -> None:
    boms = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
    path = tmp_path / "book.txt"
    path.write_bytes(boms.get(encoding, b"") + _TEXT.encode(encoding))
    assert read_text(path) == _TEXT


def test_line_ends_of_every_system_become_newlines(tmp_path: Path) -> None:
    path = tmp_path / "book.txt"
    path.write_bytes(b"one\r\ntwo\rthree\n")
    assert read_text(str(path)) == "one\ntwo\nthree\n"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b" \n\t\r\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b"PK\x03\x04....", "ZIP"),
        (b"RIFF\x00\x00\x00\x00WAVE", "WAV"),
        (b"OggS\x00\x02", "Ogg"),
        (b"fLaC\x00", "FLAC"),
        (bytes(range(256)), "binary"),
        (b"text \x00 text", "binary"),
        (b"\x01\x02\x03\x04 abc", "binary"),
        (b"caf\x81 \x8d", "UTF-8"),
        (b"\xff\xfea", "damaged"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "book.txt"
    path.write_bytes(data)
    with pytest.raises(InputError, match=message) as caught:
        read_text(path)
    assert str(path) in str(caught.value)
    assert str(caught.value).endswith(".")


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.txt: there is no such file"):
        read_text(tmp_path / "none.txt")
    with pytest.raises(InputError, match="is a folder"):
        read_text(tmp_path)


def test_a_file_of_many_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.txt"
    with path.open("wb") as stream:
        os.truncate(stream.fileno(), 5 * 2**30)  # sparse: takes no space
    with pytest.raises(InputError, match="5120 MiB is too large"):
        read_text(path)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_utf8_text_comes_back(tmp_path: Path, text: str) -> None:
    path = tmp_path / "any.txt"
    path.write_text("x" + text, encoding="utf-8", newline="")
    assert read_text(path) == "x" + text
