"""The classics beside the shipped models: Tacotron, HiFi-GAN and Griffin-Lim."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from audio_utils import DEFAULT_SPEC, AudioSpec, log_mel_spectrogram, mel_spectrogram, save_audio
from data_utils import Utterance, write_manifest
from env_utils import CheckpointError, ConfigError, InputError
from text_utils import Symbols, Word
from training_utils import TrainConfig, load_checkpoint, load_config, save_checkpoint
from voice_replication.data_processing.features import compute_features
from voice_replication.home import shipped
from voice_replication.synthesizer.inference import Synthesizer
from voice_replication.synthesizer.tacotron import Tacotron, TacotronConfig
from voice_replication.synthesizer.tacotron_inference import (
    LONGEST_EDGE_FRAMES,
    LONGEST_SYMBOL_FRAMES,
    TacotronSynthesis,
    TacotronSynthesizer,
    attention_problems,
    change_speed,
    durations_from_attention,
)
from voice_replication.synthesizer.tacotron_train import (
    TacotronTrainingConfig,
    guided_attention_loss,
    train_tacotron,
)
from voice_replication.training_runs import TrainingRun, config_path
from voice_replication.vocoder.griffin_lim import GriffinLimVocoder
from voice_replication.vocoder.hifigan import Hifigan, HifiganConfig
from voice_replication.vocoder.inference import Vocoder
from voice_replication.vocoder.losses import mel_loss, multi_resolution_stft_loss
from voice_replication.vocoder.model import Vocos, VocosConfig
from voice_replication.vocoder.train import LossConfig, VocoderConfig, train_vocoder

SYMBOLS = Symbols()
SMALL_HIFIGAN = HifiganConfig(channels=32, kernel_sizes=(3, 5), dilations=(1, 3))
SMALL_TACOTRON = TacotronConfig(
    channels=32,
    prenet=32,
    lstm=48,
    attention=24,
    location_filters=4,
    postnet=16,
    reduction=2,
    speaker_size=8,
    dropout=0.0,
    zoneout=0.0,
)
CAT = [Word("a", ("AH0",)), Word("cat", ("K", "AE1", "T")), Word("sat", ("S", "AE1", "T"), ".")]
BOAT = [
    Word("red", ("R", "EH1", "D")),
    Word("boat", ("B", "OW1", "T"), ","),
    Word("go", ("G", "OW1"), "."),
]
RAIN = [
    Word("did", ("D", "IH1", "D")),
    Word("it", ("IH1", "T")),
    Word("rain", ("R", "EY1", "N"), "?"),
]
GEESE = [
    Word("seven", ("S", "EH1", "V", "AH0", "N")),
    Word("grey", ("G", "R", "EY1")),
    Word("geese", ("G", "IY1", "S"), "."),
]
EMBEDDING = np.full(8, 8**-0.5, dtype=np.float32)


# --- HiFi-GAN ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("variant", "published"), [("V1", 13_926_017), ("V2", 925_985)])
def test_hifigan_has_the_parameters_of_the_paper(variant: str, published: int) -> None:
    model = Hifigan(HifiganConfig.model_validate({"variant": variant}), DEFAULT_SPEC)
    normed = [p.numel() for n, p in model.named_parameters() if not n.endswith("original0")]
    more_mels = (100 - 80) * 7 * model.config.width  # the paper's mel has 80 bins
    assert sum(normed) == published + more_mels


def test_hifigan_is_as_long_as_vocos_streams_and_folds_without_a_change() -> None:
    torch.manual_seed(0)
    model = Hifigan(SMALL_HIFIGAN, DEFAULT_SPEC).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("original0"):
                parameter.mul_(5.0)  # away from the nearly silent start
    vocoder = Vocoder(model)
    mel = np.random.default_rng(0).normal(-3, 2, (100, 70)).astype(np.float32)
    audio = vocoder.decode(mel)
    vocos = Vocoder(Vocos(VocosConfig(channels=8, blocks=1, hidden=8), DEFAULT_SPEC))
    assert audio.shape == vocos.decode(mel).shape == (69 * 256,)
    assert audio.std() > 1e-4
    chunks = list(vocoder.stream(mel, first_frames=10, chunk_frames=17))
    assert len(chunks[0]) == 10 * 256
    assert np.abs(np.concatenate(chunks) - audio).max() < 1e-3 * np.abs(audio).max()
    assert np.allclose(Vocoder(model.fold()).decode(mel), audio, atol=1e-6)
    assert all("original" not in name for name, _ in model.named_parameters())


def test_hifigan_context_covers_what_a_frame_can_reach() -> None:
    torch.manual_seed(0)
    model = Hifigan(SMALL_HIFIGAN, DEFAULT_SPEC).double().eval()
    quiet = torch.zeros(1, 100, 41, dtype=torch.float64)
    loud = quiet.clone()
    loud[:, :, 20] = 100.0
    with torch.no_grad():
        changed = (model(loud) - model(quiet))[0].abs().nonzero()[:, 0] / 256 - 20
    reach = model.config.context_frames
    assert -reach <= changed.min() < -2
    assert 2 < changed.max() <= reach


def test_hifigan_overfits_one_batch() -> None:
    torch.manual_seed(0)
    model = Hifigan(SMALL_HIFIGAN, DEFAULT_SPEC)
    time = torch.arange(16 * 256) / 24_000
    real = 0.2 * torch.stack([torch.sin(2 * torch.pi * k * 300 * time) for k in (1, 2, 5)]).sum(0)
    mel = log_mel_spectrogram(real[None], DEFAULT_SPEC)
    optimizer = torch.optim.AdamW(model.parameters(), 4e-3)
    losses = []
    for _ in range(60):
        fake = model(mel)
        loss = mel_loss(fake, real[None], DEFAULT_SPEC)
        loss = loss + multi_resolution_stft_loss(fake, real[None])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]


def tones(folder: Path, count: int) -> Path:
    """A data folder of ``count`` short sounds; the last one is held out."""
    utterances = []
    for number in range(count):
        path = folder / "audio" / f"u{number}.flac"
        time = np.arange(12_288) / 24_000
        save_audio(path, (0.2 * np.sin(2 * np.pi * (200 + 90 * number) * time)).astype(np.float32))
        utterances.append(utterance(path, "dev" if number == count - 1 else "train"))
    write_manifest(folder / "manifest.csv", utterances)
    compute_features(folder, utterances)
    return folder


def utterance(path: Path, split: str) -> Utterance:
    return Utterance(
        id=path.stem,
        path=path,
        text="hello",
        speaker="s",
        seconds=12_288 / 24_000,
        corpus="own",
        split=split,
        source_rate=24_000,
        gender="",
        licence="",
    )


def test_hifigan_trains_as_a_vocoder_and_is_loaded_by_its_config(tmp_path: Path) -> None:
    data = tones(tmp_path / "data", 3)
    config = VocoderConfig(
        architecture="hifigan",
        model=SMALL_HIFIGAN,
        loss=LossConfig(
            adversarial_from_step=1, discriminator_channels=4, discriminator_samples=2048
        ),
        training=TrainConfig(steps=2, vis_every=99, validate_every=2, precision="fp32"),
        batch_size=1,
        crop_frames=17,
    )
    path = train_vocoder(data, tmp_path / "run", config)
    _, meta = load_checkpoint(path)
    assert meta["config"]["architecture"] == "hifigan"
    vocoder = Vocoder.load(path)
    assert isinstance(vocoder.model, Hifigan)
    assert vocoder.decode(np.full((100, 9), -4.0, dtype=np.float32)).shape == (8 * 256,)
    begun = train_vocoder(data, tmp_path / "second", config, start_from=path)
    assert Vocoder.load(begun).model.config == SMALL_HIFIGAN
    with pytest.raises(CheckpointError, match="tensor 'pitch"):
        train_vocoder(data, tmp_path / "third", VocoderConfig(), start_from=path)


def test_vocoder_config_names_the_wrong_key_of_its_architecture() -> None:
    path = shipped("configs") / "hifigan.yaml"
    assert isinstance(load_config(VocoderConfig, path).model, HifiganConfig)
    assert isinstance(VocoderConfig(architecture="hifigan").model, HifiganConfig)
    assert isinstance(VocoderConfig().model, VocosConfig)
    with pytest.raises(ConfigError, match=r"'model.chanels': Extra inputs"):
        load_config(VocoderConfig, path, ["model.chanels=3"])
    with pytest.raises(ConfigError, match=r"'model.variant': Extra inputs"):
        load_config(VocoderConfig, path, ["architecture=vocos"])
    with pytest.raises(ConfigError, match=r"'architecture': Input should be 'vocos' or 'hifigan'"):
        load_config(VocoderConfig, path, ["architecture=wavenet"])
    with pytest.raises(ConfigError, match="must be the hop length"):
        Hifigan(HifiganConfig(upsample_rates=(8, 8), upsample_kernels=(16, 16)), DEFAULT_SPEC)


# --- Griffin-Lim ------------------------------------------------------------------------------


def test_griffin_lim_speaks_without_weights() -> None:
    time = np.arange(48 * 256) / 24_000
    audio = sum(0.1 * np.sin(2 * np.pi * 180 * k * time) for k in range(1, 8)).astype(np.float32)
    mel = mel_spectrogram(audio, DEFAULT_SPEC)
    vocoder = GriffinLimVocoder(iterations=16)
    copy = vocoder.decode(mel)
    assert copy.shape == ((mel.shape[1] - 1) * 256,)
    again = mel_spectrogram(copy, DEFAULT_SPEC)
    loud = mel > 0
    assert np.abs(again - mel)[loud].mean() < 0.2
    chunks = list(vocoder.stream(mel, first_frames=5, chunk_frames=20))
    assert [len(c) // 256 for c in chunks] == [5, 20, 20, 3]
    assert np.array_equal(np.concatenate(chunks), copy), "the same every time"


# --- Tacotron ---------------------------------------------------------------------------------


def toy_batch(
    rng: np.random.Generator, patterns: torch.Tensor, rows: int, length: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Random ``ids (B, L)`` without repetition in a row, what they "sound" like ``(B, M, 4 L)``
    (every symbol its own pattern for four frames), and whose symbol each step of two frames is."""
    ids = np.stack([rng.permutation(len(patterns) - 1)[:length] + 1 for _ in range(rows)])
    tokens = torch.from_numpy(ids)
    mel = patterns[tokens].repeat_interleave(4, dim=1).transpose(1, 2)
    return tokens, mel, torch.arange(length).repeat_interleave(2)


