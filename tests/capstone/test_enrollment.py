"""Enrollment: consent first, unusable recordings refused with the number, a unit embedding."""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path

import numpy as np
import pytest
from audio_utils import load_audio, save_audio
from env_utils import ConsentError, InputError
from training_utils import file_fingerprint
from voice_replication.cli import main
from voice_replication.enrollment import (
    consent_from_file,
    consent_from_statement,
    enroll,
    load_reference,
    remarks,
)
from voice_replication.speaker_encoder.inference import SpeakerEncoder
from voice_replication.voices import Consent, VoiceStore

RATE = 24_000
CONSENT = Consent("Anna", "I agree that my voice is cloned.", "2025-03-01", "signed form")


def syllables(
    seconds: float, f0_hz: float = 140.0, seed: int = 0, snr_db: float = 40.0
) -> np.ndarray:
    """A buzz in syllables with pauses, over noise: what level-based measures take for speech."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(int(RATE * seconds)) / RATE
    phase = 2 * np.pi * np.cumsum(f0_hz * (1 + 0.05 * np.sin(5 * time_s))) / RATE
    voice = sum(np.sin(k * phase) / k for k in range(1, 60)) * np.sin(np.pi * 3 * time_s) ** 2
    voice *= (time_s % 2.0) < 1.7
    voice *= 0.1 / np.sqrt(np.mean(voice**2))
    noise = 0.1 * 10 ** (-snr_db / 20) * rng.standard_normal(len(time_s))
    return (voice + noise).astype(np.float32)


@pytest.fixture(scope="module")
def encoder(tiny_models: Path) -> SpeakerEncoder:
    return SpeakerEncoder.load(tiny_models / "encoder.safetensors")


@pytest.fixture()
def store(home: Path) -> VoiceStore:
    return VoiceStore(home)


@pytest.fixture()
def reference(tmp_path: Path) -> Path:
    save_audio(tmp_path / "anna.wav", syllables(5.0))
    return tmp_path / "anna.wav"


def test_a_voice_from_one_reference(
    reference: Path, encoder: SpeakerEncoder, store: VoiceStore
) -> None:
    voice = enroll("anna", [reference], CONSENT, encoder, store, fingerprint="abc")
    stored = store.get("anna")
    assert np.linalg.norm(stored.embedding) == pytest.approx(1.0, abs=1e-5)
    assert np.array_equal(stored.embedding, voice.embedding)
    assert (stored.consent, stored.encoder, stored.synthetic) == (CONSENT, "abc", False)
    numbers = stored.statistics
    assert numbers.f0_median_hz == pytest.approx(140, rel=0.04)
    assert numbers.f0_low_hz < numbers.f0_median_hz < numbers.f0_high_hz
    assert numbers.references == 1 and 3.0 < numbers.speech_seconds <= 5.0
    assert -25 < numbers.level_lufs < -15
    assert remarks(stored) == []


def test_several_references_are_averaged(
    tmp_path: Path, encoder: SpeakerEncoder, store: VoiceStore
) -> None:
    paths = []
    for seed, f0 in enumerate((110.0, 170.0)):
        paths.append(tmp_path / f"{seed}.flac")
        save_audio(paths[-1], syllables(2.5, f0, seed))
    both = enroll("both", paths, CONSENT, encoder, store, fingerprint="abc")
    ones = [encoder.embed(load_reference(path).audio) for path in paths]
    mean = np.mean(ones, axis=0)
    assert both.embedding == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)
    assert both.statistics.references == 2


def test_the_level_of_the_recording_does_not_matter(
    tmp_path: Path, encoder: SpeakerEncoder, store: VoiceStore
) -> None:
    audio = syllables(4.0, snr_db=60)
    embeddings = []
    for name, gain in (("loud", 1.0), ("quiet", 0.05)):
        save_audio(tmp_path / f"{name}.flac", gain * audio)
        path = tmp_path / f"{name}.flac"
        embeddings.append(enroll(name, [path], CONSENT, encoder, store, fingerprint="a").embedding)
    assert float(embeddings[0] @ embeddings[1]) > 0.99


def test_without_consent_nothing_is_read_or_stored(
    tmp_path: Path, encoder: SpeakerEncoder, store: VoiceStore
) -> None:
    with pytest.raises(ConsentError, match="without their consent"):
        enroll("anna", [tmp_path / "missing.wav"], None, encoder, store)
    assert "anna" not in store.names()


DAMAGED = {
    "silent": (np.zeros(5 * RATE, np.float32), r"silent or nearly so \(-70 LUFS"),
    "clipped": (np.clip(20 * syllables(5.0), -1, 1), r"clipped, \d+\.\d% of its samples"),
    "noisy": (syllables(5.0, snr_db=0.0), r"noisy|no speech"),
    "hum": (0.2 * np.sin(2 * np.pi * 50 * np.arange(5 * RATE) / RATE), "no speech"),
    "short": (syllables(1.5), r"\d\.\d s of speech in all, but at least 3 s"),
    "long": (np.zeros(660 * RATE, np.float32), "11 minutes long; a reference has at most 10"),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_an_unusable_recording_is_refused_with_the_number(
    tmp_path: Path, encoder: SpeakerEncoder, store: VoiceStore, kind: str
) -> None:
    audio, reason = DAMAGED[kind]
    path = tmp_path / f"{kind}.flac"
    save_audio(path, audio.astype(np.float32))
    with pytest.raises(InputError, match=reason) as caught:
        enroll("anna", [path], CONSENT, encoder, store, fingerprint="abc")
    assert str(path) in str(caught.value)
    assert "anna" not in store.names()


@pytest.mark.parametrize("name", ["missing.wav", "empty.wav", "text.wav"])
def test_what_is_no_recording_is_named(
    tmp_path: Path, encoder: SpeakerEncoder, store: VoiceStore, name: str
) -> None:
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "text.wav").write_text("this is not audio " * 50)
    with pytest.raises(InputError, match=name):
        enroll("anna", [tmp_path / name], CONSENT, encoder, store, fingerprint="abc")


def test_one_bad_recording_among_good_ones_stops_the_enrollment(
    reference: Path, encoder: SpeakerEncoder, store: VoiceStore
) -> None:
    bad = reference.with_name("bad.wav")
    save_audio(bad, np.zeros(3 * RATE, np.float32))
    with pytest.raises(InputError, match=r"bad\.wav"):
        enroll("anna", [reference, bad], CONSENT, encoder, store, fingerprint="abc")


def test_a_taken_name_is_refused_before_the_work(
    reference: Path, encoder: SpeakerEncoder, store: VoiceStore
) -> None:
    enroll("anna", [reference], CONSENT, encoder, store, fingerprint="abc")
    with pytest.raises(InputError, match="--replace"):
        enroll("anna", [Path("missing.wav")], CONSENT, encoder, store, fingerprint="abc")
    enroll("anna", [reference], CONSENT, encoder, store, fingerprint="new", replace=True)
    assert store.get("anna").encoder == "new"


def test_telephone_and_noisy_recordings_get_a_remark(
    tmp_path: Path, encoder: SpeakerEncoder, store: VoiceStore
) -> None:
    from audio_utils import resample

    narrow = resample(resample(syllables(5.0, snr_db=8.0), RATE, 8000), 8000, RATE)
    save_audio(tmp_path / "a.flac", narrow)
    voice = enroll("a", [tmp_path / "a.flac"], CONSENT, encoder, store, fingerprint="abc")
    found = " ".join(remarks(voice))
    assert "noisy" in found and "telephone" in found


# --- consent --------------------------------------------------------------------------------


def test_consent_comes_typed_as_text_or_as_a_record(tmp_path: Path) -> None:
    typed = consent_from_statement("  I agree.  ", "Anna")
    assert (typed.speaker, typed.statement, typed.how) == (
        "Anna",
        "I agree.",
        "typed at enrollment",
    )
    (tmp_path / "c.txt").write_text("I, Anna, agree.\n", encoding="utf-8")
    text = consent_from_file(tmp_path / "c.txt", "Anna")
    assert text.statement == "I, Anna, agree." and "c.txt" in text.how
    (tmp_path / "c.json").write_text(json.dumps(CONSENT.to_dict()), encoding="utf-8")
    assert consent_from_file(tmp_path / "c.json", "someone") == CONSENT


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("none.txt", None, "No such file"),
        ("empty.txt", b" \n", "empty"),
        ("binary.txt", b"\xff\xfe\x00", "not text"),
        ("bad.json", b"{", "not readable JSON"),
        ("few.json", b'{"speaker": "x"}', "exactly the fields"),
    ],
)
def test_an_unusable_consent_file_is_refused(
    tmp_path: Path, name: str, data: bytes | None, reason: str
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(ConsentError, match=reason):
        consent_from_file(tmp_path / name, "Anna")


# --- the commands ---------------------------------------------------------------------------


def test_enroll_list_show_export_delete_import(
    reference: Path,
    home: Path,
    tiny_models: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(reference.parent)
    models = ["--models-dir", str(tiny_models)]
    command = ["enroll", "anna", str(reference), "--consent", "I agree.", "--speaker", "Anna E."]
    assert main([*command, *models]) == 0
    assert "pitch 1" in capsys.readouterr().out
    assert main([*command, *models]) == 2
    assert "already a voice" in capsys.readouterr().err
    assert main(["voices", "list"]) == 0
    assert "anna" in capsys.readouterr().out
    assert main(["voices", "show", "anna"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["consent"]["speaker"] == "Anna E."
    assert shown["encoder"] == file_fingerprint(tiny_models / "encoder.safetensors")
    assert main(["voices", "export", "anna"]) == 0
    assert main(["voices", "delete", "anna"]) == 2  # no terminal to ask on
    assert main(["voices", "delete", "anna", "--yes"]) == 0
    assert not (home / "voices" / "anna").exists()
    assert main(["voices", "import", "anna.voice", "--name", "anna2", *models]) == 0
    capsys.readouterr()
    assert main(["voices", "list", "--json"]) == 0
    names = [row["name"] for row in json.loads(capsys.readouterr().out)]
    assert "anna2" in names and "anna" not in names


def test_delete_asks_once_on_a_terminal(
    reference: Path,
    encoder: SpeakerEncoder,
    store: VoiceStore,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    enroll("anna", [reference], CONSENT, encoder, store, fingerprint="abc")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    answers = iter(["n", "y"])
    monkeypatch.setattr("builtins.input", lambda _question: next(answers))
    assert main(["voices", "delete", "anna"]) == 0
    assert "nothing was deleted" in capsys.readouterr().out and "anna" in store.names()
    assert main(["voices", "delete", "anna"]) == 0
    assert "anna" not in store.names() and next(answers, None) is None


def test_enroll_without_consent_has_its_own_exit_code(
    reference: Path, home: Path, tiny_models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["enroll", "anna", str(reference), "--models-dir", str(tiny_models)]) == 5
    assert "--consent" in capsys.readouterr().err
    assert not (home / "voices").exists()


def test_a_damaged_voice_does_not_hide_the_others(
    reference: Path, encoder: SpeakerEncoder, store: VoiceStore, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("anna", "ben"):
        enroll(name, [reference], CONSENT, encoder, store, fingerprint="abc")
    (store.folder / "anna" / "embedding.safetensors").write_bytes(b"x")
    assert main(["voices", "list"]) == 2
    out, err = capsys.readouterr()
    assert "ben" in out and "damaged: anna" in err
    assert main(["voices", "delete", "anna", "--yes"]) == 0


# --- real recordings ------------------------------------------------------------------------


def kathleen(speech_data: Path, count: int) -> list[Path]:
    with (speech_data / "manifest.csv").open(encoding="utf-8") as stream:
        rows = [r for r in csv.DictReader(stream) if r["corpus"] == "kathleen"]
    return [speech_data / r["path"] for r in rows if 3.5 < float(r["seconds"]) < 12][:count]


@pytest.mark.real_data
def test_real_recordings_are_accepted_with_plausible_statistics(
    speech_data: Path, encoder: SpeakerEncoder, store: VoiceStore
) -> None:
    paths = kathleen(speech_data, 3)
    numbers = enroll("k", paths, CONSENT, encoder, store, fingerprint="abc").statistics
    assert 150 < numbers.f0_median_hz < 260
    assert 100 < numbers.f0_low_hz < numbers.f0_high_hz < 400
    assert numbers.snr_db > 20 and numbers.bandwidth_hz > 8000


@pytest.mark.real_data
def test_five_seconds_are_enrolled_in_a_moment(
    speech_data: Path, tmp_path: Path, encoder: SpeakerEncoder, store: VoiceStore
) -> None:
    audio = load_audio(kathleen(speech_data, 1)[0])
    path = tmp_path / "five.wav"
    save_audio(path, np.resize(audio, 5 * RATE))
    times = []
    for _ in range(5):
        start = time.process_time()
        enroll("anna", [path], CONSENT, encoder, store, fingerprint="a", replace=True)
        times.append(time.process_time() - start)
    assert min(times) < 0.1  # of processor time, on a busy machine; `voiceclone bench` measures it
