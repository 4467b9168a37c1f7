"""Preprocessing: what comes out, what is refused and why, and nothing done twice or lost."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from audio_utils import (
    load_audio,
    loudness_lufs,
    resample,
    save_audio,
    voice_activity,
)
from audio_utils.augment import add_noise, white_noise
from data_utils import Utterance, read_corpus, read_manifest
from env_utils import InputError, ffmpeg_path
from tts_utils.espeak import EspeakEngine
from voice_replication.cli import main
from voice_replication.data_processing import prepare_file
from voice_replication.data_processing.prepare_file import pieces, prepare_recording, source_rate
from voice_replication.data_processing.preprocess import (
    PreprocessConfig,
    SplitConfig,
    Summary,
    preprocess,
    unique_ids,
)
from voice_replication.data_processing.preprocess_report import export_wav
from voice_replication.data_processing.preprocess_state import locked

Audio = npt.NDArray[np.float32]
RATE = 24_000
SENTENCE = "The lighthouse keeper waved at every ship that passed."


def say(text: str, rate: int = RATE) -> Audio:
    """Real synthetic speech with a second of silence on both sides and a little room noise."""
    spoken = EspeakEngine().synthesize(text)
    voice = 0.5 * resample(spoken.samples, spoken.sample_rate, rate)
    quiet = np.zeros(rate, dtype=np.float32)
    audio = np.concatenate([quiet, voice.astype(np.float32), quiet])
    return add_noise(audio, white_noise(len(audio), np.random.default_rng(1)), 45.0)


@pytest.fixture(scope="module")
def speech() -> Audio:
    return say(SENTENCE)


def rows_of(out: Path) -> dict[str, dict[str, str]]:
    with (out / "report.csv").open(encoding="utf-8", newline="") as stream:
        return {row["utterance"]: row for row in csv.DictReader(stream)}


def take(folder: Path, name: str, audio: Audio, text: str = SENTENCE, rate: int = RATE) -> Path:
    path = folder / f"{name}.wav"
    save_audio(path, audio, rate)
    if text:
        path.with_suffix(".txt").write_text(text)
    return path


def test_what_is_stored(tmp_path: Path, speech: Audio) -> None:
    """24 kHz, mono, 24 bits, -23 LUFS, a tenth of a second of silence at both ends, all speech."""
    take(tmp_path / "anna", "hello", resample(speech, RATE, 44_100) * 0.1, rate=44_100)
    summary = preprocess(tmp_path / "anna", tmp_path / "out")
    (utterance,) = read_manifest(tmp_path / "out" / "manifest.csv")
    assert utterance.path == (tmp_path / "out/audio/own/anna/hello.flac").resolve()
    assert (utterance.speaker, utterance.text, utterance.split) == ("anna", SENTENCE, "train")
    info = soundfile.info(str(utterance.path))
    assert (info.samplerate, info.channels, info.subtype) == (RATE, 1, "PCM_24")
    audio = load_audio(utterance.path)
    assert utterance.seconds == pytest.approx(len(audio) / RATE, abs=1e-3)
    assert loudness_lufs(audio, RATE) == pytest.approx(-23.0, abs=0.1)
    active, whole = voice_activity(audio, RATE), voice_activity(speech, RATE)
    silence = np.flatnonzero(active)[0] / 100, (len(active) - 1 - np.flatnonzero(active)[-1]) / 100
    assert all(0.05 <= s <= 0.15 for s in silence)
    assert active.sum() == pytest.approx(whole.sum(), rel=0.05)
    assert summary == Summary(1, 0, utterance.seconds / 3600, 1, utterance.seconds)
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["kept"], report["refused"], report["speakers"]) == (1, 0, 1)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "opus", "mp3", "aiff", "m4a", "webm"])
def test_formats(tmp_path: Path, speech: Audio, suffix: str) -> None:
    """Whatever the container, the same utterance comes out, within what the codec changes."""
    source = tmp_path / "in"
    original = take(source, "take", speech)
    if suffix in ("m4a", "webm"):
        program = ffmpeg_path()
        if program is None:
            pytest.skip("FFmpeg is not installed")
        command = [program, "-v", "error", "-i", str(original), str(source / f"take.{suffix}")]
        subprocess.run(command, check=True)
    elif suffix != "wav":
        coding = {"opus": ("OGG", "OPUS"), "aiff": ("AIFF", "PCM_16")}.get(suffix, (None, None))
        target = str(source / f"take.{suffix}")
        soundfile.write(target, speech, RATE, format=coding[0], subtype=coding[1])
    if suffix != "wav":
        original.unlink()
    assert preprocess(source, tmp_path / "out").kept == 1
    (utterance,) = read_manifest(tmp_path / "out" / "manifest.csv")
    assert utterance.seconds == pytest.approx(len(speech) / RATE - 1.8, abs=0.15)
    assert loudness_lufs(load_audio(utterance.path), RATE) == pytest.approx(-23.0, abs=0.1)


def _nan(path: Path, speech: Audio) -> None:
    broken = speech.copy()
    broken[1000] = np.nan
    soundfile.write(str(path), broken, RATE, subtype="FLOAT")


def _truncated(path: Path, speech: Audio) -> None:
    save_audio(path, speech, RATE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _eight_channels(path: Path, speech: Audio) -> None:
    soundfile.write(str(path), np.stack([speech] * 8, axis=1), RATE)


def _noise(path: Path, speech: Audio) -> None:
    noise = white_noise(len(speech), np.random.default_rng(0))
    save_audio(path, add_noise(speech, noise, -10.0) * np.float32(0.3), RATE)


BAD: dict[str, tuple[Callable[[Path, Audio], object], str]] = {
    "missing": (lambda *_: None, "there is no such file"),
    "empty": (lambda path, _: path.write_bytes(b""), "the file is empty"),
    "truncated": (_truncated, "cut off|damaged"),
    "not audio": (lambda path, _: path.write_text("Dear diary, " * 99), "not readable audio"),
    "header only": (lambda path, a: save_audio(path, a[:0], RATE), "no audio samples"),
    "silent": (lambda path, a: save_audio(path, 0 * a, RATE), "no speech was found"),
    "noise": (_noise, "no speech was found|signal-to-noise ratio"),
    "clipped": (
        lambda path, a: save_audio(path, np.clip(30 * a, -1, 1), RATE),
        r"\d+\.\d% of the samples are clipped; at most 0.5%",
    ),
    "whisper": (
        lambda path, a: save_audio(path, a * np.float32(0.012), RATE, "PCM_24"),
        "LUFS is too quiet",
    ),
    "NaN": (_nan, "NaN or infinite"),
    "click": (lambda path, a: save_audio(path, a[RATE : RATE + 6000], RATE), "at least 0.5 s"),
    "long": (lambda path, a: save_audio(path, np.tile(a, 7), RATE), "at most 30 s are used"),
}


@pytest.fixture(scope="module")
def with_bad_files(
    tmp_path_factory: pytest.TempPathFactory, speech: Audio
) -> tuple[Summary, dict[str, dict[str, str]]]:
    """A folder full of bad recordings and three good ones, in the middle."""
    folder = tmp_path_factory.mktemp("bad")
    lines = ["file,text"]
    for name, (make, _) in BAD.items():
        (folder / "in").mkdir(exist_ok=True)
        make(folder / "in" / f"{name}.wav", speech)
        lines.append(f"{name}.wav,{SENTENCE}")
    take(folder / "in", "good", speech, "")
    _eight_channels(folder / "in" / "eight.wav", speech)
    take(folder / "in", "telephone", resample(speech, RATE, 8000), "", rate=8000)
    lines[5:5] = [f"{name}.wav,{SENTENCE}" for name in ("good", "eight", "telephone")]
    (folder / "in" / "metadata.csv").write_text("\n".join(lines))
    return preprocess(folder / "in", folder / "out"), rows_of(folder / "out")


@pytest.mark.parametrize("name", BAD)
def test_bad_recordings_are_refused_with_a_sentence(
    with_bad_files: tuple[Summary, dict[str, dict[str, str]]], name: str
) -> None:
    row = with_bad_files[1][name.replace(" ", "-")]
    assert row["kept"] == "False" and row["path"] == ""
    assert re.search(BAD[name][1], row["reason"])
    assert row["reason"].rstrip().endswith(".") and "\n" not in row["reason"]


def test_bad_recordings_do_not_stop_the_good_ones(
    with_bad_files: tuple[Summary, dict[str, dict[str, str]]],
) -> None:
    summary, rows = with_bad_files
    assert (summary.kept, summary.refused) == (3, len(BAD))
    assert rows["good"]["kept"] == "True" and rows["good"]["reason"] == ""
    assert rows["eight"]["kept"] == "True" and "8 channels" in rows["eight"]["reason"]


def test_a_telephone_recording_is_kept_for_what_it_is(
    with_bad_files: tuple[Summary, dict[str, dict[str, str]]],
) -> None:
    """8 kHz is no reason to refuse it, but the manifest must not promise more than is there."""
    row = with_bad_files[1]["telephone"]
    assert row["kept"] == "True" and "fit for the speaker encoder" in row["reason"]
    assert 7000 <= int(row["source_rate"]) <= 8000


@pytest.mark.parametrize(
    ("claimed", "bandwidth", "expected"),
    [
        (48_000, 12_000.0, 48_000),  # full at 24 kHz: nothing speaks against the claim
        (22_050, 10_600.0, 22_050),
        (16_000, 7_850.0, 16_000),
        (16_000, 5_880.0, 11_800),  # went through a 40 kbit/s MP3
        (44_100, 8_000.0, 16_000),  # upsampled
    ],
)
def test_the_rate_is_not_believed(claimed: int, bandwidth: float, expected: int) -> None:
    assert source_rate(claimed, bandwidth) == expected


def test_nothing_usable_is_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    take(tmp_path / "in", "silent", np.zeros(RATE, dtype=np.float32))
    assert main(["preprocess", str(tmp_path / "in"), str(tmp_path / "out")]) == 2
    message = capsys.readouterr().err
    assert "none of 1 recordings could be used" in message and "no speech" in message
    assert rows_of(tmp_path / "out")["silent"]["kept"] == "False"  # the report is there anyway


def test_the_command(tmp_path: Path, speech: Audio, capsys: pytest.CaptureFixture[str]) -> None:
    take(tmp_path / "in", "good", speech)
    take(tmp_path / "in", "silent", 0 * speech)
    arguments = ["preprocess", str(tmp_path / "in"), str(tmp_path / "out"), "--export-wav"]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "1 utterances" in said and "silent.wav: no speech" in said and "real time" in said
    assert soundfile.info(str(tmp_path / "out/wav/own/in/good.wav")).subtype == "PCM_16"
    assert main([*arguments, "--set", "min_snr_db=95"]) == 2
    assert main([*arguments, "--set", "min_snr=95"]) == 3  # no such threshold
    assert "min_snr" in capsys.readouterr().err
    assert main([*arguments, "--min-seconds", "60"]) == 3  # above the maximum


def test_the_shipped_settings_are_the_defaults() -> None:
    from training_utils import load_config
    from voice_replication.home import shipped

    shipped_file = shipped("configs") / "preprocess.yaml"
    assert load_config(PreprocessConfig, shipped_file) == PreprocessConfig()


def test_a_second_run_does_only_what_is_missing(tmp_path: Path, speech: Audio) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    for name in ("a", "b", "c", "d"):
        take(source, name, speech, f"{SENTENCE} {name}")
    stored = {n: out / "audio" / "own" / "in" / f"{n}.flac" for n in "abcd"}
    assert preprocess(source, out).prepared == 4
    before = {n: p.stat().st_mtime_ns for n, p in stored.items()}
    assert preprocess(source, out).prepared == 0

    stored["a"].unlink()  # an output is gone
    take(source, "b", speech[:-RATE], f"{SENTENCE} b")  # a source has changed
    (source / "c.txt").write_text("Another text.")  # a transcript has changed: no audio work
    (source / "d.wav").unlink()  # a source is gone
    summary = preprocess(source, out)
    assert (summary.kept, summary.prepared) == (3, 2)
    assert stored["a"].is_file() and not stored["d"].exists()
    assert stored["b"].stat().st_mtime_ns > before["b"]
    assert stored["c"].stat().st_mtime_ns == before["c"]
    texts = {u.id: u.text for u in read_manifest(out / "manifest.csv")}
    assert texts["c"] == "Another text." and "d" not in texts
    assert preprocess(source, out, PreprocessConfig(target_lufs=-20)).prepared == 3


def test_limit_keeps_what_is_beyond_it(tmp_path: Path, speech: Audio) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    for name in ("a", "b", "c"):
        take(source, name, speech, f"{SENTENCE} {name}")
    assert preprocess(source, out).prepared == 3
    limited = preprocess(source, out, limit=1)
    assert (limited.kept, limited.prepared) == (1, 0)
    assert preprocess(source, out).prepared == 0


def test_recordings_that_became_bad_disappear(tmp_path: Path, speech: Audio) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    take(source, "a", speech, "First.")
    take(source, "b", speech, "Second.")
    preprocess(source, out)
    take(source, "b", 0 * speech, "Second.")
    assert preprocess(source, out).kept == 1
    assert [p.name for p in (out / "audio").rglob("*.flac")] == ["a.flac"]


def test_the_same_recordings_whatever_the_number_of_processes(
    tmp_path: Path, speech: Audio
) -> None:
    source = tmp_path / "in"
    first = take(source, "000", speech[: 2 * RATE])
    for number in range(1, 100):
        (source / f"{number:03d}.wav").hardlink_to(first)
        (source / f"{number:03d}.txt").write_text(f"{SENTENCE} {number}")
    for workers in (1, 2):
        assert preprocess(source, tmp_path / f"out{workers}", workers=workers).kept == 100
    one, two = tmp_path / "out1", tmp_path / "out2"
    assert (one / "manifest.csv").read_bytes() == (two / "manifest.csv").read_bytes()
    for path in (one / "audio").rglob("*.flac"):
        assert path.read_bytes() == (two / path.relative_to(one)).read_bytes()


def test_long_recordings_are_cut_at_pauses(tmp_path: Path) -> None:
    """Two minutes without a transcript: pieces of up to 20 s, with everything that was said."""
    sentences = [say(f"{SENTENCE} This was number {n}.")[RATE // 2 : -RATE // 2] for n in range(20)]
    audio = np.concatenate(sentences)
    assert len(audio) > 100 * RATE
    take(tmp_path / "in", "interview", audio, "")
    summary = preprocess(tmp_path / "in", tmp_path / "out")
    found = read_manifest(tmp_path / "out" / "manifest.csv")
    assert [u.id for u in found] == [f"interview_{n:04d}" for n in range(1, len(found) + 1)]
    assert summary.refused == 0 and all(2.0 < u.seconds <= 20.0 for u in found)
    assert {u.split for u in found} == {"train"}  # pieces of one recording are not divided
    said = sum(voice_activity(load_audio(u.path), RATE).sum() for u in found)
    assert said == pytest.approx(voice_activity(audio, RATE).sum(), rel=0.05)


def test_windows_lose_nothing_and_cut_no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hours are worked through in windows; the pieces are those of a look at the whole."""
    rng = np.random.default_rng(4)
    audio = np.zeros(200 * RATE, dtype=np.float32)
    position, words = RATE, []
    while position < len(audio) - 3 * RATE:
        length = int(rng.uniform(0.5, 2.5) * RATE)
        audio[position : position + length] = 0.2 * rng.standard_normal(length)
        words.append((position, position + length))
        position += length + int(rng.uniform(0.4, 1.2) * RATE)
    monkeypatch.setattr(prepare_file, "WINDOW_SECONDS", 45.0)
    found = list(pieces(audio, 12.0))
    assert all(end - start <= 12.01 * RATE for start, end in found)
    assert all(a[1] <= b[0] + RATE // 100 for a, b in pairwise(found))
    for start, end in words:  # every word lies in one piece
        assert any(a <= start + 240 and end - 240 <= b for a, b in found)


def test_three_hours_with_a_transcript_are_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "book.wav"
    soundfile.write(str(path), np.zeros(8000, dtype=np.int16), 8000)
    data = bytearray(path.read_bytes())
    samples = 3 * 3600 * 8000
    data[4:8] = (36 + 2 * samples).to_bytes(4, "little")
    data[40:44] = (2 * samples).to_bytes(4, "little")
    path.write_bytes(data)
    os.truncate(path, 44 + 2 * samples)  # zeros that need no room on the disk
    started = time.process_time()
    utterance = Utterance("book", path, "Chapter one.")
    (row,) = prepare_recording(utterance, tmp_path / "out", PreprocessConfig())
    assert "10800.0 s long" in row.reason and time.process_time() - started < 10  # not measured


def test_ids_become_unique_file_names(tmp_path: Path) -> None:
    def utterance(name: str, corpus: str, text: str, speaker: str = "s") -> Utterance:
        return Utterance(name, tmp_path / corpus / name, text, speaker, corpus=corpus)

    given = [
        utterance("19-198-0000", "one", "The same."),
        utterance("19-198-0000", "two", "The same."),  # a corpus that overlaps with the first
        utterance("001", "one", "Hello."),
        utterance("001", "two", "Good bye."),
        utterance("001", "two", "And again."),
        utterance("a/b:c", "one", "Odd name."),
        utterance("A-B-C", "one", "Odd name, elsewhere.", "t"),
    ]
    unique, duplicates = unique_ids(given)
    names = [u.id for u in unique]
    assert names == ["19-198-0000", "001", "two-001", "two-001-2", "a-b-c", "one-A-B-C"]
    assert len({name.casefold() for name in names}) == len(names)
    assert [row.reason for row in duplicates] == [f"the same utterance as {given[0].path}."]


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("auto", {"own": {"train", "dev"}, "given": {"dev"}}),
        ("keep", {"own": {"train"}, "given": {"dev"}}),
        ("by-prompt", {"own": {"train", "dev"}, "given": {"train"}}),
        ("by-speaker", {"own": {"train", "dev", "unseen"}, "given": {"train"}}),
    ],
)
def test_splits(method: str, expected: dict[str, set[str]]) -> None:
    from voice_replication.data_processing.prepare_file import refused
    from voice_replication.data_processing.preprocess import assign_splits

    sources = [
        Utterance(f"{s}-{n}", Path("x"), f"Sentence {n}.", f"speaker{s}")
        for s in range(20)
        for n in range(20)
    ]
    sources += [Utterance("g", Path("x"), "Given.", "z", corpus="given", split="dev")]
    rows = [refused(u, "") for u in sources]
    config = SplitConfig(method=method)  # type: ignore[arg-type]
    found: dict[str, set[str]] = {"own": set(), "given": set()}
    for u in assign_splits(sources, rows, config):
        found[u.corpus].add(u.split)
    assert found == expected