def test_attention_learns_to_move_through_the_text() -> None:
    """A copy task: the attention has to be at the symbol whose pattern comes next."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    spec = AudioSpec(n_mels=16)
    patterns = torch.from_numpy(rng.normal(-5, 2.5, (20, 16)).astype(np.float32))
    model = Tacotron(SMALL_TACOTRON, 20, spec)
    optimizer = torch.optim.Adam(model.parameters(), 4e-3)
    speaker = torch.from_numpy(EMBEDDING)[None].expand(8, -1)
    for _ in range(100):
        ids, mel, _ = toy_batch(rng, patterns, 8, 8)
        ones = torch.ones(ids.shape)
        made = model(ids, speaker, ones, mel, torch.ones(8, mel.shape[2]))
        steps = torch.full((8,), made.attention.shape[1])
        loss = ((made.coarse - mel) / 2.5).square().mean() + (
            (made.mel - mel) / 2.5
        ).square().mean()
        loss = loss + 5 * guided_attention_loss(made.attention, ones.sum(1), steps, 0.2)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    model.eval()
    ids, mel, truth = toy_batch(rng, patterns, 8, 8)
    with torch.no_grad():
        made = model(ids, speaker, torch.ones(ids.shape), mel, torch.ones(8, mel.shape[2]))
    places = made.attention.argmax(-1)
    forward = (places.diff(dim=1) >= 0).float().mean()
    nearby = ((places - truth).abs() <= 1).float().mean()
    assert forward > 0.95
    assert nearby > 0.9


def test_guided_attention_costs_nothing_on_the_diagonal() -> None:
    diagonal = torch.eye(12)[None]
    symbols, steps = torch.tensor([12]), torch.tensor([12])
    losses = [
        float(guided_attention_loss(a, symbols, steps, 0.2))
        for a in (diagonal, torch.full((1, 12, 12), 1 / 12), diagonal.flip(2))
    ]
    assert losses[0] == pytest.approx(0.0, abs=1e-6)
    assert losses[0] < losses[1] < losses[2]
    padded = torch.zeros(1, 20, 30)
    padded[:, :12, :12] = diagonal
    padded[:, 12:, 29] = 1.0  # what happens after the end does not count
    assert float(guided_attention_loss(padded, symbols, steps, 0.2)) < 1e-6


def test_padding_does_not_change_what_is_said() -> None:
    torch.manual_seed(0)
    config = SMALL_TACOTRON.model_copy(update={"prenet_dropout": 0.0})
    model = Tacotron(config, len(SYMBOLS), DEFAULT_SPEC).eval()
    ids, mel = torch.randint(2, 79, (1, 7)), torch.randn(1, 100, 15) * 2 - 5
    speaker = torch.from_numpy(EMBEDDING)[None]
    padded_ids = torch.nn.functional.pad(ids, (0, 4))
    padded_mel = torch.nn.functional.pad(mel, (0, 6), value=-11.5)
    frame_mask = torch.nn.functional.pad(torch.ones(1, 15), (0, 6))
    with torch.no_grad():
        alone = model(ids, speaker, torch.ones(1, 7), mel, torch.ones(1, 15))
        padded = model(padded_ids, speaker, (padded_ids != 0).float(), padded_mel, frame_mask)
    assert torch.allclose(padded.attention[:, :7, :7], alone.attention[:, :7], atol=1e-5)
    assert torch.allclose(padded.mel[:, :, :14], alone.mel[:, :, :14], atol=1e-4)
    assert alone.mel.shape == (1, 100, 15)
    assert alone.stop.shape == (1, 8), "fifteen frames are eight steps of two"


@pytest.fixture()
def data(tmp_path: Path) -> Path:
    """An aligned folder with features, in which every phone is a mel pattern of its own."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "data"
    patterns = rng.normal(-5, 2.5, (len(SYMBOLS), 100))
    utterances, lines, features, embeddings = [], [], {}, {}
    for number, words in enumerate((CAT, BOAT, RAIN, CAT)):
        ids = SYMBOLS.encode(words)
        durations = [0 if i == SYMBOLS.id(" ") else 5 for i in ids]
        name = f"u{number}"
        mel = np.repeat(patterns[ids], durations, axis=0).T
        features[f"{name}/mel"] = torch.from_numpy(mel).half()
        features[f"{name}/f0"] = torch.full((sum(durations),), 120.0).half()
        embeddings[name] = torch.from_numpy(EMBEDDING)
        utterances.append(utterance(folder / f"{name}.flac", "dev" if number == 3 else "train"))
        line = {"id": name, "ids": ids, "durations": durations, "confidence": -1.0}
        lines.append(json.dumps({**line, "words": [w.text for w in words]}))
    write_manifest(folder / "manifest.csv", utterances)
    (folder / "alignment").mkdir()
    (folder / "alignment" / "alignments.jsonl").write_text("\n".join(lines) + "\n")
    meta = {"audio": DEFAULT_SPEC.to_dict(), "utterances": {u.id: [] for u in utterances}}
    save_checkpoint(folder / "features" / "shard_000.safetensors", features, meta)
    save_checkpoint(folder / "features" / "embeddings.safetensors", embeddings, {"encoder": "abc"})
    return folder


