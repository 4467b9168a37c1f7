"""Long texts: no letter is lost in cutting, and no sentence is spoken twice for nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from env_utils import InputError
from hypothesis import given
from hypothesis import strategies as st
from tts_utils import (
    Audio,
    EspeakEngine,
    join_with_pauses,
    load_wav,
    save_wav,
    split_pieces,
)
from tts_utils.batch import speak_sentences


class Counting:
    """A real engine that remembers what it was asked for."""

    name, sample_rate = "counting", 8_000

    def __init__(self, fail_on: str = "") -> None:
        self.said: list[str] = []
        self.fail_on = fail_on

    def voices(self) -> list[str]:
        return ["only"]

    def synthesize(self, text: str, voice: str | None = None) -> Audio:
        if text == self.fail_on:
            raise KeyboardInterrupt
        assert voice is not None
        self.said.append(text)
        return Audio(np.full(80 * len(text), 0.25, dtype=np.float32), self.sample_rate)


SENTENCES = ["One.", "Two, two.", "Three."]


def test_a_second_run_speaks_only_what_is_missing_or_changed(tmp_path: Path) -> None:
    first = speak_sentences(SENTENCES, Counting(), "only", tmp_path)
    assert not any(s.reused for s in first) and first[0].path.name == "0001.wav"
    again = Counting()
    assert all(s.reused for s in speak_sentences(SENTENCES, again, "only", tmp_path))
    assert again.said == []
    (tmp_path / "0001.wav").unlink()
    (tmp_path / "0003.wav").write_bytes(b"RIFF cut off")
    speak_sentences(["One.", "Two, too.", "Three."], again, "only", tmp_path)
    assert again.said == ["One.", "Two, too.", "Three."]
    other = Counting()
    speak_sentences(SENTENCES[:1], other, "another voice", tmp_path)
    assert other.said == ["One."]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["0001.json", "0001.wav"]


def test_an_interruption_keeps_what_was_spoken(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        speak_sentences(SENTENCES, Counting(fail_on="Three."), "only", tmp_path)
    later = Counting()
    speak_sentences(SENTENCES, later, "only", tmp_path)
    assert later.said == ["Three."]


def test_a_sentence_without_a_word_is_left_out(tmp_path: Path) -> None:
    spoken = speak_sentences(["* * *", "Yes."], EspeakEngine(), "en-us", tmp_path)
    assert [s.text for s in spoken] == ["Yes."]
    with pytest.raises(InputError, match="nothing to speak"):
        speak_sentences(["...", ""], EspeakEngine(), "en-us", tmp_path)


def test_pauses_are_as_long_as_asked_and_rates_must_agree() -> None:
    part = Audio(np.ones(8_000, dtype=np.float32), 8_000)
    joined = join_with_pauses([part, part], [0.5, 0.25])
    assert joined.seconds == pytest.approx(2.75)
    assert not joined.samples[8_000:12_000].any() and joined.samples[12_000:20_000].all()
    with pytest.raises(InputError, match=r"\[8000, 16000\] Hz"):
        join_with_pauses([part, Audio(part.samples, 16_000)], [0, 0])
    with pytest.raises(InputError, match="one pause a part"):
        join_with_pauses([part], [])


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Dr. Smith met Mrs. J. Low. She left.", ["Dr. Smith met Mrs. J. Low.", "She left."]),
        ("“Stop!” he said. “Why?”", ["“Stop!”", "he said.", "“Why?”"]),
        ("It cost 3.50 today.", ["It cost 3.50 today."]),
        ("", []),
    ],
)
def test_sentences_end_where_a_reader_would_breathe(text: str, pieces: list[str]) -> None:
    assert split_pieces(text) == pieces


@given(st.text(alphabet=st.sampled_from('ab .,;!?—\n"”'), max_size=200), st.integers(1, 40))
def test_no_letter_is_lost_and_no_piece_is_too_long(text: str, longest: int) -> None:
    pieces = split_pieces(text, longest)
    assert all(0 < len(piece) <= longest for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_long_sentences_are_cut_at_commas_first() -> None:
    pieces = split_pieces("a slow boat, a grey harbor, and nobody on the pier", 30)
    assert pieces == ["a slow boat, a grey harbor,", "and nobody on the pier"]
    with pytest.raises(InputError, match="-1"):
        split_pieces("x", -1)


def test_wav_files_come_back_and_bad_ones_are_named(tmp_path: Path) -> None:
    audio = EspeakEngine().synthesize("Hello.")
    save_wav(tmp_path / "a.wav", audio)
    back = load_wav(tmp_path / "a.wav")
    assert back.sample_rate == 22_050
    np.testing.assert_allclose(back.samples, audio.samples, atol=1 / 32_000)
    (tmp_path / "b.wav").write_text("no sound")
    for name, reason in (("b.wav", "cannot be read"), ("c.wav", "no such file")):
        with pytest.raises(InputError, match=reason):
            load_wav(tmp_path / name)
    with pytest.raises(InputError, match="finite mono"):
        save_wav(tmp_path / "d.wav", Audio(np.full(5, np.nan, dtype=np.float32), 8_000))
