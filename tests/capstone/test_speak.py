"""Speaking: any text, exact times, pauses as asked for, and a stream equal to the whole."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_utils import DEFAULT_SPEC, load_audio, mel_spectrogram
from audio_utils.loudness import loudness_lufs
from env_utils import CheckpointError, InputError
from hypothesis import given, settings
from hypothesis import strategies as st
from text_utils import Symbols, pronounce
from tts_utils import TTSEngine
from voice_replication.cli import main
from voice_replication.narration.engine import VoiceCloneEngine
from voice_replication.narration.line_audio import EDGE_FRAMES, prepare
from voice_replication.narration.loudness import (
    CEILING,
    KNEE,
    gain_for,
    mel_lufs,
    soft_limit,
)
from voice_replication.narration.script import MAX_SYMBOLS, lines, unreadable
from voice_replication.narration.settings import Pauses, Settings
from voice_replication.narration.text_to_speech import Speaker, Speech
from voice_replication.synthesizer.inference import Synthesis
from voice_replication.voices import Voice, VoiceStore

RATE = DEFAULT_SPEC.sample_rate
FRAME_SECONDS = DEFAULT_SPEC.hop_length / RATE
ONE_FRAME = FRAME_SECONDS + 1e-9
TWO_PARAGRAPHS = "It was late. Nobody came, and the lamp burned low!\n\nWhy did she wait?"


@pytest.fixture(scope="module")
def speaker(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Speaker:
    return Speaker(tiny_models, VoiceStore(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="module")
def speech(speaker: Speaker, made_up_voice: Voice) -> Speech:
    return speaker.speak(TWO_PARAGRAPHS, made_up_voice)


def silent_runs(audio: np.ndarray) -> np.ndarray:
    """Lengths in samples of the runs of exact zeros."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], audio == 0, [0])).astype(int)))
    return np.diff(edges.reshape(-1, 2), axis=1)[:, 0]


# --- what is spoken -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Go", ["Go"]),
        ("STOP RIGHT THERE", ["STOP", "RIGHT", "THERE"]),
        ("hello 😀 world 😀", ["hello", "world"]),
    ],
)
def test_short_and_odd_texts_are_spoken(
    speaker: Speaker, made_up_voice: Voice, text: str, words: list[str]
) -> None:
    speech = speaker.speak(text, made_up_voice)
    assert [w.text.lower() for w in speech.words] == [w.lower() for w in words]
    assert np.abs(speech.audio).max() > 0