def config(steps: int, **training: object) -> TacotronTrainingConfig:
    values = {
        "steps": steps,
        "warmup_steps": 2,
        "learning_rate": 1e-2,
        "log_every": 1,
        "validate_every": 100,
        "vis_every": 100,
        **training,
    }
    return TacotronTrainingConfig(
        model=SMALL_TACOTRON,
        training=TrainConfig.model_validate(values),
        frames_per_batch=300,
    )


def test_tacotron_overfits_one_batch_and_loads_by_its_config(data: Path, tmp_path: Path) -> None:
    path = train_tacotron(data, tmp_path / "run", config(130))
    rows = (tmp_path / "run" / "metrics.csv").read_text().splitlines()
    for name in ("l2", "stop"):
        curve = [float(r.split(",")[2]) for r in rows if r.split(",")[1] == name]
        assert np.mean(curve[-5:]) < 0.3 * curve[0], name
    synthesizer = Synthesizer.load(path)
    assert isinstance(synthesizer, TacotronSynthesizer)
    assert synthesizer.encoder == "abc"
    result = synthesizer.synthesize(CAT, EMBEDDING, f0_median_hz=120.0)
    assert result.mel.shape == (100, int(result.durations.sum()))
    assert result.mel.dtype == np.float32
    assert isinstance(result, TacotronSynthesis)
    assert result.problems == (), "it goes through the sentence and finds its end"
    lasted = result.durations[:-1]  # it may linger at the end
    assert 2 <= lasted.min() <= lasted.max() <= 8, "they lasted five frames"
    assert len(result.durations) == len(result.ids)
    assert result.f0_hz is None
    assert np.array_equal(synthesizer.synthesize(CAT, EMBEDDING).mel, result.mel)
    other = synthesizer.synthesize(CAT, EMBEDDING, seed=1).mel
    assert other.shape != result.mel.shape or not np.allclose(other, result.mel)
    slow = synthesizer.synthesize(CAT, EMBEDDING, speed=0.5)
    assert slow.mel.shape[1] == slow.durations.sum() == 2 * result.mel.shape[1]
    with pytest.raises(InputError, match="no control of pitch"):
        synthesizer.synthesize(CAT, EMBEDDING, pitch_semitones=2.0)
    with pytest.raises(InputError, match="nothing to speak"):
        synthesizer.synthesize([], EMBEDDING)
    with pytest.raises(CheckpointError, match="feedforward one is needed"):
        _ = synthesizer.model
    with pytest.raises(CheckpointError, match="is a Tacotron"):
        Synthesizer.load(path, delta=path)