def test_an_out_that_is_something_else_is_left_alone(tmp_path: Path, speech: Audio) -> None:
    take(tmp_path / "one", "a", speech)
    take(tmp_path / "two", "a", speech)
    with pytest.raises(InputError, match="must lie outside of the source"):
        preprocess(tmp_path / "one", tmp_path / "one" / "out")
    preprocess(tmp_path / "one", tmp_path / "out")
    with pytest.raises(InputError, match=r"was made from .*one"):
        preprocess(tmp_path / "two", tmp_path / "out")
    foreign = tmp_path / "corpus" / "manifest.csv"
    foreign.parent.mkdir()
    foreign.write_text("somebody else's work")
    with pytest.raises(InputError, match="not written by preprocessing"):
        preprocess(tmp_path / "one", foreign.parent)
    assert foreign.read_text() == "somebody else's work"


def test_two_runs_at_once(tmp_path: Path, speech: Audio) -> None:
    pytest.importorskip("fcntl", reason="this system has no advisory locks")
    take(tmp_path / "in", "a", speech)
    with (
        locked(tmp_path / "out"),
        pytest.raises(InputError, match="another process is writing"),
    ):
        preprocess(tmp_path / "in", tmp_path / "out")
    assert preprocess(tmp_path / "in", tmp_path / "out").kept == 1


