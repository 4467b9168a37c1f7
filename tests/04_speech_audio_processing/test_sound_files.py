"""Whatever a person hands us: read it, or say in one sentence what is wrong and what to do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_utils import ffmpeg_path, load_audio, resample, save_audio
from audio_utils import io as audio_io
from audio_utils.containers import is_cut_off, length_is_known
from env_utils import InputError, MissingDependencyError

RATE = 24_000


def similar(a: np.ndarray, b: np.ndarray) -> float:
    """Correlation of two signals over their common length."""
    n = min(len(a), len(b))
    return float(np.corrcoef(a[:n], b[:n])[0, 1])


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg"])
def test_what_is_saved_is_what_is_read(tmp_path: Path, spoken, suffix: str) -> None:
    path = tmp_path / f"speech{suffix}"
    save_audio(path, spoken)
    read = load_audio(path)
    assert read.dtype == np.float32 and len(read) == len(spoken)
    if suffix == ".ogg":
        assert similar(read, spoken) > 0.98
    else:
        assert np.abs(read - spoken).max() < (1 / 32_000 if suffix == ".wav" else 1 / 8_000_000)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mp3", {"format": "MP3"}),
        ("a.ogg", {"format": "OGG", "subtype": "VORBIS"}),
        ("a.opus", {"format": "OGG", "subtype": "OPUS"}),
        ("a.flac", {"format": "FLAC"}),
        ("a.aiff", {"format": "AIFF"}),
        ("a_without_suffix", {"format": "WAV", "subtype": "FLOAT"}),
    ],
)
def test_other_formats(tmp_path: Path, spoken, name: str, options: dict[str, str]) -> None:
    path = tmp_path / name
    soundfile.write(str(path), spoken, RATE, **options)
    read = load_audio(path)
    assert abs(len(read) - len(spoken)) < 0.06 * RATE
    assert similar(read, spoken) > 0.97


@pytest.mark.skipif(ffmpeg_path() is None, reason="no FFmpeg (pip install imageio-ffmpeg)")
@pytest.mark.parametrize("suffix", [".m4a", ".wma"])
def test_formats_that_need_ffmpeg(tmp_path: Path, spoken, suffix: str) -> None:
    wav, other = tmp_path / "a.wav", tmp_path / f"a{suffix}"
    save_audio(wav, spoken)
    program = ffmpeg_path()
    assert program is not None
    subprocess.run([program, "-v", "error", "-i", wav, "-b:a", "128k", other], check=True)
    read = load_audio(other)
    assert abs(len(read) - len(spoken)) < 0.15 * RATE
    spectra = [np.abs(np.fft.rfft(signal, 1 << 18)) for signal in (read, spoken)]
    assert similar(*spectra) > 0.95  # codecs add a delay, so the spectra are compared


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000, 96_000])
def test_every_rate_arrives_at_24_khz(tmp_path: Path, rate: int) -> None:
    time = np.arange(2 * rate) / rate
    soundfile.write(tmp_path / "tone.wav", 0.5 * np.sin(2 * np.pi * 440 * time), rate)
    read = load_audio(tmp_path / "tone.wav")
    assert abs(len(read) - 2 * RATE) <= 2
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(len(read)) / RATE)
    assert np.abs(read - expected)[500:-500].max() < 2e-3


def test_eight_channels_are_averaged(tmp_path: Path, spoken) -> None:
    channels = np.stack([spoken * gain for gain in (1, 0, 0.5, 0.5, 1, 0, 0.25, 0.75)], axis=1)
    soundfile.write(tmp_path / "eight.wav", channels, RATE, subtype="FLOAT")
    np.testing.assert_allclose(load_audio(tmp_path / "eight.wav"), spoken / 2, atol=1e-6)


def test_long_files_in_blocks_equal_short_ones_in_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoken
) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, resample(np.tile(spoken, 2), RATE, 44_100), 44_100, subtype="FLOAT")
    whole = load_audio(path)
    monkeypatch.setattr(audio_io, "_BLOCK_SECONDS", 0.9)
    blocks = load_audio(path)
    assert len(blocks) == len(whole)
    np.testing.assert_allclose(blocks, whole, atol=1e-4)


def test_missing_folder_empty(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    soundfile.write(tmp_path / "no_samples.wav", np.zeros(0), RATE)
    for name, sentence in (
        ("nowhere.wav", "there is no such file"),
        ("", "is a folder"),
        ("empty.wav", "the file is empty"),
        ("no_samples.wav", "holds no audio samples"),
    ):
        with pytest.raises(InputError, match=sentence) as caught:
            load_audio(tmp_path / name)
        assert str(tmp_path) in str(caught.value) and "\n" not in str(caught.value)


def test_text_named_wav_is_not_audio(tmp_path: Path) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("Dear diary, this is not a sound.\n" * 50)
    with pytest.raises((InputError, MissingDependencyError), match=r"notes\.wav: ") as caught:
        load_audio(path)
    assert "audio" in str(caught.value)


@pytest.mark.skipif(ffmpeg_path() is None, reason="no FFmpeg (pip install imageio-ffmpeg)")
@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nsecret.aac\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile secret.aac\n",
    ],
)
def test_a_playlist_is_not_followed(tmp_path: Path, spoken, text: str) -> None:
    save_audio(tmp_path / "secret.wav", spoken, 24_000)
    program = ffmpeg_path()
    secret, plain = str(tmp_path / "secret.aac"), str(tmp_path / "secret.wav")
    subprocess.run([str(program), "-v", "error", "-i", plain, secret], check=True)
    assert load_audio(secret).size
    playlist = tmp_path / "mine.m3u8"
    playlist.write_text(text)
    with pytest.raises(InputError, match=r"mine\.m3u8: this is not readable audio"):
        load_audio(playlist)


def test_without_ffmpeg_the_error_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audio_io, "ffmpeg_path", lambda: None)
    (tmp_path / "song.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(500))
    with pytest.raises(MissingDependencyError, match="imageio-ffmpeg"):
        load_audio(tmp_path / "song.m4a")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_and_infinity_are_refused(tmp_path: Path, value: float) -> None:
    audio = np.zeros(1000, np.float32)
    audio[500] = value
    soundfile.write(tmp_path / "bad.wav", audio, RATE, subtype="FLOAT")
    with pytest.raises(InputError, match="NaN or infinite"):
        load_audio(tmp_path / "bad.wav")
    with pytest.raises(InputError, match="NaN or infinite"):
        save_audio(tmp_path / "out.wav", audio)
    assert not (tmp_path / "out.wav").exists()


@pytest.mark.parametrize("share", [0.97, 0.5, 0.02])
@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        (".wav", {}),
        (".flac", {}),
        (".ogg", {"format": "OGG", "subtype": "VORBIS"}),
        (".opus", {"format": "OGG", "subtype": "OPUS"}),
        (".mp3", {"format": "MP3"}),
    ],
)
def test_cut_off_files_are_refused(
    tmp_path: Path, spoken, suffix: str, options: dict[str, str], share: float
) -> None:
    path = tmp_path / f"half{suffix}"
    soundfile.write(str(path), spoken, RATE, **options)
    data = path.read_bytes()
    load_audio(path)
    if suffix == ".mp3":
        share *= 0.9  # an mp3's length is known to a few per cent only
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(InputError, match=r"cut off|damaged"):
        load_audio(path)


def test_wav_from_a_pipe_is_whole(tmp_path: Path, spoken) -> None:
    path = tmp_path / "piped.wav"
    save_audio(path, spoken)
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"  # "unknown", as FFmpeg writes into a pipe
    path.write_bytes(data)
    assert not is_cut_off(path)
    assert len(load_audio(path)) == len(spoken)


def test_an_mp3_without_a_table_of_its_length_is_whole(tmp_path: Path, spoken) -> None:
    """As a server streams it: constant rate, nothing at its beginning but tags and a picture."""
    path = tmp_path / "streamed.mp3"
    soundfile.write(path, spoken, RATE, format="MP3", bitrate_mode="CONSTANT")
    tags = b"ID3\x04\x00\x00" + bytes([0, 0, 0x7F, 0x7F]) + bytes(0x3FFF)
    data = path.read_bytes()
    frame = data.index(b"\xff\xf3", data.index(b"Xing"))  # the first one with sound
    path.write_bytes(tags + data[frame:])
    assert not length_is_known(path)
    assert len(load_audio(path)) == pytest.approx(len(spoken), abs=0.1 * RATE)
    soundfile.write(path, spoken, RATE, format="MP3", bitrate_mode="VARIABLE")
    assert length_is_known(path)


def test_a_flac_stream_of_unknown_length_is_whole(tmp_path: Path, spoken) -> None:
    path = tmp_path / "streamed.flac"
    soundfile.write(path, spoken, RATE)
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0  # 36 bits of STREAMINFO: the number of samples, 0 if unknown
    data[22:26] = bytes(4)
    path.write_bytes(data)
    assert len(load_audio(path)) == len(spoken)


def test_more_than_four_hours_is_refused_before_it_is_read(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "day.flac", np.zeros(5 * 3600 * 100), 100)
    with pytest.raises(InputError, match=r"5\.0 hours long; the limit is 4"):
        load_audio(tmp_path / "day.flac")


def test_saving_refuses_unknown_formats_and_clips(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot write '\.xyz'"):
        save_audio(tmp_path / "a.xyz", np.zeros(10, np.float32))
    save_audio(tmp_path / "loud.wav", np.array([2.0, -2.0, 0.5], np.float32))
    np.testing.assert_allclose(load_audio(tmp_path / "loud.wav"), [1, -1, 0.5], atol=1e-4)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["loud.wav"]
