"""A voice is adapted to the seconds it was enrolled from, without a transcript."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from audio_utils import DEFAULT_SPEC, load_audio, mel_spectrogram, resample, save_audio
from text_utils import Symbols
from training_utils import load_checkpoint, save_checkpoint
from voice_replication import voice_adaptation
from voice_replication.cli import main
from voice_replication.enrollment import Reference, load_reference, voice_from_references
from voice_replication.home import checkpoint_path, shipped
from voice_replication.narration.text_to_speech import Speaker
from voice_replication.speaker_encoder.inference import SpeakerEncoder
from voice_replication.synthesizer.clear_speech import clear_cells
from voice_replication.synthesizer.data import SpeechDataset
from voice_replication.synthesizer.losses import lost_contrast
from voice_replication.voice_adaptation import DECODER, adapt, adapt_stored
from voice_replication.voice_judge import VoiceQuality
from voice_replication.voices import Consent, Voice, VoiceNotFoundError, VoiceStore

CONSENT = Consent("A mixture", "It belongs to nobody.", "2026-11-22", "test")
TEXT = "The river was low, and the stones in it were warm."


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A voice that nobody has: a sample voice in a throat a sixth shorter."""
    audio = load_audio(shipped("voices") / "basil" / "reference.flac")
    path = tmp_path_factory.mktemp("recording") / "short-throat.wav"
    save_audio(path, resample(audio, 24_000, round(24_000 / 1.17)))
    return path


@pytest.fixture(scope="module")
def reference(recording: Path) -> Reference:
    return load_reference(recording)


@pytest.fixture(scope="module")
def plain(reference: Reference) -> Voice:
    encoder = SpeakerEncoder.load(checkpoint_path("encoder"))
    return voice_from_references("short", [reference], CONSENT, encoder)


@pytest.fixture(scope="module")
def adapted(
    plain: Voice, reference: Reference, tmp_path_factory: pytest.TempPathFactory
) -> voice_adaptation.Adaptation:
    return adapt(plain, [reference], tmp_path_factory.mktemp("delta"))


def spectrum(audio: np.ndarray) -> np.ndarray:
    """Mean log-mel of the louder half of the frames below 7 kHz, its own mean taken off."""
    mel = mel_spectrogram(audio, DEFAULT_SPEC)[:80]
    level = mel.mean(axis=0)
    mean = mel[:, level > np.median(level)].mean(axis=1)
    return np.asarray(mean - mean.mean())


def test_speech_comes_closer_to_the_recording(
    plain: Voice, adapted: voice_adaptation.Adaptation, reference: Reference
) -> None:
    assert adapted.kept and adapted.voice.kind == "adapted" and plain.kind == "enrolled"
    speaker = Speaker()
    bare = dataclasses.replace(plain, timbre=None)  # what the network alone says
    bare_adapted = dataclasses.replace(adapted.voice, timbre=None)
    target = spectrum(reference.audio)
    before, after = (
        float(np.abs(spectrum(speaker.speak(TEXT, voice).audio) - target).mean())
        for voice in (bare, bare_adapted)
    )
    assert after < 0.9 * before
    assert adapted.after.confidence > adapted.before.confidence - 0.3, "the words stay"


