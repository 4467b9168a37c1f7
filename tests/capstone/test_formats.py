"""Sound files say what they are, hold what was spoken, and are never half there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile
from audio_utils import ffmpeg_path, load_audio
from env_utils import InputError, MissingDependencyError
from voice_replication.narration import formats
from voice_replication.narration.formats import (
    ChapterMark,
    Tags,
    check_suffix,
    open_audio,
    write_audio,
)
from voice_replication.narration.timestamps import WordTime, cues, srt, write_timestamps

RATE = 24_000
TAGS = Tags(title="Über “Wölfe” = 1; #2", voice="anna", album="A Book", track=3)
needs_ffmpeg = pytest.mark.skipif(ffmpeg_path() is None, reason="FFmpeg is not installed")


@pytest.fixture()
def tone() -> np.ndarray:
    time = np.arange(2 * RATE) / RATE
    return (0.3 * np.sin(2 * np.pi * 220 * time) * np.minimum(1, 20 * time)).astype(np.float32)


def tags_of(path: Path) -> dict[str, str]:
    """Tags as another program reads them: FFmpeg, or mutagen where there is none."""
    program = ffmpeg_path()
    if program is None:
        with soundfile.SoundFile(str(path)) as stream:
            return {k: v for k, v in stream.copy_metadata().items()}
    command = [program, "-v", "error", "-i", str(path), "-f", "ffmetadata", "-"]
    text = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    text = text.replace("\\=", "=").replace("\\;", ";").replace("\\#", "#")
    pairs = [line.split("=", 1) for line in text.splitlines() if "=" in line]
    return {key.lower(): value for key, value in pairs}


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3", ".m4a", ".m4b"])
def test_every_format_holds_the_sound_and_says_that_it_is_synthetic(
    tmp_path: Path, tone: np.ndarray, suffix: str
) -> None:
    if suffix in (".m4a", ".m4b") and ffmpeg_path() is None:
        pytest.skip("FFmpeg is not installed")
    path = tmp_path / f"a{suffix}"
    write_audio(path, tone, RATE, TAGS)
    again = load_audio(path, RATE)
    assert abs(len(again) - len(tone)) < 0.1 * RATE
    spectrum = np.abs(np.fft.rfft(again[:RATE]))
    assert spectrum.argmax() == pytest.approx(220, abs=2)
    if suffix == ".ogg":  # FFmpeg keeps tags of Ogg with the stream
        tags = {k.lower(): v[0] for k, v in mutagen.File(path).items()}
        tags["track"] = tags["tracknumber"]
    else:
        tags = tags_of(path)
    assert tags["title"] == TAGS.title
    assert tags["artist"] == "anna (synthetic voice)"
    assert tags["album"] == "A Book"
    assert tags["track"] == "3"
    assert "synthetic speech" in tags["comment"].lower()
    assert tags["genre"] == "Synthetic speech"


def test_lossless_formats_keep_every_sample(tmp_path: Path, tone: np.ndarray) -> None:
    for suffix in (".wav", ".flac"):
        write_audio(tmp_path / f"a{suffix}", tone, RATE, Tags())
        again = load_audio(tmp_path / f"a{suffix}", RATE)
        assert np.abs(again - tone).max() <= 1 / 32768


def test_pieces_make_the_same_file_as_the_whole(tmp_path: Path, tone: np.ndarray) -> None:
    write_audio(tmp_path / "whole.flac", tone, RATE, TAGS)
    with open_audio(tmp_path / "pieces.flac", RATE, TAGS) as write:
        for piece in np.array_split(tone, 7):
            write(piece)
    assert (tmp_path / "whole.flac").read_bytes() == (tmp_path / "pieces.flac").read_bytes()


def test_samples_beyond_full_scale_do_not_wrap(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", np.array([1.5, -1.5] * 99, np.float32), RATE, Tags())
    audio = load_audio(tmp_path / "a.wav", RATE)
    assert audio[0] > 0.99 and audio[1] < -0.99


@needs_ffmpeg
def test_chapter_marks_of_a_book(tmp_path: Path, tone: np.ndarray) -> None:
    marks = [ChapterMark("One; a = b", 0, 0.75), ChapterMark("Two", 0.75, 2)]
    with open_audio(tmp_path / "book.m4b", RATE, Tags(title="Book"), marks) as write:
        write(tone)
    command = [str(ffmpeg_path()), "-i", str(tmp_path / "book.m4b")]
    shown = subprocess.run(command, capture_output=True, check=False).stderr.decode()
    assert "start 0.000000, end 0.750000" in shown and "start 0.750000, end 2.000000" in shown
    assert "One; a = b" in shown and "Two" in shown


@pytest.mark.parametrize("suffix", [".wav", ".m4b"])
def test_an_error_in_the_middle_keeps_the_previous_file(
    tmp_path: Path, tone: np.ndarray, suffix: str
) -> None:
    if suffix == ".m4b" and ffmpeg_path() is None:
        pytest.skip("FFmpeg is not installed")
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"the previous one")
    with pytest.raises(KeyboardInterrupt), open_audio(path, RATE, Tags()) as write:
        write(tone)
        raise KeyboardInterrupt
    assert path.read_bytes() == b"the previous one"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are a POSIX thing")
def test_no_room_on_the_disk_is_said_and_keeps_the_previous_files(tmp_path: Path) -> None:
    suffixes = [".wav", ".flac", ".ogg", ".mp3", *([".m4b"] if ffmpeg_path() else [])]
    paths = [tmp_path / f"a{suffix}" for suffix in suffixes]
    for path in paths:
        path.write_bytes(b"the previous one")
    script = f"""
