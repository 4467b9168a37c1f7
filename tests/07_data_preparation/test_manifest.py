"""Manifests come back as they were written, move with their folder, and say what is wrong."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from data_utils import COLUMNS, Utterance, read_manifest, write_manifest
from env_utils import InputError
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,20}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)


@st.composite
def utterances(draw: st.DrawFn) -> list[Utterance]:
    return [
        Utterance(
            id=name,
            path=Path("audio", f"{name}.flac"),
            text=" ".join(draw(TEXTS).split()),
            speaker=draw(NAMES),
            seconds=round(draw(st.floats(0, 1e6)), 3),
            corpus=draw(NAMES),
            split=draw(st.sampled_from(["", "train", "dev", "unseen"])),
            source_rate=draw(st.integers(0, 192_000)),
            gender=draw(st.sampled_from(["", "F", "M"])),
            licence=draw(NAMES),
        )
        for name in draw(st.lists(NAMES, unique=True, max_size=5))
    ]


@given(utterances())
def test_everything_comes_back(written: list[Utterance]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        placed = [Utterance(**{**vars(u), "path": folder / u.path}) for u in written]
        write_manifest(folder / "manifest.csv", placed)
        assert read_manifest(folder / "manifest.csv") == placed


def test_a_folder_can_be_moved(tmp_path: Path) -> None:
    old = tmp_path / "old"
    write_manifest(old / "manifest.csv", [Utterance("a", (old / "audio" / "a.flac").resolve())])
    moved = old.rename(tmp_path / "new")
    assert read_manifest(moved / "manifest.csv")[0].path == (moved / "audio" / "a.flac").resolve()


@pytest.mark.real_data
def test_the_real_manifest(speech_data: Path) -> None:
    """The layout that the house itself is trained on."""
    found = read_manifest(speech_data / "manifest.csv")
    assert len(found) > 7000
    assert {u.split for u in found} == {"train", "dev", "unseen"}
    assert all(u.path.is_file() for u in found[::100])
    unseen = {u.speaker for u in found if u.split == "unseen"}
    assert unseen and unseen.isdisjoint(u.speaker for u in found if u.split != "unseen")


@pytest.mark.parametrize("missing", COLUMNS)
def test_a_missing_column_is_named(tmp_path: Path, missing: str) -> None:
    table = tmp_path / "manifest.csv"
    table.write_text(",".join(c for c in COLUMNS if c != missing) + "\n")
    with pytest.raises(InputError, match=rf"manifest\.csv: column '{missing}' is missing.*Add it"):
        read_manifest(table)


GOOD = "a,own,anna,F,train,1.5,24000,CC0,a.wav,Hello."


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ("a,own,anna,F,train,long,24000,CC0,a.wav,Hi", "row 2, column 'seconds': 'long'"),
        ("a,own,anna,F,train,nan,24000,CC0,a.wav,Hi", "row 2, column 'seconds': 'nan'"),
        ("a,own,anna,F,train,-1,24000,CC0,a.wav,Hi", "column 'seconds': '-1'"),
        ("a,own,anna,F,train,1,fast,CC0,a.wav,Hi", "column 'source_rate': 'fast'"),
        (",own,anna,F,train,1,24000,CC0,a.wav,Hi", "column 'utterance' is empty"),
        ("a,own,anna,F,train,1,24000,CC0,,Hi", "column 'path' is empty"),
        (f"{GOOD}\n{GOOD}", "row 3: utterance 'a' occurs twice"),
        (f"{GOOD},more", "line 2: more cells than columns"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, rows: str, complaint: str) -> None:
    table = tmp_path / "manifest.csv"
    table.write_text(",".join(COLUMNS) + "\n" + rows + "\n")
    with pytest.raises(InputError, match=complaint):
        read_manifest(table)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "there is no such file"),
        (b"", "column 'utterance' is missing"),
        (b"\xff\xfe\x00garbage", "not UTF-8"),
        (bytes(range(1, 128)), "is missing"),
    ],
)
def test_a_file_that_is_no_table(tmp_path: Path, content: bytes | None, complaint: str) -> None:
    table = tmp_path / "manifest.csv"
    if content is not None:
        table.write_bytes(content)
    with pytest.raises(InputError, match=complaint):
        read_manifest(table)


def test_spreadsheet_files_are_read(tmp_path: Path) -> None:
    """Excel writes a byte order mark and CRLF; quoted texts may hold commas and quotation marks."""
    row = 'a,own,anna,F,train,1.5,24000,CC0,a.wav,"Well, ""yes""."'
    (tmp_path / "manifest.csv").write_bytes(
        ("\ufeff" + ",".join(COLUMNS) + "\r\n" + row + "\r\n").encode()
    )
    assert read_manifest(tmp_path / "manifest.csv")[0].text == 'Well, "yes".'