def test_what_tells_phones_apart_is_kept(
    plain: Voice,
    adapted: voice_adaptation.Adaptation,
    reference: Reference,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def movement_changed(voice: Voice) -> float:
        bare = [dataclasses.replace(one, timbre=None) for one in (plain, voice)]
        before, after = (torch.from_numpy(Speaker().speak(TEXT, one).mel)[None] for one in bare)
        frames = min(before.shape[2], after.shape[2])
        before, after = before[..., :frames], after[..., :frames]
        return float(lost_contrast(after, before, torch.ones_like(after)))

    monkeypatch.setattr(voice_adaptation, "CONTRAST", 0.0)
    free = adapt(plain, [reference], tmp_path)
    assert movement_changed(adapted.voice) < 0.8 * movement_changed(free.voice)


def test_only_the_decoder_moves(adapted: voice_adaptation.Adaptation) -> None:
    assert adapted.voice.delta is not None
    tensors, meta = load_checkpoint(adapted.voice.delta)
    assert tensors and all(name.startswith(DECODER) for name in tensors)
    assert any(bool(tensor.abs().max() > 0) for tensor in tensors.values())
    assert meta["steps"] == voice_adaptation.FEWEST_STEPS


def test_long_references_are_practised_in_pieces_and_not_for_ever(
    plain: Voice, reference: Reference
) -> None:
    minutes = dataclasses.replace(reference, audio=np.tile(reference.audio, 25))
    hmm = voice_adaptation.load_aligner(shipped("checkpoints") / "aligner.safetensors")
    assert minutes.seconds > voice_adaptation.MOST_SECONDS + 20
    made = voice_adaptation._recordings(plain, [minutes], hmm)
    seconds = [r.mel.shape[1] / DEFAULT_SPEC.frames_per_second for r in made]
    assert max(seconds) <= voice_adaptation.PIECE_SECONDS + 0.1
    assert 100 < sum(seconds) <= voice_adaptation.MOST_SECONDS
    for one in made:
        frames = one.mel.shape[1]
        assert len(one.f0_hz) == frames == sum(one.alignment.durations)


def test_noise_and_pauses_are_not_practised(
    plain: Voice, reference: Reference, rng: np.random.Generator
) -> None:
    hmm = voice_adaptation.load_aligner(shipped("checkpoints") / "aligner.safetensors")
    level = 10 ** (-25 / 20) * np.sqrt(np.mean(reference.audio**2))
    noise = level * rng.standard_normal(len(reference.audio)).astype(np.float32)
    noisy = dataclasses.replace(reference, audio=reference.audio + noise)
    (example,) = SpeechDataset(voice_adaptation._recordings(plain, [noisy], hmm), "").examples
    clear = clear_cells(example, Symbols()).numpy()
    speech, hiss = (
        np.exp(mel_spectrogram(audio, DEFAULT_SPEC)[:, : example.frames])
        for audio in (reference.audio, noise)
    )
    assert np.mean((speech > hiss)[clear]) > 0.95, "what is practised is louder than the noise"
    assert 0.2 < clear.mean() < 0.8


def test_a_whisper_is_adapted_to_without_a_pitch(
    plain: Voice, reference: Reference, tmp_path: Path, rng: np.random.Generator
) -> None:
    envelope = np.abs(reference.audio)
    hiss = np.convolve(envelope, np.ones(480) / 480, "same") * rng.standard_normal(len(envelope))
    whisper = dataclasses.replace(reference, audio=hiss.astype(np.float32))
    whisper.__dict__["f0_hz"] = np.zeros_like(reference.f0_hz)  # as if none were found
    result = adapt(plain, [whisper], tmp_path)
    assert np.isfinite(result.after.similarity) and np.isfinite(result.after.confidence)
    tensors, _ = load_checkpoint(tmp_path / "delta.safetensors")
    assert all(bool(tensor.isfinite().all()) for tensor in tensors.values())


def test_more_speech_is_practised_for_longer() -> None:
    steps = [
        voice_adaptation.settings_for(round(seconds * DEFAULT_SPEC.frames_per_second)).steps
        for seconds in (5, 30, 60, 90, 1000)
    ]
    assert steps == sorted(steps) and steps[0] == steps[2] == 48 and steps[-1] == 100


def test_what_did_harm_is_not_kept(
    plain: Voice, reference: Reference, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = VoiceStore(home)
    store.add(plain)
    qualities = iter([VoiceQuality(0.8, -1.5), VoiceQuality(0.8, -3.0)])
    monkeypatch.setattr(voice_adaptation, "_measure", lambda *_arguments: next(qualities))
    result = adapt_stored(store.get("short"), [reference], store)
    assert not result.kept and result.voice.delta is None
    assert store.get("short").kind == "enrolled"


def test_a_voice_deleted_meanwhile_stays_deleted(
    plain: Voice, reference: Reference, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = VoiceStore(home)
    stored = store.add(plain)
    real = voice_adaptation.finetune

    def deleting(*arguments: object, **more: object) -> object:
        store.delete("short")
        return real(*arguments, **more)

    monkeypatch.setattr(voice_adaptation, "finetune", deleting)
    with pytest.raises(VoiceNotFoundError):
        adapt_stored(stored, [reference], store)
    assert "short" not in store.names()


def test_a_tacotron_is_refused_before_anything_is_stored(
    recording: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "synthesizer.safetensors"
    save_checkpoint(path, {"x": torch.zeros(1)}, {"config": {"architecture": "tacotron"}})
    command = ["enroll", "anna", str(recording), "--consent", "I agree."]
    assert main([*command, "--models-dir", str(tmp_path)]) == 2
    message = capsys.readouterr().err
    assert str(path) in message and "--quick" in message
    assert "anna" not in VoiceStore(home).names()


def test_the_command_adapts_unless_it_is_to_be_quick(
    recording: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [str(recording), "--consent", "It belongs to nobody."]
    assert main(["enroll", "slow", *command]) == 0
    assert "adapted; intelligibility" in capsys.readouterr().out
    assert main(["enroll", "quick", *command, "--quick"]) == 0
    assert "adapted" not in capsys.readouterr().out
    store = VoiceStore(home)
    slow, quick = store.get("slow"), store.get("quick")
    assert (slow.kind, quick.kind) == ("adapted", "enrolled")
    assert np.allclose(slow.embedding @ quick.embedding, 1.0, atol=0.05)
    exported = store.export("slow", home / "slow")
    copy = store.import_voice(exported, slow.encoder, "copy")
    assert copy.kind == "adapted" and copy.delta is not None
