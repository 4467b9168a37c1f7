"""The vocoder learns, streams what it decodes, and its losses measure what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from audio_utils import DEFAULT_SPEC, f0_contour, log_mel_spectrogram, save_audio
from data_utils import Utterance, read_manifest, write_manifest
from env_utils import CheckpointError
from training_utils import TrainConfig, load_checkpoint, save_checkpoint
from voice_replication.data_processing.features import compute_features, read_features
from voice_replication.data_processing.selection import DataSelection
from voice_replication.vocoder.data import AudioBank
from voice_replication.vocoder.excitation import continuous_pitch, pulse_train
from voice_replication.vocoder.inference import Vocoder
from voice_replication.vocoder.losses import (
    Discriminators,
    discriminator_loss,
    mel_loss,
    multi_resolution_stft_loss,
)
from voice_replication.vocoder.model import Vocos, VocosConfig
from voice_replication.vocoder.pitch import PitchPredictor, pitch_loss, read_pitch
from voice_replication.vocoder.train import LossConfig, VocoderConfig, train_vocoder

SMALL = VocosConfig(channels=32, blocks=2, hidden=64)


def voice_like(seconds: float, f0_hz: float = 140.0, seed: int = 0) -> np.ndarray:
    """A buzz with a moving pitch, formant-like tilt and pauses."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(24_000 * seconds)) / 24_000
    phase = 2 * np.pi * np.cumsum(f0_hz * (1 + 0.1 * np.sin(3 * time))) / 24_000
    audio = sum(np.sin(k * phase) / k for k in range(1, 25))
    envelope = 0.5 + 0.5 * np.sin(2 * np.pi * 1.7 * time)
    return (0.1 * envelope * audio + 1e-3 * rng.normal(size=len(time))).astype(np.float32)


def test_shapes_and_length_contract() -> None:
    vocoder = Vocoder(Vocos(SMALL, DEFAULT_SPEC))
    mel = np.random.default_rng(0).normal(-5, 2, (100, 50)).astype(np.float32)
    audio = vocoder.decode(mel)
    assert audio.shape == (49 * 256,)
    assert audio.dtype == np.float32
    assert np.isfinite(audio).all()


@pytest.mark.parametrize(("frames", "first", "chunk"), [(300, 24, 64), (60, 24, 128), (5, 24, 9)])
def test_stream_equals_offline(frames: int, first: int, chunk: int) -> None:
    torch.manual_seed(0)
    vocoder = Vocoder(Vocos(VocosConfig(channels=64, blocks=8, hidden=128), DEFAULT_SPEC))
    mel = np.random.default_rng(1).normal(-3, 2, (100, frames)).astype(np.float32)
    whole = vocoder.decode(mel)
    chunks = list(vocoder.stream(mel, first_frames=first, chunk_frames=chunk))
    joined = np.concatenate(chunks)
    assert joined.shape == whole.shape
    assert np.abs(joined - whole).max() < 1e-3 * max(1.0, np.abs(whole).max())
    assert len(chunks[0]) == min(first, frames - 1) * 256


def test_mels_decoded_together_equal_those_decoded_alone() -> None:
    torch.manual_seed(0)
    vocoder = Vocoder(Vocos(VocosConfig(channels=64, blocks=8, hidden=128), DEFAULT_SPEC))
    rng = np.random.default_rng(2)
    mels = [rng.normal(-3, 2, (100, frames)).astype(np.float32) for frames in (90, 4, 31, 200)]
    pitches = [rng.uniform(80, 300, mel.shape[1]).astype(np.float32) for mel in mels]
    pitches[2][:] = 0.0
    alone = [vocoder.decode(mel, f0) for mel, f0 in zip(mels, pitches, strict=True)]
    for order in ([0, 1, 2, 3], [3, 2, 1, 0]):
        together = vocoder.decode_many([mels[i] for i in order], [pitches[i] for i in order])
        for audio, i in zip(together, order, strict=True):
            assert audio.shape == alone[i].shape
            assert np.abs(audio - alone[i]).max() < 1e-4 * max(1.0, np.abs(alone[i]).max())
    loud = [mels[0], mels[1] + 20.0]  # a neighbour that would be heard across the gap
    audio = vocoder.decode_many(loud, pitches[:2])[0]
    assert np.abs(audio - alone[0]).max() < 1e-4 * max(1.0, np.abs(alone[0]).max())


