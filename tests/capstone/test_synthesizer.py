"""The synthesizer learns, and what it says about time is true."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from audio_utils import DEFAULT_SPEC, save_audio
from data_utils import Utterance, write_manifest
from env_utils import CheckpointError, InputError
from text_utils import Symbols, Word, pronounce
from training_utils import TrainConfig, load_checkpoint, save_checkpoint
from voice_replication.data_processing.features import compute_features
from voice_replication.data_processing.selection import select_utterances
from voice_replication.synthesizer.data import SpeechDataset, hear_pauses, token_means
from voice_replication.synthesizer.finetune import FinetuneConfig, Finetuned, finetune
from voice_replication.synthesizer.inference import Request, Synthesizer
from voice_replication.synthesizer.layers import SelfAttention
from voice_replication.synthesizer.losses import coarse_difference, lost_contrast
from voice_replication.synthesizer.model import SynthesizerConfig, upsampling
from voice_replication.synthesizer.train import (
    SynthesizerTask,
    SynthesizerTrainingConfig,
    predict,
    train_synthesizer,
)

SMALL = SynthesizerConfig(
    channels=32,
    hidden=64,
    heads=2,
    encoder_blocks=1,
    decoder_blocks=2,
    speaker_size=8,
    dropout=0.05,
)
SENTENCES = ("The cat sat down.", "A red boat, far away.", "Did it rain?", "Good morning!")
SYMBOLS = Symbols()


def sound(words: list[Word], rng: np.random.Generator) -> tuple[np.ndarray, list[int]]:
    """Audio in which every phone is a tone of its own, and the frames each symbol lasts."""
    ids = SYMBOLS.encode(words)
    frames = [4 if SYMBOLS.id("^") == i or SYMBOLS.is_pause(i) else 7 for i in ids]
    frames = [0 if i == SYMBOLS.id(" ") else f for i, f in zip(ids, frames, strict=True)]
    pieces = []
    for i, count in zip(ids, frames, strict=True):
        time = np.arange(count * 256) / 24_000
        quiet = i == SYMBOLS.id("^") or SYMBOLS.is_pause(i)
        pieces.append((0.0 if quiet else 0.3) * np.sin(2 * np.pi * (200 + 40 * i) * time))
    audio = np.concatenate(pieces) + 1e-3 * rng.normal(size=256 * sum(frames))
    frames[-1] += 1  # centred frames: one more than hops
    return audio.astype(np.float32), frames


@pytest.fixture()
def data(tmp_path: Path) -> Path:
    """A preprocessed, aligned folder with features: two speakers, eight utterances."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "data"
    utterances, lines, embeddings = [], [], {}
    for number in range(8):
        words = pronounce(SENTENCES[number % 4])
        audio, frames = sound(words, rng)
        name = f"u{number}"
        path = folder / "audio" / f"{name}.flac"
        save_audio(path, audio)
        utterances.append(
            Utterance(
                id=name,
                path=path,
                text=SENTENCES[number % 4],
                speaker=f"s{number % 2}",
                seconds=len(audio) / 24_000,
                corpus="own",
                split="dev" if number > 5 else "train",
                source_rate=16_000 if number % 2 else 24_000,
                gender="",
                licence="",
            )
        )
        alignment = {
            "id": name,
            "ids": SYMBOLS.encode(words),
            "words": [w.text for w in words],
            "durations": frames,
            "confidence": -1.0,
        }
        lines.append(json.dumps(alignment))
        vector = torch.nn.functional.normalize(torch.ones(8) + number % 2 * torch.arange(8), dim=0)
        embeddings[name] = vector
    write_manifest(folder / "manifest.csv", utterances)
    (folder / "alignment").mkdir()
    (folder / "alignment" / "alignments.jsonl").write_text("\n".join(lines) + "\n")
    compute_features(folder, utterances)
    meta = {"kind": "embeddings", "encoder": "abc"}
    save_checkpoint(folder / "features" / "embeddings.safetensors", embeddings, meta)
    return folder


def config(steps: int) -> SynthesizerTrainingConfig:
    return SynthesizerTrainingConfig(
        model=SMALL,
        training=TrainConfig(
            steps=steps,
            warmup_steps=2,
            learning_rate=3e-3,
            save_every=5,
            log_every=1,
            validate_every=10,
            vis_every=1000,
            precision="fp32",
            ema_decay=0.9,
        ),
        frames_per_batch=400,
    )