def test_tacotron_resumes_exactly(data: Path, tmp_path: Path) -> None:
    random = SMALL_TACOTRON.model_copy(update={"dropout": 0.5, "zoneout": 0.1})
    settings = config(4).model_copy(update={"model": random})
    whole = train_tacotron(data, tmp_path / "whole", settings)
    train_tacotron(data, tmp_path / "parts", settings, max_minutes=0.0)
    parts = train_tacotron(data, tmp_path / "parts", settings)
    a, _ = load_checkpoint(whole)
    b, _ = load_checkpoint(parts)
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_train_command_chooses_tacotron_by_its_config(data: Path, tmp_path: Path) -> None:
    text = yaml.safe_dump(config(2, vis_every=2).model_dump(mode="json"))
    (tmp_path / "small.yaml").write_text(text)
    run = TrainingRun(data, "r", tmp_path, tmp_path / "small.yaml", device="cpu")
    (path,) = run.run("synthesizer")
    assert isinstance(Synthesizer.load(path), TacotronSynthesizer)
    samples = sorted(p.name for p in (tmp_path / "r" / "synthesizer" / "samples").iterdir())
    assert samples == ["0000002_u3.png", "0000002_u3.wav", "0000002_u3_attention.png"]
    wrong = TrainingRun(data, "w", tmp_path, tmp_path / "small.yaml", ["architecture=wavenet"])
    with pytest.raises(ConfigError, match="'feedforward' or 'tacotron'"):
        wrong.run("synthesizer")