def test_pulses_have_the_pitch_and_unit_power() -> None:
    f0_hz = torch.full((1, 95), 125.0, dtype=torch.float64)
    pulses = pulse_train(f0_hz, DEFAULT_SPEC, torch.zeros(1, dtype=torch.float64))[0].numpy()
    assert np.mean(pulses**2) == pytest.approx(1.0, rel=0.02)
    spectrum = np.abs(np.fft.rfft(pulses[:24_000]))  # one bin is one hertz
    lines = spectrum[125:12_000:125].copy()
    assert lines.min() > 0.9 * lines.max(), "all harmonics are equally strong"
    spectrum[::125] = 0.0
    assert spectrum[10:11_900].max() < 0.05 * lines.min(), "and there is nothing between them"


def test_pitch_goes_on_through_unvoiced_gaps() -> None:
    f0_hz = torch.tensor([[0.0, 100.0, 0.0, 0.0, 200.0, 0.0], [0.0] * 6])
    bridged = continuous_pitch(f0_hz)
    assert bridged[0, :2].tolist() == pytest.approx([100.0, 100.0])
    assert bridged[0, 2:4].tolist() == pytest.approx([126.0, 158.7], rel=1e-3)
    assert (bridged[1] == bridged[1, 0]).all() and bridged[1, 0] > 50


def test_an_untrained_vocoder_already_speaks_at_the_given_pitch() -> None:
    torch.manual_seed(0)
    mel = torch.full((1, 100, 200), -5.0)
    f0_hz = torch.full((1, 200), 150.0)
    model = Vocos(SMALL, DEFAULT_SPEC).eval()
    with torch.no_grad():
        model.head.project.bias[-513:] -= 8.0  # silence the noise
        audio = model(mel, f0_hz)[0].numpy()
    heard = f0_contour(audio, DEFAULT_SPEC)[20:180]
    assert np.allclose(heard, 150.0, rtol=0.02)


def test_the_seed_decides_the_noise() -> None:
    vocoder = Vocoder(Vocos(SMALL, DEFAULT_SPEC))
    mel = np.full((100, 40), -4.0, dtype=np.float32)
    f0_hz = np.zeros(40, dtype=np.float32)
    first, again, other = (vocoder.decode(mel, f0_hz, seed=s) for s in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)