def test_digits_alone_are_read_as_words(speaker: Speaker, made_up_voice: Voice) -> None:
    speech = speaker.speak("1234567", made_up_voice)
    assert len(speech.words) >= 5 and all(not w.text.isdigit() for w in speech.words)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the text is empty"),
        (" \n\t ", "the text is empty"),
        ("😀🎉", r"not readable: 😀🎉"),
        ("שלום עולם", r"not readable: שלום.* \(Hebrew\)"),
        ("你好", r"你好 \(Cjk Unified\)"),
        ("... !?", "nothing in it that can be spoken"),
        ("\x00\x01PNG\x02", "binary"),
        ("�" * 20, "binary"),
        ("word " * 11_000, "55,000 characters"),
    ],
)
def test_text_that_cannot_be_spoken_says_why(
    speaker: Speaker, made_up_voice: Voice, text: str, reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        speaker.speak(text, made_up_voice)
    if "characters" not in reason:  # a stream has no limit on the length
        with pytest.raises(InputError, match=reason):
            speaker.stream(text, made_up_voice)


def test_what_is_left_out_of_mixed_text_is_reported(speaker: Speaker, made_up_voice: Voice) -> None:
    assert speaker.speak("the word 和平 means peace", made_up_voice).unreadable == "和平"
    assert unreadable("naïve café – “quotes” 5 € £3 ½ x² №") == ""


def test_a_500_word_sentence_is_spoken_in_bearable_parts(
    speaker: Speaker, made_up_voice: Voice
) -> None:
    words = ["seven", "small", "birds", "sang", "softly,"] * 100
    speech = speaker.speak(" ".join(words), made_up_voice)
    assert [w.text for w in speech.words] == [w.strip(",") for w in words]
    assert len(speech.lines) > 5
    assert all(len(s.prepared.ids) <= MAX_SYMBOLS + 1 for s in speech.lines)
    # cut where the writer put commas, and not made to sound finished before the end
    assert all(s.line.words[-1].pause == "," for s in speech.lines[:-1])
    assert speech.lines[-1].line.words[-1].pause == "."


def test_a_word_without_end_does_not_reach_the_models_whole(
    speaker: Speaker, made_up_voice: Voice
) -> None:
    speech = speaker.speak("ba" * 700, made_up_voice)
    assert all(len(s.prepared.ids) <= MAX_SYMBOLS + 1 for s in speech.lines)
    assert "".join(w.text for w in speech.words) == "ba" * 700


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab c.,;?!-'\n\"1"), max_size=400))
def test_lines_hold_exactly_the_words_of_the_text(text: str) -> None:
    found = list(lines(text))
    assert [w.text for line in found for w in line.words] == [w.text for w in pronounce(text)]
    assert all(len(line.words) >= 1 for line in found)
    assert not found or found[-1].follows == "paragraph"


# --- when it is spoken ----------------------------------------------------------------------


def test_word_times_are_those_of_the_audio(speech: Speech) -> None:
    for spoken in speech.lines:
        ends = np.cumsum(spoken.prepared.durations)
        place = 1
        for word, time in zip(spoken.line.words, spoken.prepared.words, strict=True):
            first, last = ends[place - 1], ends[place + len(word.phones) - 1]
            assert time.start == pytest.approx(first * FRAME_SECONDS, abs=ONE_FRAME)
            assert time.end == pytest.approx(last * FRAME_SECONDS, abs=ONE_FRAME)
            place += len(word.phones) + 1
        assert spoken.prepared.samples == (spoken.prepared.mel.shape[1] - 1) * 256
    starts = [w.start for w in speech.words]
    assert starts == sorted(starts)
    assert all(w.start < w.end for w in speech.words)
    assert speech.words[-1].end <= speech.seconds
    assert [w.text for w in speech.words[:3]] == ["It", "was", "late"]


def test_word_times_find_a_word_in_the_sound() -> None:
    """A click at a word's first frame is heard where the times say that the word starts."""
    words = pronounce("one two three")
    ids = Symbols().encode(words)
    durations = np.full(len(ids), 9)
    mel = np.full((100, durations.sum()), -11.0, np.float32)
    symbol = 1 + len(words[0].phones) + 1  # the first phone of "two"
    mel[:, durations[:symbol].sum()] = 0.0
    synthesis = _synthesis(mel, durations, ids)
    prepared = prepare(words, synthesis, Settings())
    loud = int(prepared.mel.mean(axis=0).argmax())
    assert prepared.words[1].start == pytest.approx(
        loud * FRAME_SECONDS, abs=FRAME_SECONDS / 2 + 1e-9
    )


def _synthesis(mel: np.ndarray, durations: np.ndarray, ids: list[int]) -> Synthesis:
    return Synthesis(mel, durations, ids, None)


def test_pauses_last_as_long_as_asked_for(speaker: Speaker, made_up_voice: Voice) -> None:
    pauses = Pauses(sentence=0.3, paragraph=1.1)
    for speed in (1.0, 2.0):
        speech = speaker.speak(TWO_PARAGRAPHS, made_up_voice, pauses=pauses, speed=speed)
        by_line = [s.prepared.words for s in speech.lines]
        gaps = [
            speech.lines[i + 1].start
            + by_line[i + 1][0].start
            - (speech.lines[i].start + by_line[i][-1].end)
            for i in range(2)
        ]
        assert gaps == pytest.approx([0.3 / speed, 1.1 / speed], abs=1e-4)


def test_silences_nobody_asked_for_are_cut() -> None:
    words = pronounce("well, yes indeed")
    ids = Symbols().encode(words)
    durations = np.where([Symbols().is_pause(i) or i == 1 for i in ids], 200, 8)
    marks = np.repeat(np.arange(len(ids)), durations).astype(np.float32)
    mel = np.tile(marks, (100, 1))
    prepared = prepare(words, _synthesis(mel, durations, ids), Settings())
    kept = np.bincount(prepared.mel[0].astype(int), minlength=len(ids))
    assert np.array_equal(kept, prepared.durations)
    assert kept[0] == kept[-1] == EDGE_FRAMES
    comma, space = 1 + len(words[0].phones), 1 + sum(len(w.phones) + 1 for w in words[:2]) - 1
    assert kept[comma] * FRAME_SECONDS == pytest.approx(0.5, abs=FRAME_SECONDS)
    assert kept[space] * FRAME_SECONDS == pytest.approx(0.25, abs=FRAME_SECONDS)
    assert (kept[[i for i in range(len(ids)) if durations[i] == 8]] == 8).all()


def test_speed_changes_the_length(speaker: Speaker, made_up_voice: Voice) -> None:
    seconds = [
        speaker.speak(TWO_PARAGRAPHS, made_up_voice, speed=s).seconds for s in (0.5, 1.0, 2.0)
    ]
    assert seconds[0] > 1.6 * seconds[1] > 1.6 * 1.6 * seconds[2]


# --- how it sounds --------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["Go", TWO_PARAGRAPHS, "far away, " * 40])
def test_a_stream_equals_the_whole(speaker: Speaker, made_up_voice: Voice, text: str) -> None:
    chunks = list(speaker.stream(text, made_up_voice, speed=0.8, pitch_semitones=2, seed=4))
    whole = speaker.speak(text, made_up_voice, speed=0.8, pitch_semitones=2, seed=4).audio
    joined = np.concatenate(chunks)
    assert joined.dtype == np.float32 and joined.shape == whole.shape
    assert np.abs(joined - whole).max() < 1e-3
    assert np.abs(whole).max() > 1e-3
    assert len(chunks[0]) <= 2.6 * RATE


def test_a_stream_starts_before_the_text_was_read(
    speaker: Speaker, made_up_voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    from voice_replication.narration import script

    read: list[str] = []

    def noting(text: str) -> list:  # type: ignore[type-arg]
        read.append(text)
        return pronounce(text)

    monkeypatch.setattr(script, "pronounce", noting)
    next(speaker.stream("One. Two. Three. Four. Five. Six.", made_up_voice))
    assert len(read) <= 2


def test_the_same_seed_gives_the_same_audio(
    speaker: Speaker, speech: Speech, made_up_voice: Voice
) -> None:
    assert np.array_equal(speaker.speak(TWO_PARAGRAPHS, made_up_voice).audio, speech.audio)


def test_lines_begin_and_end_without_a_click(speech: Speech) -> None:
    for spoken in speech.lines:
        start = round(spoken.start * RATE)
        end = start + spoken.prepared.samples
        peak = np.abs(speech.audio[start:end]).max()
        assert np.abs(speech.audio[[start, end - 1]]).max() < 0.05 * peak
    assert len(silent_runs(speech.audio)) == len(speech.lines) - 1


def test_the_limiter_bends_only_what_is_too_loud() -> None:
    x = np.linspace(-3, 3, 60_001, dtype=np.float32)
    y = soft_limit(x)
    assert np.abs(y).max() <= CEILING
    quiet = np.abs(x) <= KNEE
    assert np.array_equal(y[quiet], x[quiet])
    slope = np.diff(y) / np.diff(x)
    assert (slope > -1e-3).all() and (slope < 1.02).all()


def test_loudness_is_known_from_the_mel_alone(rng: np.random.Generator) -> None:
    """Noise in syllables, at any level: the estimate agrees with BS.1770 of the audio."""
    envelope = np.repeat(rng.uniform(0.05, 1, 40), RATE // 10)
    noise = rng.standard_normal(4 * RATE)
    for level in (0.01, 0.1, 0.5):
        audio = (level * envelope * noise / 4).astype(np.float32)
        assert mel_lufs(mel_spectrogram(audio, DEFAULT_SPEC), DEFAULT_SPEC) == pytest.approx(
            loudness_lufs(audio, RATE), abs=1.5
        )


def test_silence_is_not_amplified() -> None:
    assert gain_for(np.zeros(RATE, np.float32), DEFAULT_SPEC) == 1.0


def test_lines_are_brought_to_one_loudness() -> None:
    time = np.arange(2 * RATE) / RATE
    buzz = sum(np.sin(2 * np.pi * 120 * k * time) / k for k in range(1, 60))
    for level in (0.1, 0.2, 0.4):
        line = (level * buzz * np.sin(6 * time) ** 2).astype(np.float32)
        even = line * gain_for(line, DEFAULT_SPEC)
        assert loudness_lufs(even, RATE) == pytest.approx(-20, abs=1.5)


# --- the command and the engine -------------------------------------------------------------


@pytest.fixture()
def run(home: Path, tiny_models: Path, made_up_voice: Voice) -> Callable[..., int]:
    """``voiceclone speak`` with a stored voice: takes the other arguments, gives the exit code."""
    VoiceStore(home).add(made_up_voice)
    tail = ["--voice", "nobody", "--models-dir", str(tiny_models)]
    return lambda *arguments: main(["speak", *arguments, *tail])


def test_the_command_writes_sound_with_tags_and_timestamps(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wav, srt = tmp_path / "out.wav", tmp_path / "out.srt"
    text = "It was late. Nobody came."
    assert run(text, "-o", str(wav), "--timestamps", str(srt)) == 0
    assert "x real time" in capsys.readouterr().out
    with soundfile.SoundFile(str(wav)) as stream:
        assert stream.samplerate == RATE and stream.channels == 1 and len(stream) > RATE // 4
        tags = stream.copy_metadata()
    assert tags["title"] == text and "synthetic" in tags["comment"].lower()
    assert "It was late." in srt.read_text(encoding="utf-8")


def test_the_command_reads_files_and_standard_input(
    run: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text.txt").write_text("Nobody came.", encoding="utf-8")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Nobody came.")))
    sources = {"direct": "Nobody came.", "file": f"@{tmp_path / 'text.txt'}", "stdin": "-"}
    for name, source in sources.items():
        assert run(source, "-o", str(tmp_path / f"{name}.wav")) == 0
    sounds = [load_audio(tmp_path / f"{name}.wav") for name in sources]
    assert np.array_equal(sounds[0], sounds[1]) and np.array_equal(sounds[0], sounds[2])


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["", "-o", "a.wav"], 2, "the text is empty"),
        (["hi", "-o", "a.xyz"], 2, "cannot write '.xyz'"),
        (["hi", "-o", "a.wav", "--speed", "9"], 2, "speed is 9"),
        (["hi", "-o", "a.wav", "--timestamps", "a.vtt"], 2, ".json or .srt"),
        (["@missing.txt", "-o", "a.wav"], 2, "missing.txt: there is no such file"),
    ],
)
def test_the_command_says_what_is_wrong_in_one_sentence(
    run: Callable[..., int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    reason: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(*arguments) == code
    error = capsys.readouterr().err
    assert reason in error and "Traceback" not in error
    assert not (tmp_path / "a.wav").exists()


def test_binary_input_is_not_spoken(
    run: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for data, reason in ((b"caf\xe9", "byte 3 is not UTF-8"), (b"PNG\0\1", "binary data")):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert run("-", "-o", "a.wav") == 2
        assert reason in capsys.readouterr().err


def test_the_engine_speaks_like_the_speaker(speaker: Speaker, made_up_voice: Voice) -> None:
    store = VoiceStore(speaker.store.home / "engine", samples=speaker.store.home / "none")
    engine = VoiceCloneEngine(Speaker(speaker.models_dir, store))
    assert isinstance(engine, TTSEngine) and engine.voices() == []
    with pytest.raises(InputError, match="no voices yet"):
        engine.synthesize("Hello.")
    store.add(made_up_voice)
    samples, rate = engine.synthesize("Nobody came.")
    assert rate == engine.sample_rate == RATE
    assert np.array_equal(samples, speaker.speak("Nobody came.", made_up_voice).audio)


# --- what is refused ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"speed": 0.4}, "speed"),
        ({"speed": float("nan")}, "speed"),
        ({"pitch_semitones": 20.0}, "pitch"),
        ({"seed": -1}, "seed"),
    ],
)
def test_values_out_of_range_are_named(
    speaker: Speaker, made_up_voice: Voice, options: dict[str, float], field: str
) -> None:
    with pytest.raises(InputError, match=f"{field} is"):
        speaker.speak("Hello.", made_up_voice, **options)  # type: ignore[arg-type]


def test_pauses_out_of_range_are_named() -> None:
    with pytest.raises(InputError, match=r"pauses\.sentence is -1"):
        Pauses(sentence=-1)


def test_a_voice_of_another_encoder_must_be_enrolled_again(
    speaker: Speaker, made_up_voice: Voice
) -> None:
    with pytest.raises(CheckpointError, match="Enroll again"):
        speaker.speak("Hello.", replace(made_up_voice, encoder="ffffffffffff"))


def test_an_unknown_voice_never_becomes_another_one(speaker: Speaker) -> None:
    with pytest.raises(InputError, match="no voice 'bob'"):
        speaker.speak("Hello.", "bob")


# --- the shipped models ---------------------------------------------------------------------

HARD = "It was late; nobody came. NO! Were 12 of them there, on May 5th? " * 2


@pytest.fixture(scope="module")
def shipped(shipped_checkpoints: Path, tmp_path_factory: pytest.TempPathFactory) -> Speaker:
    speaker = Speaker(shipped_checkpoints, VoiceStore(tmp_path_factory.mktemp("home")))
    if not speaker.store.names():
        pytest.skip("no sample voices are shipped yet")
    return speaker


def test_shipped_voices_speak_evenly_and_without_unasked_pauses(shipped: Speaker) -> None:
    for name in shipped.store.names():
        speech = shipped.speak(HARD, name)
        for spoken in speech.lines:
            line = speech.audio[round(spoken.start * RATE) : round(spoken.end * RATE)]
            assert loudness_lufs(line, RATE) == pytest.approx(-20, abs=3), (name, spoken.line.text)
        assert np.abs(speech.audio).max() <= CEILING
        assert (np.abs(speech.audio) > KNEE).mean() < 0.01  # the limiter hardly works
        gaps = [b.start - a.end for a, b in itertools.pairwise(speech.words)]
        assert max(gaps) < 0.6
        rate = len(speech.words) / speech.seconds
        assert 1.5 < rate < 4.5  # words a second


def test_shipped_models_stream_what_they_speak(shipped: Speaker) -> None:
    name = shipped.store.names()[0]
    whole = shipped.speak(HARD, name).audio
    joined = np.concatenate(list(shipped.stream(HARD, name)))
    assert joined.shape == whole.shape and np.abs(joined - whole).max() < 1e-3