def test_upsampling_repeats_each_symbol() -> None:
    durations = torch.tensor([[2, 0, 3], [1, 1, 0]])
    index, position, mask = upsampling(durations)
    assert index[0].tolist() == [0, 0, 2, 2, 2]
    assert index[1, :2].tolist() == [0, 1]
    assert mask.tolist() == [[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]]
    assert position[0, :2, 0].tolist() == pytest.approx([0.25, 0.75])


def test_attention_depends_on_distance_not_on_place() -> None:
    torch.manual_seed(0)
    attention = SelfAttention(16, 2).eval()
    x = torch.randn(1, 6, 16)
    padding = torch.zeros(1, 30, 16)
    mask = torch.cat([torch.zeros(1, 30), torch.ones(1, 6)], dim=1)
    moved = attention(torch.cat([padding, x], dim=1), mask)[:, 30:]
    assert torch.allclose(attention(x, torch.ones(1, 6)), moved, atol=1e-5)


def test_heard_pauses_replace_printed_ones() -> None:
    words = [Word("a", ("AH0",), " "), Word("b", ("B",), ","), Word("c", ("S",), ".")]
    ids = SYMBOLS.encode(words)
    heard = hear_pauses(ids, [0, 5, 20, 5, 1, 5, 9], SYMBOLS)
    assert [SYMBOLS.decode([heard[i]])[0] for i in (2, 4, 6)] == [",", " ", "."]


def test_token_means() -> None:
    means = token_means(
        torch.tensor([1.0, 3.0, 10.0]), torch.tensor([1.0, 1.0, 0.0]), torch.tensor([2, 0, 1])
    )
    assert means.tolist() == [2.0, 0.0, 0.0]


def test_loss_ignores_what_the_source_cannot_hold(data: Path) -> None:
    dataset = SpeechDataset.read(data, select_utterances(data, config(1).data, "train"))
    batch = dataset.collate(range(len(dataset.examples)))
    narrow = [i for i, e in enumerate(dataset.examples) if e.speaker == "s1"]
    wide = [i for i, e in enumerate(dataset.examples) if e.speaker == "s0"]
    # 0.47 x 16 kHz = 7.5 kHz is about mel bin 83 of 100
    assert batch.weight[narrow][:, 86:].sum() == 0
    assert batch.weight[wide][:, 86:].sum() > 0
    task = SynthesizerTask(config(1), dataset, dataset)
    before = float(task.losses(batch)["l1"])
    batch.mel[narrow, 90:] += 5.0
    assert float(task.losses(batch)["l1"]) == pytest.approx(before, abs=0.05)


def test_where_noise_may_hide_speech_a_softer_prediction_is_not_wrong(data: Path) -> None:
    dataset = SpeechDataset.read(data, select_utterances(data, config(1).data, "train"))
    task = SynthesizerTask(config(1), dataset, dataset)
    task.model.eval()
    batch = dataset.collate([0])
    with torch.no_grad():
        predicted = predict(task.model, batch).mel
    batch = dataclasses.replace(batch, clear=torch.zeros_like(batch.clear))
    for offset, wrong in ((3.0, False), (-3.0, True)):  # recording louder, softer than predicted
        moved = dataclasses.replace(batch, mel=predicted + offset)
        assert (float(task.losses(moved)["l1"].detach()) > 0.1) is wrong
        clear = dataclasses.replace(moved, clear=torch.ones_like(batch.clear))
        assert float(task.losses(clear)["l1"].detach()) == pytest.approx(3.0 / 2.5, rel=1e-3)


def test_the_coarse_difference_hears_formants_and_not_the_noise_of_single_cells() -> None:
    noise = torch.randn(2, 100, 83, generator=torch.Generator().manual_seed(0))
    weight = torch.ones_like(noise)
    single = float(noise.abs().mean())
    # averages of fifteen independent cells
    assert float(coarse_difference(noise, weight)) == pytest.approx(single / 15**0.5, rel=0.1)
    shifted = torch.full_like(noise, -single)
    assert float(coarse_difference(shifted, weight)) == pytest.approx(single, rel=1e-5)
    weight[:, 40:], weight[1, :, 30:] = 0.0, 0.0  # a narrow source, a shorter utterance
    shifted[weight == 0] = 99.0
    assert float(coarse_difference(shifted, weight)) == pytest.approx(single, rel=1e-5)
    short = weight[:, :, :2]
    assert float(coarse_difference(shifted[:, :, :2], short)) == pytest.approx(single, rel=1e-5)