def test_the_pitch_is_read_off_the_mel() -> None:
    torch.manual_seed(0)
    audio = torch.from_numpy(np.stack([voice_like(1.0, f0, i) for i, f0 in enumerate((90, 220))]))
    mel = log_mel_spectrogram(audio, DEFAULT_SPEC)
    truth = torch.from_numpy(np.stack([f0_contour(a, DEFAULT_SPEC) for a in audio.numpy()]))
    model = PitchPredictor(100, 48)
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    for _ in range(150):
        loss = pitch_loss(model(mel), truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    f0_hz, voicing = read_pitch(model(mel))
    both = (f0_hz > 0) & (truth > 0)
    assert ((voicing > 0.5) == (truth > 0)).float().mean() > 0.95
    assert (f0_hz[both] / truth[both] - 1).abs().median() < 0.01


def test_overfits_one_batch() -> None:
    torch.manual_seed(0)
    model = Vocos(VocosConfig(channels=64, blocks=2, hidden=128), DEFAULT_SPEC)
    real = torch.from_numpy(voice_like(0.7))[None, : 64 * 256]
    mel = log_mel_spectrogram(real, DEFAULT_SPEC)
    time = torch.arange(mel.shape[2]) * DEFAULT_SPEC.hop_length / DEFAULT_SPEC.sample_rate
    f0_hz = 140.0 * (1 + 0.1 * torch.sin(3 * time))[None]  # given: these losses do not train it
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    losses = []
    for _ in range(160):
        fake = model(mel, f0_hz)
        loss = mel_loss(fake, real, DEFAULT_SPEC) + multi_resolution_stft_loss(fake, real)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.4 * losses[0]


def test_losses_are_zero_for_equal_signals_and_grow_with_noise() -> None:
    real = torch.from_numpy(voice_like(0.5))[None]
    noise = torch.randn(real.shape, generator=torch.Generator().manual_seed(0))
    for loss in (lambda a, b: mel_loss(a, b, DEFAULT_SPEC), multi_resolution_stft_loss):
        values = [float(loss(real + level * noise, real)) for level in (0.0, 0.01, 0.1)]
        assert values[0] == pytest.approx(0.0, abs=1e-6)
        assert values[0] < values[1] < values[2]


def test_discriminators_can_tell_noise_from_voice() -> None:
    torch.manual_seed(0)
    real = torch.from_numpy(voice_like(0.6))[None, :8192].repeat(2, 1)
    fake = 0.1 * torch.randn(2, 8192)
    discriminators = Discriminators(8, periods=True, period_channels=4)
    optimizer = torch.optim.AdamW(discriminators.parameters(), 4e-3)
    first = float(discriminator_loss(discriminators(real), discriminators(fake)).detach())
    for _ in range(50):
        loss = discriminator_loss(discriminators(real), discriminators(fake))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.5 * first


@pytest.fixture()
def data(tmp_path: Path) -> Path:
    utterances = []
    for number in range(4):
        path = tmp_path / "data" / "audio" / f"u{number}.flac"
        save_audio(path, voice_like(1.5, 100 + 30 * number, number))
        split = "dev" if number == 3 else "train"
        utterances.append(
            Utterance(
                id=f"u{number}",
                path=path,
                text="hello",
                speaker="s",
                seconds=1.5,
                corpus="own",
                split=split,
                source_rate=24_000,
                gender="",
                licence="",
            )
        )
    write_manifest(tmp_path / "data" / "manifest.csv", utterances)
    compute_features(tmp_path / "data", utterances)
    return tmp_path / "data"


def test_training_exports_a_vocoder_that_loads_and_resumes(data: Path, tmp_path: Path) -> None:
    def config(steps: int) -> VocoderConfig:
        return VocoderConfig(
            model=SMALL,
            loss=LossConfig(adversarial_from_step=3, discriminator_channels=4),
            training=TrainConfig(
                steps=steps,
                warmup_steps=1,
                save_every=2,
                log_every=1,
                vis_every=4,
                validate_every=4,
                precision="fp32",
            ),
            data=DataSelection(),
            batch_size=2,
            crop_frames=33,
        )

    whole = train_vocoder(data, tmp_path / "whole", config(6))
    with pytest.raises(KeyboardInterrupt):
        import voice_replication.vocoder.train as module

        original = module.VocoderTask.batch

        def interrupt(self: object, index: int, rng: np.random.Generator) -> object:
            if index == 4:
                raise KeyboardInterrupt
            return original(self, index, rng)  # type: ignore[arg-type]

        module.VocoderTask.batch = interrupt  # type: ignore[assignment,method-assign]
        try:
            train_vocoder(data, tmp_path / "parts", config(6))
        finally:
            module.VocoderTask.batch = original  # type: ignore[method-assign]
    parts = train_vocoder(data, tmp_path / "parts", config(6))
    a, b = load_checkpoint(whole)[0], load_checkpoint(parts)[0]
    assert all(torch.equal(a[name], b[name]) for name in a), "exact, discriminators included"
    audio = Vocoder.load(whole).decode(np.full((100, 20), -5.0, dtype=np.float32))
    assert np.isfinite(audio).all()
    assert list((tmp_path / "whole" / "samples").glob("*.wav"))


def test_every_second_mel_is_a_predicted_one(data: Path) -> None:
    utterances = read_manifest(data / "manifest.csv")
    pitch = {f.id: f.f0 for f in read_features(data)}
    mel = torch.full((100, 150), -3.0)
    for utterance in utterances[:3]:  # the fourth has none
        save_checkpoint(data / "predicted" / f"{utterance.id}.safetensors", {"mel": mel}, {})
    bank = AudioBank(utterances, pitch, data / "predicted")
    batch = bank.batch(np.random.default_rng(0), 200, 33)
    predicted = (batch.mel == -3.0).flatten(1).all(dim=1)
    has_one = torch.tensor([name != "u3" for name in batch.ids])
    assert not predicted[~has_one].any()
    assert 0.35 < predicted[has_one].float().mean() < 0.65
    real = log_mel_spectrogram(batch.audio, DEFAULT_SPEC)[:, :, 4:-4]
    error = (real - batch.mel[:, :, 4:-4]).abs().flatten(1).mean(dim=1)
    assert error[~predicted].max() < 0.01, "the others are the mel of the audio they come with"
    heard = torch.from_numpy(f0_contour(batch.audio[0].numpy(), DEFAULT_SPEC))
    both = (heard > 0) & (batch.f0_hz[0] > 0)
    assert both.sum() > 15
    assert torch.allclose(heard[both], batch.f0_hz[0][both], rtol=0.05), "and so is the pitch"


def test_checkpoint_of_another_audio_spec_is_refused(tmp_path: Path) -> None:
    model = Vocos(SMALL, DEFAULT_SPEC)
    meta = {
        "config": {"model": SMALL.model_dump()},
        "audio": {**DEFAULT_SPEC.to_dict(), "hop_length": 300},
    }
    path = save_checkpoint(tmp_path / "v.safetensors", model.state_dict(), meta)
    with pytest.raises(CheckpointError, match=r"hop_length = 300, but 256"):
        Vocoder.load(path)