import resource
from pathlib import Path
import numpy as np
from env_utils import InputError
from voice_replication.narration.formats import Tags, write_audio
noise = 0.1 * np.random.default_rng(0).standard_normal(40 * 24000).astype(np.float32)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))  # every write beyond fails
for path in {[str(p) for p in paths]!r}:
    try:
        write_audio(Path(path), noise, 24000, Tags())
    except InputError as error:
        print(error)
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    for path, line in zip(paths, result.stdout.splitlines(), strict=True):
        assert line.startswith(f"{path}: ") and "disk full" in line
        assert path.read_bytes() == b"the previous one"
    assert sorted(tmp_path.iterdir()) == sorted(paths)


def test_names_that_cannot_be_written_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot write '\.aiff'; use one of \.wav"):
        check_suffix(Path("a.aiff"))
    (tmp_path / "a.wav").mkdir()
    with pytest.raises(InputError, match="folder"):
        check_suffix(tmp_path / "a.wav")


def test_without_ffmpeg_m4b_names_the_alternatives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "ffmpeg_path", lambda: None)
    with pytest.raises(MissingDependencyError, match=r"FFmpeg.*\.flac"):
        check_suffix(Path("a.m4b"))
    check_suffix(Path("a.mp3"))


# --- timestamps -----------------------------------------------------------------------------

WORDS = [
    WordTime("It", 0.0, 0.2),
    WordTime("was", 0.2, 0.4),
    WordTime("late", 0.4, 0.9, "."),
    WordTime("Nobody", 1.3, 1.8),
    WordTime("came", 1.8, 2.2, ","),
    WordTime("not", 3.1, 3.3),
    WordTime("one", 3.3, 3661.5, "!"),
]


def test_subtitles_end_with_sentences_and_pauses() -> None:
    assert [c.text for c in cues(WORDS[:6])] == ["It was late.", "Nobody came,", "not"]
    assert [(c.start, c.end) for c in cues(WORDS[:6])] == [(0.0, 0.9), (1.3, 2.2), (3.1, 3.3)]


def test_subtitles_are_short_enough_to_read() -> None:
    words = [WordTime("syllables", 0.5 * i, 0.5 * i + 0.5) for i in range(100)]
    for cue in cues(words):
        assert cue.end - cue.start <= 7.0 and len(cue.text) <= 84
    fast = [WordTime("syllables", 0.1 * i, 0.1 * i + 0.1) for i in range(100)]
    for block in srt(cues(fast)).strip().split("\n\n"):
        text = block.splitlines()[2:]
        assert len(text) <= 2 and all(len(line) <= 50 for line in text)


def test_srt_is_written_as_players_read_it(tmp_path: Path) -> None:
    write_timestamps(tmp_path / "a.srt", WORDS)
    assert (tmp_path / "a.srt").read_text(encoding="utf-8") == (
        "1\n00:00:00,000 --> 00:00:00,900\nIt was late.\n\n"
        "2\n00:00:01,300 --> 00:00:02,200\nNobody came,\n\n"
        "3\n00:00:03,100 --> 00:00:03,300\nnot\n\n"
        "4\n00:00:03,300 --> 01:01:01,500\none!\n"
    )


def test_json_has_a_row_for_every_word(tmp_path: Path) -> None:
    import json

    write_timestamps(tmp_path / "a.json", WORDS)
    rows = json.loads((tmp_path / "a.json").read_text())["words"]
    assert rows[2] == {"word": "late", "start": 0.4, "end": 0.9}
    assert len(rows) == len(WORDS)


def test_timestamps_in_another_format_are_refused() -> None:
    with pytest.raises(InputError, match=r"\.json or \.srt"):
        write_timestamps(Path("a.vtt"), WORDS)