def test_another_spectrum_loses_no_contrast_and_weaker_phones_do() -> None:
    base = torch.randn(2, 100, 83, generator=torch.Generator().manual_seed(0))
    weight = torch.ones_like(base)
    weight[:, 90:], weight[1, :, 50:] = 0.0, 0.0  # a narrow source, a shorter utterance
    voice = base + torch.linspace(-2, 2, 100)[:, None]
    voice[weight == 0] = 99.0
    assert float(lost_contrast(voice, base, weight)) == pytest.approx(0.0, abs=1e-5)
    weaker = voice * 0.5
    still = base - (base * weight).sum(2, keepdim=True) / weight.sum(2, keepdim=True).clamp(min=1)
    lost = float((0.5 * still.abs() * weight).sum() / weight.sum()) / 2.5
    assert float(lost_contrast(weaker, base, weight)) == pytest.approx(lost, rel=1e-4)


def test_training_learns_resumes_exactly_and_speaks(data: Path, tmp_path: Path) -> None:
    whole = train_synthesizer(data, tmp_path / "whole", config(100))
    train_synthesizer(data, tmp_path / "parts", config(100), max_minutes=0.0)
    parts = train_synthesizer(data, tmp_path / "parts", config(100))
    a, _ = load_checkpoint(whole)
    b, meta = load_checkpoint(parts)
    assert all(torch.equal(a[name], b[name]) for name in a)
    rows = (tmp_path / "whole" / "metrics.csv").read_text().splitlines()
    curve = [float(r.split(",")[2]) for r in rows if ",l1," in r and "validation" not in r]
    assert np.mean(curve[-5:]) < 0.4 * curve[0], "it overfits six utterances"
    assert meta["encoder"] == "abc"
    synthesizer = Synthesizer.load(whole)
    words = pronounce("A red boat, far away.")
    embedding = np.full(8, 8**-0.5, dtype=np.float32)
    result = synthesizer.synthesize(words, embedding)
    assert result.mel.shape == (100, int(result.durations.sum()))
    assert len(result.ids) == len(result.durations) == 1 + sum(len(w.phones) + 1 for w in words)
    again = synthesizer.synthesize(words, embedding)
    assert np.array_equal(result.mel, again.mel), "deterministic"
    phones = [d for i, d in zip(result.ids, result.durations, strict=True) if i > 9]
    assert 5 <= np.mean(phones) <= 9, "phones lasted seven frames in training"
    slow = synthesizer.synthesize(words, embedding, speed=0.5)
    assert slow.durations.sum() == pytest.approx(2 * result.durations.sum(), rel=0.1)
    high = synthesizer.synthesize(words, embedding, pitch_semitones=12.0)
    voiced = (result.f0_hz > 0) & (high.f0_hz > 0)
    assert np.allclose(high.f0_hz[voiced], 2 * result.f0_hz[voiced], rtol=1e-3)
    with pytest.raises(InputError, match="speed"):
        synthesizer.synthesize(words, embedding, speed=3.0)
    with pytest.raises(InputError, match="nothing to speak"):
        synthesizer.synthesize([], embedding)


def test_finetuning_lowers_the_held_out_loss_and_is_a_small_delta(
    data: Path, tmp_path: Path
) -> None:
    base_path = train_synthesizer(data, tmp_path / "base", config(40))
    base = Synthesizer.load(base_path)
    untouched = {n: p.clone() for n, p in base.model.named_parameters()}
    speaker = SpeechDataset.read(
        data, [u for u in select_utterances(data, config(1).data, "train") if u.speaker == "s1"]
    )
    held_out = SpeechDataset.read(
        data, [u for u in select_utterances(data, config(1).data, "dev") if u.speaker == "s1"]
    )
    embedding = np.full(8, 8**-0.5, dtype=np.float32)
    settings = FinetuneConfig(steps=60, learning_rate=2e-3, validate_every=10)
    result = finetune(base, embedding, speaker, held_out, settings)
    assert result.loss_after < 0.9 * result.loss_before
    assert np.linalg.norm(result.embedding) == pytest.approx(1.0, abs=1e-5)
    assert all(torch.equal(p, untouched[n]) for n, p in base.model.named_parameters())
    assert not any(name.startswith("encoder") for name in result.delta)
    half = finetune(  # a part of the change is a part of it everywhere, and is what is measured
        base, embedding, speaker, held_out, settings.model_copy(update={"share": 0.5})
    )
    for name, change in result.delta.items():
        assert torch.allclose(half.delta[name] / 0.5, change / settings.share, atol=1e-6)
    assert result.loss_after < half.loss_after < half.loss_before == result.loss_before
    _, meta = load_checkpoint(base_path)
    path = result.save(tmp_path / "delta.safetensors", meta["step"])
    adapted = Synthesizer.load(base_path, path)
    words = pronounce("Did it rain?")
    before, after = base.synthesize(words, embedding), adapted.synthesize(words, embedding)
    assert before.mel.shape[1] != after.mel.shape[1] or not np.allclose(before.mel, after.mel)
    other = result.save(tmp_path / "other.safetensors", meta["step"] + 1)
    with pytest.raises(CheckpointError, match="adapted to another synthesizer"):
        Synthesizer.load(base_path, other)


