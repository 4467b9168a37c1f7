"""The watermark: exact in streams, not heard, found again after what happens to sound files."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from audio_utils import load_audio, resample, save_audio
from data_utils import read_manifest
from env_utils import ffmpeg_path
from hypothesis import given, settings
from hypothesis import strategies as st
from tts_utils import EspeakEngine
from voice_replication import watermark
from voice_replication.cli import main
from voice_replication.evaluation.run import default_sentences
from voice_replication.evaluation.unmarked_sounds import SOUNDS, Unmarked
from voice_replication.evaluation.watermark_attacks import FURTHER, REQUIRED
from voice_replication.narration import line_audio
from voice_replication.narration.line_audio import Finishing
from voice_replication.narration.loudness import CEILING
from voice_replication.narration.settings import Settings
from voice_replication.narration.text_to_speech import Speaker, Speech
from voice_replication.watermark import BANDS, FRAME, PERIOD, Marker, mark, pattern
from voice_replication.watermark_detection import THRESHOLD, detect

RATE = watermark.SAMPLE_RATE
CLIP = 2 * RATE
SURVIVED = ["MP3 64 kbit/s", "AAC 64 kbit/s", "loudness -30 LUFS", "1 % faster and higher"]


@pytest.fixture(scope="module")
def speaker(shipped_checkpoints: Path) -> Speaker:
    assert shipped_checkpoints.is_dir()
    return Speaker()


def speak(speaker: Speaker, name: str) -> Speech:
    """Four sentences with the pauses between them, one of them that of a paragraph."""
    first, second, third, fourth = default_sentences(4)
    text = f"{first} {second}\n\n{third} {fourth}"
    return speaker.speak_with(text, speaker.voice(name), Settings())


@pytest.fixture(scope="module")
def marked(speaker: Speaker) -> list[Speech]:
    return [speak(speaker, name) for name in speaker.store.names()]


@pytest.fixture(scope="module")
def plain(speaker: Speaker) -> list[Speech]:
    with mock.patch.object(line_audio, "Marker", Unmarked):
        return [speak(speaker, name) for name in speaker.store.names()]


def clips(audio: np.ndarray, step: int) -> Iterator[np.ndarray]:
    for start in range(0, len(audio) - CLIP + 1, step):
        yield audio[start : start + CLIP]


def noise(samples: int) -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal(samples)).astype(np.float32)


# --- marking --------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3000), max_size=12))
def test_marking_piece_by_piece_is_marking_the_whole(sizes: list[int]) -> None:
    audio = noise(sum(sizes))
    edges = np.cumsum([0, *sizes])
    marker = Marker()
    given, pieces = 0, []
    for start, stop in itertools.pairwise(edges):
        pieces.append(marker.push(audio[start:stop]))
        given += len(pieces[-1])
        assert 0 <= stop - given <= FRAME, "held back"
    joined = np.concatenate([*pieces, marker.finish()])
    assert joined.dtype == np.float32 and np.array_equal(joined, mark(audio))


def test_silence_stays_silent_and_level_does_not_matter() -> None:
    audio = np.concatenate([np.zeros(RATE), noise(RATE), np.zeros(RATE)]).astype(np.float32)
    out = mark(audio)
    assert not out[: RATE - FRAME].any() and not out[2 * RATE + FRAME :].any()
    assert np.allclose(mark(0.01 * audio), 0.01 * out, atol=1e-7)


def test_the_mark_is_small_and_evens_out() -> None:
    audio = noise(20 * RATE)
    difference = mark(audio) - audio
    ratio = np.sqrt(np.mean(difference**2) / np.mean(audio**2))
    assert 10 ** (-30 / 20) < ratio < 10 ** (-15 / 20)
    assert not pattern().sum(axis=0).any()  # every band is raised as often as it is lowered
    level = 10 * np.log10(np.mean(mark(audio) ** 2) / np.mean(audio**2))
    assert abs(level) < 0.2


def test_the_pattern_is_the_same_for_ever() -> None:
    """What was marked by an earlier version must still be found."""
    assert pattern().shape == (PERIOD, BANDS)
    digest = hashlib.sha256(pattern().astype(np.int8).tobytes()).hexdigest()
    assert digest[:16] == "24a4f940fc83e089"


def test_a_line_may_be_finished_twice_from_the_same_place(speaker: Speaker) -> None:
    """As a server does that begins a line here and ends it there, perhaps after a failure."""
    voice = speaker.voice("clara")
    line = speak(speaker, "clara").lines[0].line
    prepared = speaker.prepare(line, voice, Settings())
    decoded = speaker.vocoder.decode(prepared.mel, prepared.f0_hz)
    head = len(decoded) // 2
    finishing = Finishing(prepared)
    first = finishing.push(decoded[:head])
    again = finishing.copy()
    rest = [state.push(decoded[head:]) for state in (finishing, again)]
    assert np.array_equal(*rest)
    assert len(first) + len(rest[0]) == prepared.samples


# --- hearing --------------------------------------------------------------------------------


def test_nobody_hears_it(marked: list[Speech], plain: list[Speech]) -> None:
    pesq = pytest.importorskip("pesq").pesq
    scores = []
    for ours, other in zip(marked, plain, strict=True):
        assert np.abs(ours.audio).max() < CEILING
        assert [w.start for w in ours.words] == [w.start for w in other.words]
        both = (resample(speech.audio, RATE, 16_000) for speech in (other, ours))
        scores.append(pesq(16_000, *both, "wb"))
    assert min(scores) > 4.4


# --- finding --------------------------------------------------------------------------------


@pytest.mark.parametrize("attack", [*REQUIRED, *SURVIVED])
def test_two_seconds_are_enough(marked: list[Speech], attack: str) -> None:
    if ffmpeg_path() is None:
        pytest.skip("no FFmpeg: pip install imageio-ffmpeg")
    change = {**REQUIRED, **FURTHER}[attack]
    scores = [
        detect(clip, RATE).score for s in marked for clip in clips(change(s.audio), RATE + 777)
    ]
    assert len(scores) > 30
    assert np.mean(np.array(scores) >= THRESHOLD) >= 0.97, np.sort(scores)[:5]


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 48_000])
def test_the_rate_of_a_file_does_not_matter(marked: list[Speech], rate: int) -> None:
    assert detect(resample(marked[0].audio[: 2 * CLIP], RATE, rate), rate).marked


def test_a_marked_part_is_found_in_a_long_recording(
    marked: list[Speech], plain: list[Speech]
) -> None:
    others = np.concatenate([speech.audio for speech in plain] * 2)
    part = marked[0].audio[:CLIP]
    whole = np.concatenate([others, part, others])
    assert len(whole) > 100 * RATE
    assert detect(whole, RATE).marked
    assert not detect(np.concatenate([others, others]), RATE).marked


def test_other_keys_are_other_marks(plain: list[Speech], monkeypatch: pytest.MonkeyPatch) -> None:
    audio = plain[0].audio[: 2 * CLIP]
    ours = mark(audio)
    monkeypatch.setattr(watermark, "KEY", b"somebody else's")
    for cached in (watermark.pattern, watermark._changes):
        cached.cache_clear()
    theirs = mark(audio)
    monkeypatch.undo()
    for cached in (watermark.pattern, watermark._changes):
        cached.cache_clear()
    assert detect(ours, RATE).marked
    assert detect(theirs, RATE).score < 0


# --- not finding ----------------------------------------------------------------------------


def test_unmarked_speech_is_not_called_marked(plain: list[Speech]) -> None:
    """Our own vocoder without the mark and espeak-ng: some 300 clips."""
    recordings = [speech.audio for speech in plain]
    engine = EspeakEngine()
    for sentence in default_sentences(24):
        recordings.append(resample(*engine.synthesize(sentence), RATE))
    scores = [detect(clip, RATE).score for audio in recordings for clip in clips(audio, RATE // 3)]
    assert len(scores) > 250
    assert max(scores) < THRESHOLD


@pytest.mark.parametrize("name", [n for n in SOUNDS if n != "silence"])
def test_other_sounds_are_not_called_marked(name: str) -> None:
    assert detect(SOUNDS[name](30 * RATE), RATE).score < THRESHOLD


@pytest.mark.parametrize("samples", [0, 1, 100, FRAME, 2 * RATE])
def test_what_cannot_be_judged_is_fifty_fifty(samples: int) -> None:
    found = detect(np.zeros(samples, np.float32), RATE)
    assert not found.marked and found.confidence == pytest.approx(0.5)
    assert found.checked_seconds == 0.0


@pytest.mark.real_data
def test_people_are_not_called_marked(speech_data: Path) -> None:
    utterances = read_manifest(speech_data / "manifest.csv")[::90]
    recordings = [load_audio(utterance.path) for utterance in utterances]
    scores = [detect(audio, RATE).score for audio in recordings]
    assert len(scores) > 70 and max(scores) < THRESHOLD
    again = [detect(mark(audio), RATE).marked for audio in recordings[:30]]
    assert all(again)  # and people's speech can carry the mark


# --- the command ----------------------------------------------------------------------------


def test_the_command_says_it_in_words_in_json_and_by_its_exit_code(
    marked: list[Speech], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, silence = tmp_path / "ours.wav", tmp_path / "silence.wav"
    save_audio(ours, marked[0].audio)
    save_audio(silence, np.zeros(RATE, np.float32))
    other = tmp_path / "other.wav"
    save_audio(other, resample(*EspeakEngine().synthesize("Somebody else says this."), RATE), RATE)
    assert main(["detect", str(ours)]) == 0
    assert "it carries our watermark" in capsys.readouterr().out
    assert main(["detect", str(ours), str(other), str(silence)]) == 9
    lines = capsys.readouterr().out.splitlines()
    assert "no watermark of ours" in lines[1] and "silent" in lines[2]
    assert main(["detect", "--json", str(ours), str(other)]) == 9
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [entry["marked"] for entry in found] == [True, False]
    assert found[0]["confidence"] > 0.999 > 0.5 > found[1]["confidence"]