def test_a_disk_that_cannot_be_written_to_stops_the_run(tmp_path: Path, speech: Audio) -> None:
    """That is no fault of the recording: it must not be noted as refused."""
    take(tmp_path / "in", "a", speech)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "audio").write_text("a file where a folder should be")
    with pytest.raises(InputError, match=r"a\.flac: cannot be written"):
        preprocess(tmp_path / "in", tmp_path / "out")
    (tmp_path / "out" / "audio").unlink()
    assert preprocess(tmp_path / "in", tmp_path / "out").kept == 1


def test_wav_export_follows_the_data(tmp_path: Path, speech: Audio) -> None:
    take(tmp_path / "in", "a", speech)
    preprocess(tmp_path / "in", tmp_path / "out")
    assert export_wav(tmp_path / "out") == 1
    wav = tmp_path / "out/wav/own/in/a.wav"
    flac = load_audio(tmp_path / "out/audio/own/in/a.flac")
    assert np.abs(load_audio(wav) - flac).max() <= 2.0**-15
    first = wav.stat().st_mtime_ns
    assert export_wav(tmp_path / "out") == 1 and wav.stat().st_mtime_ns == first


@pytest.mark.real_data
def test_of_real_recordings_hardly_anything_is_refused(tmp_path: Path, speech_data: Path) -> None:
    chosen = read_corpus(speech_data)[::300]
    config = PreprocessConfig()
    rows = [row for u in chosen for row in prepare_recording(u, tmp_path, config)]
    assert sum(row.kept for row in rows) >= 0.97 * len(rows)
    for row, source in zip(rows, chosen, strict=True):
        if row.kept:
            assert row.source_rate == pytest.approx(source.source_rate, rel=0.3)
            assert -0.01 <= source.seconds - row.seconds <= max(1.5, 0.6 * source.seconds)
            audio = load_audio(tmp_path / row.path)
            at_the_peak = np.abs(audio).max() == pytest.approx(0.97, abs=0.001)
            assert at_the_peak or loudness_lufs(audio, RATE) == pytest.approx(-23.0, abs=0.1)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_killed_in_the_middle_nothing_is_lost_or_half(tmp_path: Path, speech: Audio) -> None:
    source, out, whole = tmp_path / "in", tmp_path / "out", tmp_path / "whole"
    first = take(source, "000", speech)
    for number in range(1, 60):
        (source / f"{number:03d}.wav").hardlink_to(first)
        (source / f"{number:03d}.txt").write_text(f"{SENTENCE} {number}")
    command = [sys.executable, "-m", "voice_replication.cli", "preprocess", str(source), str(out)]
    run = subprocess.Popen([*command, "--workers", "1"])
    journal = out / ".preprocess.jsonl"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and run.poll() is None:
        if journal.is_file() and journal.read_text().count("\n") > 10:
            break
        time.sleep(0.005)
    run.send_signal(signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL
    with journal.open("a") as stream:
        stream.write('{"utterance": "001", "sta')  # as when the kill came in the middle of a line

    summary = preprocess(source, out)
    assert summary.kept == 60 and summary.prepared <= 50
    preprocess(source, whole)
    stored = {p.name: p.read_bytes() for p in (out / "audio").rglob("*") if p.is_file()}
    assert stored == {p.name: p.read_bytes() for p in (whole / "audio").rglob("*") if p.is_file()}
    assert (out / "manifest.csv").read_bytes() == (whole / "manifest.csv").read_bytes()
