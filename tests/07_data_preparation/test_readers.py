"""Every corpus layout is recognized and read as its authors laid it out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from audio_utils import save_audio
from data_utils import detect_corpus, read_corpus, write_manifest
from data_utils.corpus_files import safe_name
from env_utils import InputError
from hypothesis import given
from hypothesis import strategies as st


def sound(path: Path, seconds: float = 0.1) -> Path:
    """A short tone as a real sound file."""
    time = np.arange(round(seconds * 16_000)) / 16_000
    save_audio(path, (0.3 * np.sin(2 * np.pi * 220 * time)).astype(np.float32), 16_000)
    return path


def text(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def ljspeech(root: Path) -> None:
    text(
        root / "metadata.csv",
        "LJ001-0001|In 1455, printing|In fourteen fifty-five, printing\n"
        "LJ001-0002|no “normalized” part|\n",
    )
    sound(root / "wavs" / "LJ001-0001.wav")
    sound(root / "wavs" / "LJ001-0002.wav")


def vctk(root: Path) -> None:
    text(
        root / "speaker-info.txt", "ID  AGE  GENDER  ACCENTS\n225  23  F  English\np226 22 M Eng\n"
    )
    for speaker in ("p225", "p226"):
        text(root / "txt" / speaker / f"{speaker}_001.txt", "Please call Stella.\n")
        for microphone in ("mic1", "mic2"):
            sound(root / "wav48_silence_trimmed" / speaker / f"{speaker}_001_{microphone}.flac")
    sound(root / "wav48_silence_trimmed" / "p315" / "p315_001_mic1.flac")  # has no transcripts


def librispeech(root: Path) -> None:
    text(root / "SPEAKERS.TXT", "; comment\n84 | F | dev-clean | 8 | Ann\n19 | M | x | 8 | Bob\n")
    for subset, speaker in (("dev-clean", "84"), ("train-clean-5", "19")):
        chapter = root / subset / speaker / "121123"
        sound(chapter / f"{speaker}-121123-0000.flac")
        sound(chapter / f"{speaker}-121123-0001.flac")
        text(
            chapter / f"{speaker}-121123.trans.txt",
            f"{speaker}-121123-0000 GO ON\n{speaker}-121123-0001 OH NO\n",
        )


def libritts(root: Path) -> None:
    text(root / "speakers.tsv", "READER\tGENDER\tSUBSET\n84\tF\tdev-clean\n")
    chapter = root / "train-clean-100" / "84" / "121123"
    sound(chapter / "84_121123_000007_000001.wav")
    text(chapter / "84_121123_000007_000001.normalized.txt", "Mister Smith said: go.")
    text(chapter / "84_121123_000007_000001.original.txt", "Mr. Smith said: go.")


def own_table(root: Path) -> None:
    text(root / "metadata.csv", "file,text,speaker\na.wav,Hello.,anna\nsub/b,Good bye.,ben\n")
    sound(root / "a.wav")
    sound(root / "sub" / "b.flac")
    sound(root / "not-mentioned.wav")


def own_texts(root: Path) -> None:
    sound(root / "anna" / "1.wav")
    text(root / "anna" / "1.txt", "Hello\nthere.\n")
    sound(root / "ben" / "1.flac")


def bare(root: Path) -> None:
    sound(root / "interview part 1.wav")
    sound(root / ".hidden" / "x.wav")


Row = tuple[str, str, str, str, str, int, str]
LAYOUTS: dict[str, tuple[Callable[[Path], None], str, list[Row]]] = {
    "ljspeech": (
        ljspeech,
        "ljspeech",
        [
            ("LJ001-0001", "ljspeech", "LJ", "F", "", 22050, "In fourteen fifty-five, printing"),
            ("LJ001-0002", "ljspeech", "LJ", "F", "", 22050, "no “normalized” part"),
        ],
    ),
    "vctk": (
        vctk,
        "vctk",
        [
            ("p225_001", "vctk", "p225", "F", "", 48000, "Please call Stella."),
            ("p226_001", "vctk", "p226", "M", "", 48000, "Please call Stella."),
            ("p315_001", "vctk", "p315", "", "", 48000, ""),
        ],
    ),
    "librispeech": (
        librispeech,
        "librispeech",
        [
            ("84-121123-0000", "librispeech-dev-clean", "84", "F", "unseen", 16000, "GO ON"),
            ("84-121123-0001", "librispeech-dev-clean", "84", "F", "unseen", 16000, "OH NO"),
            ("19-121123-0000", "librispeech-train-clean-5", "19", "M", "", 16000, "GO ON"),
            ("19-121123-0001", "librispeech-train-clean-5", "19", "M", "", 16000, "OH NO"),
        ],
    ),
    "libritts": (
        libritts,
        "libritts",
        [
            (
                "84_121123_000007_000001",
                "libritts-train-clean-100",
                "84",
                "F",
                "",
                24000,
                "Mister Smith said: go.",
            )
        ],
    ),
    "own, table": (
        own_table,
        "own",
        [
            ("a", "own", "anna", "", "", 0, "Hello."),
            ("sub_b", "own", "ben", "", "", 0, "Good bye."),
        ],
    ),
    "own, texts": (
        own_texts,
        "own",
        [
            ("anna_1", "own", "anna", "", "", 0, "Hello there."),
            ("ben_1", "own", "ben", "", "", 0, ""),
        ],
    ),
    "own, nothing": (bare, "own", [("interview-part-1", "own", "corpus", "", "", 0, "")]),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_is_recognized_and_read(tmp_path: Path, layout: str) -> None:
    make, name, expected = LAYOUTS[layout]
    root = tmp_path / "corpus"
    make(root)
    assert detect_corpus(root) == name
    found = read_corpus(root)
    assert found == read_corpus(root, name)
    assert [
        (u.id, u.corpus, u.speaker, u.gender, u.split, u.source_rate, u.text) for u in found
    ] == expected
    assert all(u.path.is_absolute() and u.path.is_file() for u in found)


def test_one_part_of_librispeech_is_enough(tmp_path: Path) -> None:
    """People unpack one subset and point at it; speaker table and genders are one level up."""
    librispeech(tmp_path)
    found = read_corpus(tmp_path / "dev-clean")
    assert {(u.corpus, u.gender, u.split) for u in found} == {
        ("librispeech-dev-clean", "F", "unseen")
    }


def test_old_vctk_has_one_microphone(tmp_path: Path) -> None:
    text(tmp_path / "txt" / "p225" / "p225_001.txt", "Please call Stella.")
    sound(tmp_path / "wav48" / "p225" / "p225_001.wav")
    assert [u.text for u in read_corpus(tmp_path)] == ["Please call Stella."]


def test_somebody_elses_voice_in_the_layout_of_lj_speech(tmp_path: Path) -> None:
    """The layout is popular; the speaker is then not LJ, nor the rate or licence hers."""
    root = tmp_path / "maria"
    text(root / "metadata.csv", "take1|Hello.|Hello.\n")
    sound(root / "wavs" / "take1.flac")
    (found,) = read_corpus(root)
    assert (found.speaker, found.corpus, found.source_rate, found.licence) == (
        "maria",
        "maria",
        0,
        "",
    )
    assert found.path.is_file()


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_tables_come_with_any_separator(tmp_path: Path, separator: str) -> None:
    rows = [("file", "text"), ("a.wav", "Hello"), ("a.wav", "Hello again")]
    text(tmp_path / "metadata.csv", "\n".join(separator.join(row) for row in rows))
    sound(tmp_path / "a.wav")
    (found,) = read_corpus(tmp_path)  # the last row counts: it is the retake
    assert found.text == "Hello again"


def test_a_single_file_is_a_corpus_too(tmp_path: Path) -> None:
    path = sound(tmp_path / "anna" / "hello.wav")
    text(path.with_suffix(".txt"), "Hello.")
    (found,) = read_corpus(path)
    assert (found.id, found.text, found.speaker) == ("hello", "Hello.", "anna")


def test_the_manifest_comes_before_everything(tmp_path: Path) -> None:
    own_table(tmp_path)
    write_manifest(tmp_path / "manifest.csv", read_corpus(tmp_path)[:1])
    assert detect_corpus(tmp_path) == "manifest"
    assert [u.id for u in read_corpus(tmp_path)] == ["a"]


@pytest.mark.parametrize(
    ("files", "corpus", "complaint"),
    [
        ({}, "auto", "no known corpus layout and no sound files"),
        ({"notes.txt": "x"}, "auto", "no known corpus layout"),
        ({"a.wav": "x"}, "dutch", "corpus layout 'dutch': known are auto, manifest"),
        ({"a.wav": "x"}, "ljspeech", r"metadata\.csv: there is no such file"),
        ({"a.wav": "x"}, "vctk", "no utterance found under the layout 'vctk'"),
        ({"a.wav": "x"}, "librispeech", "no utterance found"),
        (
            {"metadata.csv": "file,words\na.wav,x"},
            "auto",
            r"metadata\.csv: column 'text' is missing",
        ),
        ({"metadata.csv": "file,text\n,x"}, "auto", "row 2: column 'file' is empty"),
        (
            {"metadata.csv": "LJ1 no bars", "wavs/LJ1.wav": ""},
            "ljspeech",
            "line 1: expected 'id|text",
        ),
    ],
)
def test_what_cannot_be_read_is_said(
    tmp_path: Path, files: dict[str, str], corpus: str, complaint: str
) -> None:
    for name, content in files.items():
        text(tmp_path / name, content)
    with pytest.raises(InputError, match=complaint.replace("|", r"\|")):
        read_corpus(tmp_path, corpus)


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere: there is no such folder"):
        read_corpus(tmp_path / "nowhere")


@given(st.text())
def test_safe_names_are_single_harmless_file_names(name: str) -> None:
    safe = safe_name(name)
    assert safe and Path(safe).name == safe and not safe.startswith(".")
    assert safe_name(safe) == safe
