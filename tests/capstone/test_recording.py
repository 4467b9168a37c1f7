"""Recording: prompts that cover English, takes that are judged by numbers, and nothing lost.

There is no microphone on a test machine, so a stream of blocks stands in for it; what flows through
it is speech, and everything that decides is real.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from audio_utils import load_audio, resample, save_audio
from audio_utils.augment import add_noise, white_noise
from data_utils import read_corpus
from env_utils import ConsentError, InputError
from text_utils import pronounce
from tts_utils.espeak import EspeakEngine
from voice_replication.cli import main
from voice_replication.recording import TakeEnd, meter_line, record_prompts
from voice_replication.recording_import import import_recordings
from voice_replication.recording_prompts import LONG, SHORT, read_prompts, standard_prompts
from voice_replication.recording_takes import TakeFolder, TakeLimits, judge_take

Audio = npt.NDArray[np.float32]
RATE = 48_000
PROMPTS = standard_prompts()


def say(text: str, rate: int = RATE) -> Audio:
    """Speech in a quiet room, with half a second before and after it."""
    spoken = EspeakEngine().synthesize(text)
    voice = np.float32(0.4) * resample(spoken.samples, spoken.sample_rate, rate)
    quiet = np.zeros(rate // 2, dtype=np.float32)
    audio = np.concatenate([quiet, voice, quiet])
    return add_noise(audio, white_noise(len(audio), np.random.default_rng(3)), 40.0)


class Reader:
    """A person in front of a microphone: reads what was shown last, then is silent.

    ``spoil(take_number, audio)`` changes what one take sounds like.
    """

    def __init__(self, spoil: Callable[[int, Audio], Audio] = lambda _, audio: audio) -> None:
        self.sample_rate = RATE
        self.spoil = spoil
        self.text = ""
        self.takes = 0
        self.played: list[Audio] = []

    @contextmanager
    def blocks(self) -> Iterator[Iterator[Audio]]:
        self.takes += 1
        audio = self.spoil(self.takes, say(self.text))
        yield self.stream(audio)

    def stream(self, audio: Audio) -> Iterator[Audio]:
        size = RATE // 20
        rng = np.random.default_rng(self.takes)
        room = float(np.sqrt(np.mean(audio[: RATE // 4] ** 2)))
        for start in range(0, len(audio) - size, size):
            yield audio[start : start + size]
        while True:
            yield (room * rng.standard_normal(size)).astype(np.float32)

    def play(self, audio: Audio) -> None:
        self.played.append(audio)


class Script:
    """A console that answers from a list and hands what it shows to the reader."""

    def __init__(self, reader: Reader, answers: list[str] | None = None) -> None:
        self.reader, self.answers = reader, answers
        self.lines: list[str] = []
        self.meters: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)
        if "\n    " in text:
            self.reader.text = text.split("\n    ")[1].strip()

    def ask(self, question: str) -> str:
        del question
        return "" if self.answers is None else self.answers.pop(0)

    def meter(self, text: str) -> None:
        self.meters.append(text)


def table(folder: Path) -> list[str]:
    return [row.split(",")[0] for row in (folder / "metadata.csv").read_text().splitlines()[1:]]


def test_the_prompts_hold_every_phoneme_several_times() -> None:
    counts = Counter(
        phone.rstrip("012")
        for prompt in PROMPTS
        for word in pronounce(prompt.text)
        for phone in word.phones
    )
    assert len(SHORT) == len(LONG) == 10
    assert len(counts) == 39
    assert min(counts.values()) >= 3, counts.most_common()[-5:]
    assert all(len(pronounce(text)) <= 8 for text in SHORT)
    assert all(18 <= len(pronounce(text)) <= 30 for text in LONG)


def test_the_prompts_have_more_than_one_melody() -> None:
    ends = Counter(prompt.text[-1] for prompt in PROMPTS)
    assert ends["?"] >= 3 and ends["!"] >= 2 and ends["."] >= 10


def test_prompts_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "prompts.txt"
    path.write_text("First sentence.\n\n  Second   one? \n")
    assert [(p.id, p.text) for p in read_prompts(path)] == [
        ("prompt_001", "First sentence."),
        ("prompt_002", "Second one?"),
    ]
    for content, complaint in (("\n \n", "no sentence"), ("a" * 500, "line 1: 500 characters")):
        path.write_text(content)
        with pytest.raises(InputError, match=complaint):
            read_prompts(path)
    with pytest.raises(InputError, match="no such file of prompts"):
        read_prompts(tmp_path / "nowhere.txt")


GOOD = say(SHORT[0])


def test_a_good_take_passes_whatever_its_level() -> None:
    for gain in (0.3, 1.0, 2.0):
        assert judge_take(np.float32(gain) * GOOD, RATE, SHORT[0]).problems == ()


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda a: np.clip(8 * a, -1, 1), r"\d+\.\d\d% of the samples are clipped \(at most 0.10%"),
        (lambda a: a * np.float32(0.008), r"level is too low: -\d\d dBFS \(at least -42 dBFS\)"),
        (lambda a: a * 0, "level is too low: no voice above the noise"),
        (
            lambda a: add_noise(a, white_noise(len(a), np.random.default_rng(0)), 6.0),
            r"noise is only \d+ dB below the voice \(at least 15 dB\)",
        ),
        (lambda a: a[:RATE], r"0\.\d s of speech are too short for this text \(at least 1\.\d s\)"),
        (lambda a: a[:0], "nothing was recorded"),
    ],
)
def test_a_bad_take_is_refused_with_the_number_that_failed(
    spoil: Callable[[Audio], Audio], complaint: str
) -> None:
    import re

    problems = judge_take(spoil(GOOD).astype(np.float32), RATE, SHORT[0]).problems
    assert len(problems) == 1 and re.search(complaint, problems[0])


def test_all_that_is_wrong_is_said_at_once() -> None:
    noise = white_noise(len(GOOD), np.random.default_rng(0))
    awful = np.clip(20 * add_noise(GOOD, noise, 5.0), -1, 1).astype(np.float32)
    assert len(judge_take(awful, RATE, LONG[0]).problems) >= 2


def test_recording_from_the_first_to_the_last(tmp_path: Path) -> None:
    reader = Reader()
    script = Script(reader)
    takes = TakeFolder(tmp_path / "anna", "anna")
    chosen = PROMPTS[:3] + PROMPTS[-1:]
    assert record_prompts(chosen, takes, reader, script)
    found = read_corpus(tmp_path / "anna")
    assert [(u.id, u.text, u.speaker) for u in found] == [(p.id, p.text, "anna") for p in chosen]
    for utterance, prompt in zip(found, chosen, strict=True):
        info = soundfile.info(str(utterance.path))
        assert (info.samplerate, info.subtype) == (RATE, "PCM_24")
        said = len(say(prompt.text)) / RATE
        assert said <= info.duration + 0.06 <= said + 2.0  # stops soon after the last word
    assert any("#" in line and "dBFS" in line for line in script.meters)


def test_a_refused_take_is_repeated(tmp_path: Path) -> None:
    reader = Reader(lambda take, audio: np.clip(10 * audio, -1, 1) if take == 1 else audio)
    script = Script(reader)
    assert record_prompts(PROMPTS[:1], TakeFolder(tmp_path, "anna"), reader, script)
    assert reader.takes == 2
    assert any("Not kept" in line and "clipped" in line for line in script.lines)
    audio, _ = soundfile.read(str(tmp_path / "short_01.wav"))
    assert np.abs(audio).max() < 0.99


def test_a_good_take_can_be_played_and_repeated(tmp_path: Path) -> None:
    reader = Reader()
    script = Script(reader, ["", "p", "r", "", ""])
    assert record_prompts(PROMPTS[:1], TakeFolder(tmp_path, "anna"), reader, script)
    assert reader.takes == 2 and len(reader.played) == 1 and script.answers == []


def test_interrupted_at_take_seven_it_goes_on_at_seven(tmp_path: Path) -> None:
    def unplugged(take: int, audio: Audio) -> Audio:
        if take == 7:
            raise KeyboardInterrupt
        return audio

    chosen = PROMPTS[:9]
    reader = Reader(unplugged)
    with pytest.raises(KeyboardInterrupt):
        record_prompts(chosen, TakeFolder(tmp_path, "anna"), reader, Script(reader))
    assert table(tmp_path) == [f"short_{n:02}.wav" for n in range(1, 7)]

    reader = Reader()
    script = Script(reader)
    assert record_prompts(chosen, TakeFolder(tmp_path, "anna"), reader, script)
    assert reader.takes == 3
    assert "6 of 9 are there already" in script.lines[0]
    assert script.lines[1].startswith("\n7 of 9:") and chosen[6].text in script.lines[1]
    assert table(tmp_path) == [f"short_{n:02}.wav" for n in range(1, 10)]


def test_stopping_on_purpose_and_recording_again(tmp_path: Path) -> None:
    reader = Reader()
    takes = TakeFolder(tmp_path, "anna")
    assert not record_prompts(PROMPTS[:3], takes, reader, Script(reader, ["", "", "q"]))
    assert table(tmp_path) == ["short_01.wav"]
    before = (tmp_path / "short_01.wav").read_bytes()
    script = Script(reader, ["", ""])
    record_prompts(PROMPTS[:1], takes, reader, script, again=["short_01"])
    assert reader.takes == 2 and table(tmp_path) == ["short_01.wav"]
    assert (tmp_path / "short_01.wav").read_bytes() != before


def test_a_lost_file_or_another_sentence_is_recorded_again(tmp_path: Path) -> None:
    takes = TakeFolder(tmp_path, "anna")
    for prompt in PROMPTS[:3]:
        takes.keep(prompt, GOOD, RATE)
    (tmp_path / "short_02.wav").unlink()
    again = TakeFolder(tmp_path, "anna")  # as after a restart
    assert [p.id for p in again.remaining(PROMPTS[:3])] == ["short_02"]
    changed = [*PROMPTS[:2], type(PROMPTS[2])("short_03", "Something else.")]
    assert [p.id for p in again.remaining(changed)] == ["short_02", "short_03"]


def test_a_pause_for_thought_does_not_end_a_take() -> None:
    """1.2 s of silence inside a sentence, and two seconds before it."""
    end = TakeEnd(needed_seconds=2.0, max_seconds=60.0)
    loud, quiet = -25.0, -62.0
    levels = [quiet] * 40 + [loud] * 20 + [quiet] * 24 + [loud] * 30 + [quiet] * 100
    over = next(i for i, level in enumerate(levels) if end.is_over(level, 0.05))
    assert over - (40 + 20 + 24 + 30) in (29, 30)  # 1.5 s after the last word


def test_a_take_without_a_voice_ends_some_time() -> None:
    end = TakeEnd(needed_seconds=2.0, max_seconds=10.0)
    assert sum(not end.is_over(-60.0, 0.05) for _ in range(400)) >= 199
    assert len(end.levels) == 400 and end.is_over(-60.0, 0.05)


def test_the_meter_rises_with_the_level_and_warns() -> None:
    tone = np.sin(np.arange(2400) / 5).astype(np.float32)
    lines = [meter_line(tone * np.float32(10 ** (db / 20))) for db in (-50, -30, -10)]
    bars = [line.count("#") for line in lines]
    assert bars == sorted(bars) and bars[0] < bars[-1]
    assert "TOO LOUD" in meter_line(tone) and "TOO LOUD" not in lines[-1]
    assert len({len(line.split("]")[0]) for line in [*lines, meter_line(0 * tone)]}) == 1


# --- importing ------------------------------------------------------------------------------------


def recordings(folder: Path, with_table: bool) -> Path:
    save_audio(folder / "one.wav", say("This is the first one."), RATE)
    save_audio(folder / "sub" / "two.flac", say("And this is the second."), RATE)
    save_audio(folder / "clipped.wav", np.clip(20 * GOOD, -1, 1).astype(np.float32), RATE)
    (folder / "broken.wav").write_bytes(b"RIFF, or so it says")
    rows = {
        "one.wav": "This is the first one.",
        "sub/two.flac": "And this is the second.",
        "clipped.wav": SHORT[0],
        "broken.wav": "Broken.",
    }
    if with_table:
        lines = ["file,text", *(f'{file},"{text}"' for file, text in rows.items())]
        (folder / "transcripts.csv").write_text("\n".join(lines))
    else:
        for file, text in rows.items():
            (folder / file).with_suffix(".txt").write_text(text)
    return folder


@pytest.mark.parametrize("with_table", [True, False])
def test_importing(tmp_path: Path, with_table: bool) -> None:
    source = recordings(tmp_path / "phone", with_table)
    takes = TakeFolder(tmp_path / "anna", "anna")
    result = import_recordings(source, takes)
    assert (result.kept, result.already_there, result.without_text) == (2, 0, 0)
    assert sorted(line.split(":")[0] for line in result.refused) == ["broken.wav", "clipped.wav"]
    assert any("% of the samples are clipped" in line for line in result.refused)
    found = {u.id: u for u in read_corpus(tmp_path / "anna")}
    assert {name: u.text for name, u in found.items()} == {
        "one": "This is the first one.",
        "sub_two": "And this is the second.",
    }
    assert {u.speaker for u in found.values()} == {"anna"}
    assert found["one"].path.read_bytes() == (source / "one.wav").read_bytes()
    again = import_recordings(source, TakeFolder(tmp_path / "anna", "anna"))
    assert (again.kept, again.already_there) == (0, 2)


def test_importing_without_transcripts(tmp_path: Path) -> None:
    save_audio(tmp_path / "in" / "a.wav", GOOD, RATE)
    result = import_recordings(tmp_path / "in", TakeFolder(tmp_path / "anna", "anna"))
    assert (result.kept, result.without_text) == (1, 1)


def test_a_transcript_that_cannot_fit(tmp_path: Path) -> None:
    save_audio(tmp_path / "in" / "a.wav", GOOD, RATE)
    (tmp_path / "in" / "a.txt").write_text(" ".join(LONG[:3]))
    with pytest.raises(InputError, match="too short for this text"):
        import_recordings(tmp_path / "in", TakeFolder(tmp_path / "anna", "anna"))


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda _: None, "there is no such folder"),
        (lambda folder: folder.mkdir(), "no sound files in it"),
    ],
)
def test_nothing_to_import(tmp_path: Path, make: Callable[[Path], object], complaint: str) -> None:
    make(tmp_path / "in")
    with pytest.raises(InputError, match=complaint):
        import_recordings(tmp_path / "in", TakeFolder(tmp_path / "anna", "anna"))


# --- the command ----------------------------------------------------------------------------------


def test_the_command_imports_and_stores_consent(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = recordings(tmp_path / "phone", with_table=True)
    statement = "I, Anna, agree that my voice is cloned."
    assert main(["record", "anna", "--from", str(source), "--consent", statement]) == 0
    said = capsys.readouterr().out
    assert "imported 2 recordings" in said and "refused clipped.wav" in said
    assert "voiceclone enroll anna" in said
    folder = home / "recordings" / "anna"
    consent = json.loads((folder / "consent.json").read_text())
    assert (consent["speaker"], consent["statement"]) == ("anna", statement)
    assert load_audio(folder / "one.wav").size
    takes = TakeFolder(folder, "anna").consent()
    assert takes is not None and takes.statement == statement


def test_empty_consent_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConsentError):
        TakeFolder(tmp_path, "anna").give_consent("  ", "2026-01-01", "typed")
    assert not (tmp_path / "consent.json").exists()


def test_without_a_microphone_there_is_a_way(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    del home
    monkeypatch.setitem(sys.modules, "sounddevice", None)  # as where it is not installed
    assert main(["record", "anna"]) == 6
    message = capsys.readouterr().err
    assert "voice-cloning-pipeline[record]" in message
    assert "voiceclone record NAME --from FOLDER" in message and "Traceback" not in message


@pytest.mark.parametrize("arguments", [[], ["../anna"], ["anna", "--again", "short_99"]])
def test_bad_arguments(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(["record", *arguments]) == 2
    assert capsys.readouterr().err.startswith("voiceclone record: ")
    assert not home.exists()


def test_limits_follow_the_text() -> None:
    limits = TakeLimits()
    assert limits.seconds_for("Hi!") == limits.min_seconds
    assert limits.seconds_for(LONG[0]) == pytest.approx(len(LONG[0]) / 26, rel=0.05)
