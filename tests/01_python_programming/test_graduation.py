"""What floor 01 writes by hand agrees with `book_utils`, and its conversion with `audio_utils`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import soundfile
from audio_utils import load_audio
from book_utils import (
    count_words,
    extract_dialogue,
    read_text,
    sample_book_path,
    sample_book_speakers,
    split_chapters,
)
from course.checking import load_script
from env_utils import InputError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FLOOR = Path(__file__).resolve().parents[2] / "01_python_programming"
BOOK = read_text(sample_book_path())
_PROPERTY = settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def lesson(name: str) -> ModuleType:
    return load_script(FLOOR / f"{name}.py", f"graduation_01_{name[:2]}")


READING = lesson("01_read_text_file")
COUNTING = lesson("02_count_words_sentences")
CONVERTING = lesson("03_convert_audio")
DIALOGUE = lesson("04_extract_dialogue")
CHAPTERS = lesson("05_split_chapters")


@_PROPERTY
@given(st.text("aé“”€ñß xyz.", min_size=1).filter(str.strip), st.sampled_from(["utf-8", "cp1252"]))
def test_decoding_by_hand(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(text.encode(encoding))
    assert READING.decode(path.read_bytes()) == read_text(path)


@_PROPERTY
@given(st.text("aB1é'’-_ .,\n“"))
def test_counting_words_by_hand(text: str) -> None:
    assert Counter(COUNTING.words_by_hand(text)) == count_words(text)


_PARAGRAPHS = st.lists(
    st.sampled_from(["“A word,” ", "“It’s ‘one.’” ", "he said. ", "it’s ", "“No end\n\n", "\n\n"])
)


@_PROPERTY
@given(_PARAGRAPHS.map("".join))
def test_speeches_by_hand_in_curly_and_in_straight_quotes(curly: str) -> None:
    for text in (curly, curly.replace("“", '"').replace("”", '"')):
        wanted = [line.text for line in extract_dialogue(text)]
        assert DIALOGUE.speeches_by_hand(text) == wanted


def test_the_book_by_hand() -> None:
    chapters = [chapter for chapter in split_chapters(BOOK) if chapter.number is not None]
    assert [body for _, body in CHAPTERS.chapters_by_hand(BOOK)] == [c.text for c in chapters]
    speeches = [speech for c in chapters for speech in DIALOGUE.speeches_by_hand(c.text)]
    assert speeches == [known.text for known in sample_book_speakers()]
    assert Counter(COUNTING.words_by_hand(BOOK)) == count_words(BOOK)


def test_roman_numerals_there_and_back() -> None:
    exercise = load_script(FLOOR / "solutions" / "ex03_roman.py", "graduation_01_e3")
    for value in range(1, 400):
        numeral = CHAPTERS.int_to_roman(value)
        assert CHAPTERS.roman_to_int(numeral) == exercise.roman_to_int(numeral) == value


@pytest.mark.parametrize(("rate", "channels"), [(48_000, 2), (44_100, 1), (16_000, 1)])
def test_conversion_by_hand_is_that_of_audio_utils(
    tmp_path: Path, rate: int, channels: int
) -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, (rate, channels)).astype(np.float32)
    path = tmp_path / "noise.flac"
    soundfile.write(path, sound, rate)
    mine, theirs = CONVERTING.read_mono(path), load_audio(path)
    assert abs(len(mine) - len(theirs)) <= 2
    length = min(len(mine), len(theirs)) - 400
    assert np.abs(mine[400:length] - theirs[400:length]).max() < 2e-3  # block-wise filter's ends


def test_a_conversion_resumes_and_keeps_names_apart(tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    (source / "deep").mkdir(parents=True)
    tone = np.sin(np.arange(8000) / 10).astype(np.float32) * 0.5
    for name in ("a.wav", "a.flac", "deep/b.wav"):
        soundfile.write(source / name, tone, 16_000)
    first = CONVERTING.convert_all([source], target, 2)
    assert [item.state for item in first] == ["converted"] * 3
    names = sorted(path.relative_to(target).as_posix() for path in target.rglob("*.wav"))
    assert names == ["a_flac.wav", "a_wav.wav", "deep/b.wav"]
    assert {item.state for item in CONVERTING.convert_all([source], target, 1)} == {"kept"}
    (target / "a_wav.wav").unlink()
    states = [item.state for item in CONVERTING.convert_all([source], target, 2)]
    assert sorted(states) == ["converted", "kept", "kept"]
    assert not list(target.rglob("*.part*")), "no half-written file"
    with pytest.raises(InputError, match="no such file or folder"):
        CONVERTING.convert_all([tmp_path / "none"], target, 1)
