"""Audiobooks: nothing is spoken twice, nothing is lost, and the files say what is where."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_utils import ffmpeg_path, load_audio
from env_utils import InputError
from voice_replication.cli import main
from voice_replication.narration.audiobook import BookOptions, BookResult, narrate
from voice_replication.narration.settings import Pauses, Settings
from voice_replication.narration.text_to_speech import Speaker
from voice_replication.voices import Voice, VoiceStore

BOOK = """# The Lamp

It was late. Nobody came, and the lamp burned low.

"Why do you wait?" asked the boy.

# The Road

They walked for hours. They walked for hours.
"""
SENTENCES = 7  # with the titles; one of them stands there twice


@pytest.fixture(scope="module")
def speaker(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Speaker:
    return Speaker(tiny_models, VoiceStore(tmp_path_factory.mktemp("home")))


@pytest.fixture()
def book(tmp_path: Path) -> Path:
    path = tmp_path / "The_Lamp.md"
    path.write_text(BOOK, encoding="utf-8")
    return path


def read(book: Path, speaker: Speaker, voice: Voice, **options: object) -> BookResult:
    return narrate(book, book.parent / "out", speaker, BookOptions(voice, **options))  # type: ignore[arg-type]


def manifest(book: Path) -> dict[str, object]:
    return json.loads((book.parent / "out" / "manifest.json").read_text(encoding="utf-8"))


def test_a_book_becomes_chapters_with_tags_and_a_manifest(
    book: Path, speaker: Speaker, made_up_voice: Voice
) -> None:
    result = read(book, speaker, made_up_voice, format="flac")
    assert [p.name for p in result.files] == ["01_The_Lamp.flac", "02_The_Road.flac"]
    assert (result.chapters, result.written) == (2, 2)
    assert (result.lines, result.spoken_lines) == (SENTENCES, SENTENCES - 1)
    assert result.real_time_factor > 0
    values = manifest(book)
    assert values["title"] == "The Lamp" and "Synthetic speech" in str(values["notice"])
    total = 0.0
    for entry, path in zip(values["chapters"], result.files, strict=True):  # type: ignore[call-overload]
        assert entry["file"] == path.name
        assert entry["seconds"] == pytest.approx(soundfile.info(str(path)).duration, abs=1e-3)
        total += entry["seconds"]
        with soundfile.SoundFile(str(path)) as stream:
            tags = stream.copy_metadata()
        assert tags["title"] == entry["title"] and tags["album"] == "The Lamp"
        assert tags["tracknumber"] == str(entry["number"])
        assert "synthetic" in tags["comment"].lower()
    assert result.audio_seconds == pytest.approx(total, abs=1e-3)


def test_times_in_the_manifest_are_those_of_the_sound(
    book: Path, speaker: Speaker, made_up_voice: Voice
) -> None:
    result = read(book, speaker, made_up_voice)
    for entry, path in zip(manifest(book)["chapters"], result.files, strict=True):  # type: ignore[call-overload]
        audio = load_audio(path)
        lines = [line for p in entry["paragraphs"] for line in p["lines"]]
        for line, after in zip(lines, [*lines[1:], None], strict=True):
            start, end = round(line["start"] * 24_000), round(line["end"] * 24_000)
            assert np.abs(audio[start:end]).max() > 0
            if after is not None:  # the middle of the pause is silence
                middle = round((line["end"] + after["start"]) / 2 * 24_000)
                assert np.abs(audio[middle - 200 : middle + 200]).max() == 0
        assert lines[0]["text"] == entry["title"] + "."


def test_a_second_run_speaks_and_writes_nothing(
    book: Path, speaker: Speaker, made_up_voice: Voice
) -> None:
    first = read(book, speaker, made_up_voice)
    before = {p: p.stat().st_mtime_ns for p in first.files}
    again = read(book, speaker, made_up_voice)
    assert (again.spoken_lines, again.written, again.real_time_factor) == (0, 0, 0.0)
    assert {p: p.stat().st_mtime_ns for p in again.files} == before


def test_a_changed_sentence_is_spoken_again_and_only_that(
    book: Path, speaker: Speaker, made_up_voice: Voice
) -> None:
    read(book, speaker, made_up_voice)
    book.write_text(BOOK.replace("the lamp burned low", "the fire went out"), encoding="utf-8")
    result = read(book, speaker, made_up_voice)
    assert (result.spoken_lines, result.written) == (1, 1)


def test_other_pauses_need_no_speaking_other_speed_does(
    book: Path, speaker: Speaker, made_up_voice: Voice
) -> None:
    first = read(book, speaker, made_up_voice)
    slower = read(book, speaker, made_up_voice, settings=Settings(pauses=Pauses(sentence=1.0)))
    assert (slower.spoken_lines, slower.written) == (0, 2)
    assert slower.audio_seconds > first.audio_seconds
    faster = read(book, speaker, made_up_voice, settings=Settings(speed=1.5))
    assert faster.spoken_lines == SENTENCES - 1


def test_another_voice_or_model_speaks_anew(
    book: Path, speaker: Speaker, made_up_voice: Voice
) -> None:
    read(book, speaker, made_up_voice)
    other = replace(made_up_voice, name="other", embedding=-made_up_voice.embedding)
    assert read(book, speaker, other).spoken_lines == SENTENCES - 1
    changed = Speaker(speaker.models_dir, speaker.store)
    changed.__dict__["fingerprints"] = {**speaker.fingerprints, "vocoder": "ffffffffffff"}
    assert read(book, changed, made_up_voice).spoken_lines == SENTENCES - 1


def test_chapters_that_are_gone_leave_no_files_but_strangers_stay(
    book: Path, speaker: Speaker, made_up_voice: Voice
) -> None:
    read(book, speaker, made_up_voice, timestamps="srt")
    mine = book.parent / "out" / "99_mine.wav"
    mine.write_bytes(b"x")
    book.write_text(BOOK.split("# The Road")[0], encoding="utf-8")
    read(book, speaker, made_up_voice, timestamps="srt")
    names = sorted(p.name for p in (book.parent / "out").iterdir() if not p.name.startswith("."))
    assert names == ["01_The_Lamp.srt", "01_The_Lamp.wav", "99_mine.wav", "manifest.json"]


def test_another_format_is_written_beside_the_first(
    book: Path, speaker: Speaker, made_up_voice: Voice
) -> None:
    first = read(book, speaker, made_up_voice, format="mp3")
    second = read(book, speaker, made_up_voice, format="flac")
    assert (second.spoken_lines, second.written) == (0, 2)
    assert all(path.is_file() for path in (*first.files, *second.files))


def test_dialogue_can_have_its_own_voice(
    book: Path, speaker: Speaker, made_up_voice: Voice
) -> None:
    other = replace(made_up_voice, name="other", embedding=-made_up_voice.embedding)
    read(book, speaker, made_up_voice, dialogue=other)
    lines = [
        line
        for chapter in manifest(book)["chapters"]  # type: ignore[attr-defined]
        for paragraph in chapter["paragraphs"]
        for line in paragraph["lines"]
    ]
    by_voice = {line["text"]: line["voice"] for line in lines}
    assert by_voice["Why do you wait?"] == "other"
    assert by_voice["It was late."] == "nobody"
    assert {v for t, v in by_voice.items() if "boy" in t} == {"nobody"}


@pytest.mark.skipif(ffmpeg_path() is None, reason="FFmpeg is not installed")
def test_m4b_is_one_file_with_chapter_marks(
    book: Path, speaker: Speaker, made_up_voice: Voice
) -> None:
    result = read(book, speaker, made_up_voice, format="m4b", timestamps="json")
    assert [p.name for p in result.files] == ["book.m4b"]
    shown = subprocess.run(
        [str(ffmpeg_path()), "-i", str(result.files[0])], capture_output=True, check=False
    ).stderr.decode()
    first, second = manifest(book)["chapters"]  # type: ignore[misc]
    assert second["start"] == pytest.approx(first["seconds"], abs=1e-3)
    assert "The Lamp" in shown and "The Road" in shown and "Synthetic speech" in shown
    assert f"end {second['start'] + second['seconds']:.2f}"[:-1] in shown
    words = json.loads((book.parent / "out" / "book.json").read_text())["words"]
    road = next(w for w in words if w["word"] == "Road")
    assert road["start"] > second["start"]
    again = read(book, speaker, made_up_voice, format="m4b")
    assert (again.spoken_lines, again.written) == (0, 0)


def test_a_damaged_cached_sentence_is_spoken_again(
    book: Path, speaker: Speaker, made_up_voice: Voice
) -> None:
    read(book, speaker, made_up_voice)
    cache = book.parent / "out" / ".sentences"
    one, two, *_ = sorted(cache.glob("*.flac"))
    one.write_bytes(b"garbage")
    two.with_suffix(".json").write_text("{")
    assert read(book, speaker, made_up_voice).spoken_lines == 2


def test_half_written_files_of_killed_runs_are_removed(
    book: Path, speaker: Speaker, made_up_voice: Voice
) -> None:
    out = book.parent / "out"
    (out / ".sentences").mkdir(parents=True)
    leftovers = [out / ".01_The_Lamp.x.part.wav", out / ".sentences" / ".abc.x.part.flac"]
    for path in leftovers:
        path.write_bytes(b"RIFF")
        os.utime(path, (0, 0))
    read(book, speaker, made_up_voice)
    assert not any(path.exists() for path in leftovers)


@pytest.mark.parametrize(
    ("text", "reason"), [("", "empty"), ("😀", "not readable"), ("\x00\x01", "binary")]
)
def test_books_without_words_are_refused(
    tmp_path: Path, speaker: Speaker, made_up_voice: Voice, text: str, reason: str
) -> None:
    path = tmp_path / "book.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=reason):
        read(path, speaker, made_up_voice)
    assert not (tmp_path / "out").exists()


def test_a_book_without_chapters_is_named_after_its_file(
    tmp_path: Path, speaker: Speaker, made_up_voice: Voice
) -> None:
    path = tmp_path / "my_diary.txt"
    path.write_text("Nothing happened today.", encoding="utf-8")
    result = read(path, speaker, made_up_voice)
    assert [p.name for p in result.files] == ["01_my_diary.wav"]
    assert result.lines == 1  # the file's name is not read aloud


def test_front_matter_scenes_and_bare_numbers(
    tmp_path: Path, speaker: Speaker, made_up_voice: Voice
) -> None:
    path = tmp_path / "book.txt"
    path.write_text(
        "A Book by Nobody\n\nI\n\nIt was late.\n\n* * *\n\nNobody came.\n\nII\n\nThe end.\n",
        encoding="utf-8",
    )
    result = read(path, speaker, made_up_voice, settings=Settings(pauses=Pauses(scene=3.0)))
    assert [p.name for p in result.files] == ["00_Front_matter.wav", "01_I.wav", "02_II.wav"]
    front, one, two = manifest(path)["chapters"]  # type: ignore[misc]
    texts = [[ln["text"] for p in c["paragraphs"] for ln in p["lines"]] for c in (front, one, two)]
    assert texts[0] == ["A Book by Nobody."] and len(texts[1]) == 3
    assert texts[1][0].startswith("Chapter ") and texts[2][0].startswith("Chapter ")
    late, came = one["paragraphs"][-2:]
    assert came["start"] - late["end"] == pytest.approx(3.0, abs=1e-3)


# --- killed ---------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is a POSIX thing")
def test_kill_9_loses_at_most_the_sentence_in_work(
    tmp_path: Path, home: Path, tiny_models: Path, made_up_voice: Voice
) -> None:
    VoiceStore(home).add(made_up_voice)
    book = tmp_path / "book.txt"
    count = 120
    book.write_text(
        "\n\n".join(f"Sentence {'x' * (i % 7)} number {i}." for i in range(count)), encoding="utf-8"
    )
    cache = tmp_path / "out" / ".sentences"
    command = [sys.executable, "-m", "voice_replication.cli", "narrate", str(book)]
    command += ["--voice", "nobody", "-o", str(tmp_path / "out"), "--models-dir", str(tiny_models)]
    process = subprocess.Popen(command, env={**os.environ, "VOICECLONE_HOME": str(home)})
    deadline = time.monotonic() + 120
    while len(list(cache.glob("[!.]*.flac"))) < 5 and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = {p: p.stat().st_mtime_ns for p in cache.glob("[!.]*.flac")}
    assert 5 <= len(kept) < count
    assert not list((tmp_path / "out").glob("*.wav"))
    speaker = Speaker(tiny_models, VoiceStore(home))
    result = narrate(book, tmp_path / "out", speaker, BookOptions(made_up_voice))
    assert result.spoken_lines == count - len(kept)
    assert {p: p.stat().st_mtime_ns for p in kept} == kept
    assert len(load_audio(result.files[0])) == round(result.audio_seconds * 24_000)


# --- the command ----------------------------------------------------------------------------


def test_the_command_narrates_and_goes_on(
    book: Path, home: Path, tiny_models: Path, made_up_voice: Voice, capsys: pytest.CaptureFixture
) -> None:
    VoiceStore(home).add(made_up_voice)
    out = book.parent / "out"
    command = ["narrate", str(book), "--voice", "nobody", "-o", str(out), "--format", "mp3"]
    command += ["--models-dir", str(tiny_models), "--timestamps", "srt"]
    assert main(command) == 0
    assert "2 chapters" in capsys.readouterr().out
    assert len(list(out.glob("*.mp3"))) == len(list(out.glob("*.srt"))) == 2
    assert main(command) == 0
    assert "0 of 7 sentences spoken: everything was there already" in capsys.readouterr().out


def test_the_command_names_a_missing_book_and_voice(
    tmp_path: Path,
    home: Path,
    tiny_models: Path,
    made_up_voice: Voice,
    capsys: pytest.CaptureFixture,
) -> None:
    VoiceStore(home).add(made_up_voice)
    tail = ["-o", str(tmp_path / "out"), "--models-dir", str(tiny_models)]
    assert main(["narrate", str(tmp_path / "no.txt"), "--voice", "nobody", *tail]) == 2
    assert "no.txt: there is no such file" in capsys.readouterr().err
    assert main(["narrate", str(tmp_path / "no.txt"), "--voice", "bob", *tail]) == 2
    assert "no voice 'bob'" in capsys.readouterr().err