def test_shipped_configs_are_found_by_name_and_valid() -> None:
    path = config_path("synthesizer", Path("configs/tacotron.yaml"))
    assert path == config_path("synthesizer", Path("tacotron.yaml"))
    assert load_config(TacotronTrainingConfig, path).architecture == "tacotron"
    assert config_path("vocoder") == shipped("configs") / "vocoder.yaml"
    assert config_path("vocoder", Path("elsewhere/x.yaml")) == Path("elsewhere/x.yaml")


def test_babble_is_cut_off_and_reported(caplog: pytest.LogCaptureFixture) -> None:
    torch.manual_seed(0)
    model = Tacotron(SMALL_TACOTRON, len(SYMBOLS), DEFAULT_SPEC)
    with torch.no_grad():
        model.to_stop.bias.fill_(-50.0)  # it never wants to stop
    synthesizer = TacotronSynthesizer(model, SYMBOLS, "abc")
    with caplog.at_level(logging.WARNING):
        result = synthesizer.synthesize(CAT, EMBEDDING)
    assert isinstance(result, TacotronSynthesis)
    limit = LONGEST_SYMBOL_FRAMES * len(result.ids) + LONGEST_EDGE_FRAMES
    assert result.mel.shape[1] <= limit + 2
    assert result.problems
    assert "'a cat sat'" in caplog.text