def test_sentences_spoken_together_equal_those_spoken_alone() -> None:
    synthesizer = Synthesizer.load()  # trained: durations and voicing are near their thresholds
    rng = np.random.default_rng(4)
    requests = []
    for place, text in enumerate(
        ("Go.", "Where did the old captain leave his map?", "Yes, but not today, I am afraid.")
    ):
        vector = rng.standard_normal(96).astype(np.float32)
        pitch = (None, 180.0, 95.0)[place]
        requests.append(
            Request(
                pronounce(text),
                vector / np.linalg.norm(vector),
                speed=(0.7, 1.0, 1.6)[place],
                pitch_semitones=(0.0, 3.0, -2.0)[place],
                f0_median_hz=pitch,
                f0_spread=(None, 0.4, 0.8)[place],
            )
        )
    alone = [synthesizer.synthesize_many([request])[0] for request in requests]
    together = synthesizer.synthesize_many(requests)
    for one, batched in zip(alone, together, strict=True):
        assert np.array_equal(one.durations, batched.durations)
        assert one.ids == batched.ids
        assert np.abs(one.mel - batched.mel).max() < 1e-3
        assert np.abs(one.f0_hz - batched.f0_hz).max() < 1e-2  # Hz
    with pytest.raises(InputError, match="nothing to speak"):
        synthesizer.synthesize_many([requests[0], Request([], requests[0].embedding)])


def test_an_interrupted_finetuning_gives_the_same_weights_to_the_bit(
    data: Path, tmp_path: Path
) -> None:
    base = Synthesizer.load(train_synthesizer(data, tmp_path / "base", config(2)))
    chosen = select_utterances(data, config(1).data, "train")
    speaker = SpeechDataset.read(data, [u for u in chosen if u.speaker == "s1"])
    chosen = select_utterances(data, config(1).data, "dev")
    held_out = SpeechDataset.read(data, [u for u in chosen if u.speaker == "s1"])
    embedding = np.full(8, 8**-0.5, dtype=np.float32)
    settings = FinetuneConfig(steps=25, learning_rate=2e-3, validate_every=5)
    state = tmp_path / "training.safetensors"

    def run(stop_after: int, **change: int) -> tuple[Finetuned, list[tuple[int, bool]]]:
        heard: list[tuple[int, bool]] = []

        def on_steps(steps: int, worked: bool) -> None:
            heard.append((steps, worked))
            if sum(worked for _, worked in heard) == stop_after:
                raise KeyboardInterrupt

        config = settings.model_copy(update=change)
        made = finetune(base, embedding, speaker, held_out, config, state=state, on_steps=on_steps)
        return made, heard

    straight = finetune(base, embedding, speaker, held_out, settings)
    for stop_after in (7, 9):  # after 5 + 2 steps, and after 10 + 4
        with pytest.raises(KeyboardInterrupt):
            run(stop_after)
    resumed, heard = run(-1)
    assert heard[0] == (10, False) and heard[1:] == [(1, True)] * 15
    assert resumed.delta.keys() == straight.delta.keys()
    assert all(torch.equal(resumed.delta[n], straight.delta[n]) for n in straight.delta)
    assert any(d.any() for d in straight.delta.values())
    assert np.array_equal(resumed.embedding, straight.embedding)
    assert vars(resumed).items() >= {"steps": 25, "loss_after": straight.loss_after}.items()
    _, heard = run(-1)  # all is done already
    assert heard == [(25, False)]
    _, heard = run(-1, seed=1)  # another training does not go on from this state
    assert heard[0] == (0, False) and len(heard) == 26


def test_checkpoint_of_another_alphabet_is_refused(tmp_path: Path) -> None:
    names = [*SYMBOLS.names[:-1], "XX"]
    meta = {"audio": DEFAULT_SPEC.to_dict(), "symbols": {"names": names, "fingerprint": "0"}}
    path = save_checkpoint(tmp_path / "s.safetensors", {"w": torch.zeros(1)}, meta)
    with pytest.raises(CheckpointError, match="another alphabet"):
        Synthesizer.load(path)