def test_problems_of_an_alignment_are_named() -> None:
    ids = SYMBOLS.encode(GEESE)
    places = np.repeat(np.arange(len(ids)), 3)

    def problems(steps: np.ndarray, stopped: bool = True) -> str:
        attention = np.eye(len(ids), dtype=np.float32)[steps]
        return "; ".join(attention_problems(attention, stopped, ids, SYMBOLS))

    assert problems(places) == ""
    assert "never reached the end (symbol 7 of" in problems(places[:21])
    assert "cut off" in problems(places, stopped=False)
    assert "4 phones in a row were skipped" in problems(np.delete(places, slice(3, 15)))
    assert "went back by 8 symbols" in problems(np.concatenate([places[:30], places[3:]]))


def test_durations_follow_the_attention_and_the_speed() -> None:
    attention = np.eye(4, dtype=np.float32)[[0, 0, 1, 3, 3, 3]]
    durations = durations_from_attention(attention, 2)
    assert durations.tolist() == [4, 2, 0, 6]
    mel = np.linspace(-8, 0, 12, dtype=np.float32)[None].repeat(3, axis=0)
    slow, longer = change_speed(mel, durations, 0.5)
    assert slow.shape == (3, 24)
    assert longer.tolist() == [8, 4, 0, 12]
    assert slow[0, 0] == -8
    assert slow[0, -1] == 0
    same, unchanged = change_speed(mel, durations, 1.0)
    assert np.array_equal(same, mel)
    assert unchanged is durations


@pytest.mark.parametrize("load", [Vocoder.load, Synthesizer.load])
def test_checkpoint_of_an_unknown_architecture_is_refused(load: object, tmp_path: Path) -> None:
    meta = {
        "audio": DEFAULT_SPEC.to_dict(),
        "symbols": SYMBOLS.to_dict(),
        "config": {"architecture": "wavenet", "model": {}},
    }
    path = save_checkpoint(tmp_path / "x.safetensors", {"w": torch.zeros(1)}, meta)
    with pytest.raises(CheckpointError, match="architecture 'wavenet' is not known here"):
        load(path)  # type: ignore[operator]
