"""The speaker encoder: losses that pull the right way, honest sampling, exact resume, inference."""

from __future__ import annotations

import itertools
import math
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from audio_utils import DEFAULT_SPEC, mel_spectrogram
from audio_utils.mel import mel_filterbank
from data_utils import Utterance
from env_utils import CheckpointError, InputError
from hypothesis import given, settings
from hypothesis import strategies as st
from training_utils import TrainConfig, Trainer, load_config
from voice_replication.speaker_encoder.augmentation import (
    AugmentConfig,
    MelAugmenter,
    coloured_noise,
    mix,
    reverberate,
    telephone,
)
from voice_replication.speaker_encoder.data import (
    SamplingConfig,
    SpeakerBank,
    crop,
    limit_per_speaker,
    load_mels,
    session_of,
)
from voice_replication.speaker_encoder.inference import SpeakerEncoder, cut_windows
from voice_replication.speaker_encoder.losses import AamSoftmax, Ge2eLoss, with_margin
from voice_replication.speaker_encoder.model import (
    EncoderModelConfig,
    SpeakerInput,
    bins_below,
    build_encoder,
)
from voice_replication.speaker_encoder.train import (
    EncoderConfig,
    EncoderLossConfig,
    EncoderTask,
    train_encoder,
)
from voice_replication.speaker_encoder.verification import (
    balanced_eer,
    cosines,
    cross_session_trials,
    mfcc_statistics,
    normalized_scores,
    trials_eer,
)

ROOT = Path(__file__).resolve().parents[2]
CONFIG_FILE = ROOT / "capstone_voice_replication_pipeline" / "configs" / "encoder.yaml"
BINS = bins_below(5_200.0)
SMALL = EncoderModelConfig(
    embedding_size=16, channels=32, pooled_channels=48, attention_channels=8, layers=2
)
SMALL_LSTM = EncoderModelConfig(
    architecture="ge2e_lstm", embedding_size=16, channels=32, layers=2, frame_stride=1
)


def speechlike(f0_hz: float, seconds: float, seed: int) -> npt.NDArray[np.float32]:
    """A buzz of ``f0_hz`` with syllables and a formant: enough to tell "people" apart."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(int(seconds * DEFAULT_SPEC.sample_rate)) / DEFAULT_SPEC.sample_rate
    phase = 2 * np.pi * f0_hz * time_s + rng.uniform(0, 6)
    tone = sum(np.cos(k * phase) / k for k in range(1, 25))
    syllables = 0.55 + 0.45 * np.sin(2 * np.pi * rng.uniform(3, 5) * time_s + rng.uniform(0, 6))
    noise = 0.01 * rng.standard_normal(len(time_s))
    return np.asarray(0.05 * tone * syllables + 0.05 * noise, dtype=np.float32)


def utterance(speaker: str, chapter: str, index: int, corpus: str = "librispeech-x") -> Utterance:
    name = f"{speaker}-{chapter}-{index:04d}"
    return Utterance(id=name, path=Path(f"{name}.wav"), speaker=speaker, corpus=corpus)


def toy_bank(speakers: int = 4, config: SamplingConfig | None = None) -> SpeakerBank:
    """Speakers of two chapters with two recordings each, mels of different pitch."""
    config = config or SamplingConfig(
        speakers_per_batch=speakers, min_crop_seconds=0.4, max_crop_seconds=0.6, speeds=(1.0,)
    )
    everything, mels = [], []
    for speaker, chapter, index in itertools.product(range(speakers), range(2), range(2)):
        everything.append(utterance(str(speaker), str(10 * speaker + chapter), index))
        audio = speechlike(90.0 * 1.3**speaker, 1.0, 10 * len(mels))
        mels.append(torch.from_numpy(mel_spectrogram(audio, DEFAULT_SPEC)[:BINS]).half())
    return SpeakerBank(everything, [mels] * len(config.speeds), config)


def toy_task(steps: int, model: EncoderModelConfig = SMALL) -> EncoderTask:
    loss = EncoderLossConfig(margin_warmup_steps=5)
    training = TrainConfig(
        steps=steps, learning_rate=3e-3, warmup_steps=2, ema_decay=0.5, precision="fp32",
        log_every=1, save_every=3, vis_every=10_000, gradient_clip=5.0,
    )  # fmt: skip
    config = EncoderConfig(model=model, loss=loss, training=training)
    return EncoderTask(config, toy_bank(), None, None)


# --- losses ---------------------------------------------------------------------------------------


@given(
    st.floats(-1.0, 1.0, width=32), st.floats(-1.0, 1.0, width=32), st.floats(0.0, 0.5, width=32)
)
@settings(max_examples=200, deadline=None)
def test_margin_keeps_the_order_and_only_ever_makes_it_harder(
    a: float, b: float, margin: float
) -> None:
    low, high = sorted((a, b))
    changed = with_margin(torch.tensor([low, high]), margin)
    assert changed[0] <= changed[1] + 1e-3  # monotonic on both sides of the kink
    assert (changed <= torch.tensor([low, high]) + 1e-3).all()


def test_margin_is_added_to_the_angle() -> None:
    angle = torch.linspace(0.1, math.pi - 0.35, 50)
    assert torch.allclose(with_margin(angle.cos(), 0.3), (angle + 0.3).cos(), atol=1e-5)


def test_aam_loss_grows_with_the_margin_and_its_gradient_pulls_to_the_right_speaker() -> None:
    torch.manual_seed(0)
    loss = AamSoftmax(8, 5, scale=15.0)
    raw = torch.randn(12, 8, requires_grad=True)
    labels = torch.arange(12) % 5
    unit = torch.nn.functional.normalize(raw.detach(), dim=1)
    values = [float(loss(unit, labels, m)[0].detach()) for m in (0.0, 0.1, 0.2, 0.4)]
    assert values == sorted(values) and values[0] < values[-1] - 1.0
    loss(torch.nn.functional.normalize(raw, dim=1), labels, 0.2)[0].backward()
    directions = torch.nn.functional.normalize(loss.directions.detach(), dim=1)[labels]
    before = torch.nn.functional.cosine_similarity(raw.detach(), directions)
    after = torch.nn.functional.cosine_similarity(raw.detach() - 0.1 * raw.grad, directions)
    assert (after > before).all()


def test_ge2e_is_small_for_separate_clusters_and_at_chance_for_identical_ones() -> None:
    centres = torch.eye(4, 8)[:, None].expand(4, 3, 8)
    noise = 0.05 * torch.randn(4, 3, 8, generator=torch.Generator().manual_seed(0))
    separate = torch.nn.functional.normalize(centres + noise, dim=2)
    same = torch.nn.functional.normalize(torch.ones(4, 3, 8), dim=2)
    loss = Ge2eLoss().requires_grad_(False)
    assert float(loss(separate)) < 0.01
    assert float(loss(same)) == pytest.approx(math.log(4), abs=1e-4)
    assert float(loss(separate.roll(1, dims=1).flatten(0, 1).roll(1, 0).unflatten(0, (4, 3)))) > 1


def test_ge2e_leaves_an_utterance_out_of_its_own_centroid() -> None:
    """Two opposite utterances of a speaker: with itself included, each would be half right."""
    x = torch.tensor([[[1.0, 0.0], [-1.0, 1e-3]], [[0.0, 1.0], [0.0, 1.0]]])
    x = torch.nn.functional.normalize(x, dim=2)
    loss = Ge2eLoss(scale=1.0, offset=0.0).requires_grad_(False)
    others = torch.stack([x[0, 1], x[0, 0]])  # own centroid of each: the other utterance
    centre1 = x[1, 0]
    logits0 = torch.stack([(x[0] * others).sum(1), x[0] @ centre1], dim=1)
    centre0 = torch.nn.functional.normalize(x[0].sum(0), dim=0)
    logits1 = torch.stack([x[1] @ centre0, torch.ones(2)], dim=1)
    expected = torch.nn.functional.cross_entropy(
        torch.cat([logits0, logits1]), torch.tensor([0, 0, 1, 1])
    )
    assert float(loss(x)) == pytest.approx(float(expected), abs=1e-5)


# --- input and model ------------------------------------------------------------------------------


def test_input_looks_at_no_band_that_a_corpus_lacks() -> None:
    filters = mel_filterbank(DEFAULT_SPEC)
    hz = torch.linspace(0, DEFAULT_SPEC.sample_rate / 2, filters.shape[1])
    assert float(filters[:BINS, hz > 5_200.0].abs().max()) == 0.0
    assert float(filters[: BINS + 1, hz > 5_200.0].abs().max()) > 0.0  # and wastes none


def test_input_cancels_level_equalizer_and_the_band_above(rng: np.random.Generator) -> None:
    mel = torch.from_numpy(rng.normal(0, 1, (2, 100, 50)).astype(np.float32))
    layer = SpeakerInput(EncoderModelConfig(dynamic_range=20.0), DEFAULT_SPEC)
    other = mel + torch.linspace(-1, 1, 100)[None, :, None] - 3.0
    other[:, BINS:] = -11.5
    assert torch.allclose(layer(mel), layer(other), atol=1e-5)


def test_input_hides_the_noise_floor_of_a_format(rng: np.random.Generator) -> None:
    mel = torch.from_numpy(rng.normal(0, 1, (1, 100, 50)).astype(np.float32))
    quiet, silent = mel.clone(), mel.clone()
    quiet[:, :, 20:30], silent[:, :, 20:30] = -8.0, -11.5
    layer = SpeakerInput(EncoderModelConfig(dynamic_range=7.0), DEFAULT_SPEC)
    assert torch.allclose(layer(quiet), layer(silent))


def test_shipped_config_is_valid_and_within_its_share_of_the_budget() -> None:
    config = load_config(EncoderConfig, CONFIG_FILE)
    model = build_encoder(config.model)
    assert config.model.embedding_size == 96
    assert sum(p.numel() for p in model.parameters()) <= 1_300_000
    classic = config.model.model_copy(
        update={"architecture": "ge2e_lstm", "channels": 224, "frame_stride": 1}
    )
    assert sum(p.numel() for p in build_encoder(classic).parameters()) <= 1_300_000


@pytest.mark.parametrize("model", [SMALL, SMALL_LSTM], ids=["ecapa", "ge2e_lstm"])
def test_overfits_one_batch(model: EncoderModelConfig) -> None:
    torch.manual_seed(0)
    task = toy_task(1, model)
    batch = task.bank.batch(np.random.default_rng(0))
    optimizer = task.optimizers["encoder"]
    for group in optimizer.param_groups:
        group["lr"] = 5e-3
    first = last = math.nan
    for step in range(60):
        embeddings = task.encoder(batch.mel)
        loss, accuracy = task.aam(embeddings, batch.labels, 0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        first, last = (float(loss), float(loss)) if step == 0 else (first, float(loss))
    assert float(accuracy) == 1.0
    assert last < 0.05 * first


# --- data -----------------------------------------------------------------------------------------


def test_sessions_are_chapters_in_librispeech_and_the_corpus_elsewhere() -> None:
    assert session_of(utterance("84", "121123", 3)) == "chapter 121123"
    other = Utterance(id="arctic_a0001_1592748574", path=Path("x"), corpus="kathleen")
    assert session_of(other) == "kathleen"


def test_two_utterances_of_a_speaker_come_from_two_chapters() -> None:
    bank, rng = toy_bank(), np.random.default_rng(1)
    for speaker in list(range(4)) * 20:
        first, second = (bank.utterances[i] for i in bank.pick(speaker, rng))
        assert first.speaker == second.speaker == bank.speakers[speaker]
        assert session_of(first) != session_of(second)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(2, 6), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_pick_uses_all_sessions_and_repeats_only_when_it_must(
    sessions: list[int], wanted: int, seed: int
) -> None:
    people = [utterance("1", str(c), i) for c, n in enumerate(sessions) for i in range(n)]
    people += [utterance("2", "0", 0)]
    mels = [torch.zeros(BINS, 60).half()] * len(people)
    config = SamplingConfig(speakers_per_batch=2, utterances_per_speaker=wanted, speeds=(1.0,))
    bank = SpeakerBank(people, [mels], config)
    picks = bank.pick(0, np.random.default_rng(seed))
    used = {session_of(people[i]) for i in picks}
    assert len(picks) == wanted
    assert len(used) == min(wanted, len(sessions))
    if wanted <= min(sessions) * len(sessions):
        assert len(set(picks)) == wanted


def test_batches_are_a_function_of_the_generator_and_labels_know_the_speed() -> None:
    config = SamplingConfig(
        speakers_per_batch=3, min_crop_seconds=0.3, max_crop_seconds=0.5, speeds=(1.0, 0.9)
    )
    bank = toy_bank(4, config)
    a, b = (bank.batch(np.random.default_rng(5)) for _ in range(2))
    assert torch.equal(a.mel, b.mel) and torch.equal(a.labels, b.labels) and a.ids == b.ids
    assert bank.classes == 8
    for label, name in zip(a.labels.tolist(), a.ids, strict=True):
        assert bank.speakers[label // 2] == name.split("-")[0]
    pairs = a.labels.view(3, 2)
    assert (pairs[:, 0] == pairs[:, 1]).all() and len(set(pairs[:, 0].tolist())) == 3


def test_crop_is_a_stretch_of_the_mel_and_a_short_one_is_repeated(rng: np.random.Generator) -> None:
    mel = torch.arange(40.0)[None].repeat(3, 1)
    part = crop(mel, 15, rng)
    assert torch.equal(part[0].diff(), torch.ones(14))
    repeated = crop(mel[:, :7], 20, rng)[0]
    assert ((repeated.diff() % 7) == 1).all() and len(repeated) == 20


def test_a_speaker_with_hours_does_not_crowd_out_the_others() -> None:
    many = [utterance("9", "1", i) for i in range(500)] + [utterance("8", "1", i) for i in range(3)]
    chosen = limit_per_speaker(many, 50)
    assert [u.speaker for u in chosen].count("9") == 50
    assert [u.speaker for u in chosen].count("8") == 3
    assert chosen[0] == many[0] and chosen[49] == many[499]


def test_mels_are_cached_and_speed_moves_the_pitch(tmp_path: Path) -> None:
    import soundfile

    time_s = np.arange(24_000) / 24_000
    path = tmp_path / "tone.wav"
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 1_000 * time_s), 24_000)
    one = Utterance(id="a", path=path, speaker="s", corpus="own", seconds=1.0)
    normal = load_mels(tmp_path / "cache", [one], BINS)[0]
    fast = load_mels(tmp_path / "cache", [one], BINS, speed=1.1)[0]
    hz = [np.abs(mel_filterbank(DEFAULT_SPEC).numpy()[int(m[:, 40].argmax())]).argmax() * 24_000
          / 1024 for m in (normal, fast)]  # fmt: skip
    assert hz[0] == pytest.approx(1_000, abs=40) and hz[1] == pytest.approx(1_100, abs=40)
    assert fast.shape[1] == pytest.approx(normal.shape[1] / 1.1, abs=1)
    path.unlink()  # the second time it comes from the cache
    assert torch.equal(load_mels(tmp_path / "cache", [one], BINS)[0], normal)


# --- augmentation ---------------------------------------------------------------------------------


def test_noise_is_added_at_the_ratio_asked_for(rng: np.random.Generator) -> None:
    mel = torch.from_numpy(rng.normal(0, 1, (3, BINS, 80)).astype(np.float32))
    noise = coloured_noise(mel, torch.Generator().manual_seed(0))
    snr_db = torch.tensor([0.0, 10.0, 20.0])
    mixed = mix(mel, noise, snr_db)
    added = (2 * mixed).exp() - (2 * mel).exp()
    measured = 10 * torch.log10((2 * mel).exp().mean((1, 2)) / added.mean((1, 2)))
    assert torch.allclose(measured, snr_db, atol=0.1)


def test_a_room_prolongs_sound_by_its_reverberation_time() -> None:
    mel = torch.full((1, BINS, 60), -9.0)
    mel[:, :, 20] = 2.0
    wet = reverberate(mel, torch.tensor([0.4]), torch.tensor([1.0]))
    assert float(wet[:, :, :20].max()) < -8.5  # nothing of the sound before it
    fall_db = 20 * math.log10(math.e) * (wet[0, 0, 22] - wet[0, 0, 41])
    assert float(fall_db) == pytest.approx(60 * (19 / 93.75) / 0.4, rel=0.02)


def test_telephone_keeps_the_middle_only() -> None:
    mel = torch.zeros(1, BINS, 10)
    lost = -telephone(mel)[0, :, 0]
    from audio_utils.mel import mel_centers_hz

    hz = torch.from_numpy(mel_centers_hz(DEFAULT_SPEC)[:BINS])
    assert float(lost[(hz > 320) & (hz < 3_380)].max()) == 0.0
    assert float(lost[hz > 4_500].min()) > 5.0


def test_augmentation_is_seeded_finite_and_can_be_off(rng: np.random.Generator) -> None:
    mel = torch.from_numpy(rng.normal(-3, 2, (8, BINS, 90)).astype(np.float32))
    augmenter = MelAugmenter(AugmentConfig())
    a, b = (augmenter.apply(mel, np.random.default_rng(3)) for _ in range(2))
    assert torch.equal(a, b) and torch.isfinite(a).all() and not torch.equal(a, mel)
    off = AugmentConfig(room=0, noise=0, babble=0, channel=0, telephone=0, mask=0)
    assert torch.equal(MelAugmenter(off).apply(mel, np.random.default_rng(3)), mel)


# --- training -------------------------------------------------------------------------------------


def test_resume_is_exact(tmp_path: Path) -> None:
    whole = Trainer(toy_task(6), toy_task(6).config.training, tmp_path / "whole")
    whole.run()
    config = toy_task(6).config.training
    first = Trainer(toy_task(6), config, tmp_path / "parts", max_minutes=0.0)
    first.run()  # stops after one step, as a killed run would have saved
    assert first.step == 1
    second = Trainer(toy_task(6), config, tmp_path / "parts", resume=True)
    second.run()

    def losses(trainer: Trainer) -> list[tuple[int, str, float]]:
        return [r for r in trainer.history.rows() if r[1] in ("loss", "aam", "ge2e")]

    assert losses(second) == losses(whole) and len(losses(whole)) == 18
    for name, tensor in whole.ema.average.items():
        assert torch.equal(tensor, second.ema.average[name]), name


def test_train_encoder_from_a_data_folder_to_a_checkpoint(tmp_path: Path) -> None:
    import soundfile
    from data_utils import write_manifest

    rows = []
    for speaker, chapter, split in itertools.product(range(4), range(2), ("train", "unseen")):
        who = str(speaker + (100 if split == "unseen" else 0))
        path = tmp_path / "audio" / f"{who}-{chapter}-0000.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, speechlike(80.0 * 1.3**speaker, 1.2, len(rows)), 24_000)
        rows.append(Utterance(
            id=path.stem, path=path, text="A", speaker=who, seconds=1.2, corpus="librispeech-x",
            split=split, source_rate=16_000, gender="F", licence="CC0",
        ))  # fmt: skip
    write_manifest(tmp_path / "manifest.csv", rows)
    sampling = SamplingConfig(
        speakers_per_batch=4, min_crop_seconds=0.5, max_crop_seconds=0.6, speeds=(1.0, 1.1)
    )
    training = TrainConfig(steps=3, warmup_steps=1, precision="fp32")
    config = EncoderConfig(model=SMALL, sampling=sampling, training=training)
    path = train_encoder(tmp_path, tmp_path / "run", config)
    from training_utils import load_checkpoint

    meta = load_checkpoint(path)[1]
    assert meta["speakers"] == 4 and meta["step"] == 3  # nobody of the split "unseen"
    assert 0.0 <= meta["metrics"]["unseen_eer"] <= 1.0
    assert 0.0 <= meta["metrics"]["unseen_eer_normalized"] <= 1.0
    assert 0.0 <= meta["metrics"]["unseen_mfcc_eer"] <= 1.0
    embedding = SpeakerEncoder.load(path).embed(speechlike(100.0, 1.0, 0))
    assert np.linalg.norm(embedding) == pytest.approx(1.0, abs=1e-5)


# --- verification ---------------------------------------------------------------------------------


def test_genuine_trials_never_share_a_chapter() -> None:
    everything = [
        utterance(s, c, i) for s, c in (("1", "10"), ("1", "11"), ("2", "20")) for i in range(2)
    ]
    trials = cross_session_trials(everything)
    assert len(trials.genuine) == 4 and len(trials.impostor) == 8
    for a, b in trials.genuine:
        assert everything[a].speaker == everything[b].speaker
        assert session_of(everything[a]) != session_of(everything[b])
    assert all(everything[a].speaker != everything[b].speaker for a, b in trials.impostor)
    some = cross_session_trials(everything, new=1)
    assert {int(a) for a, _ in some.genuine} == {0}
    with pytest.raises(InputError, match="two sessions"):
        cross_session_trials(everything[4:] + everything[:1])


def test_error_rates_of_a_perfect_and_a_blind_encoder(rng: np.random.Generator) -> None:
    everything = [utterance(s, f"{s}{c}", i) for s in "1234" for c in range(2) for i in range(3)]
    trials = cross_session_trials(everything)
    perfect = np.eye(10, dtype=np.float32)[[int(u.speaker) for u in everything]]
    scores = cosines(perfect)
    assert trials_eer(scores, trials) == 0.0 and balanced_eer(scores, everything, trials) == 0.0
    blind = rng.normal(size=(len(everything), 64)).astype(np.float32)
    blind /= np.linalg.norm(blind, axis=1, keepdims=True)
    assert 0.35 < trials_eer(cosines(blind), trials) < 0.65


def test_recordings_that_resemble_everybody_are_held_against_strangers(
    rng: np.random.Generator,
) -> None:
    """A hum that some recordings share says nothing about who speaks."""
    everything = [utterance(s, f"{s}{c}", c) for s in "123456789" for c in range(6)]
    hum = np.eye(64)[0]

    def recorded(person: np.ndarray) -> np.ndarray:
        vector = person + 0.6 * rng.normal(size=64) / 8 + rng.uniform(0, 1.5) * hum
        return vector / np.linalg.norm(vector)

    people = {u.speaker: rng.normal(size=64) / 8 for u in everything}
    embeddings = np.float32([recorded(people[u.speaker]) for u in everything])
    strangers = np.float32([recorded(rng.normal(size=64) / 8) for _ in range(300)])
    trials = cross_session_trials(everything)
    normalized = normalized_scores(embeddings, strangers)
    np.testing.assert_allclose(normalized, normalized.T)
    plain = trials_eer(cosines(embeddings), trials)
    assert plain > 0.05
    assert trials_eer(normalized, trials) < 0.7 * plain


def test_mfcc_baseline_tells_voices_apart_a_little() -> None:
    mels = [mel_spectrogram(speechlike(f, 1.0, s), DEFAULT_SPEC)[:BINS]
            for f in (90.0, 200.0) for s in range(3)]  # fmt: skip
    vectors = mfcc_statistics(mels)
    similar = vectors @ vectors.T
    assert similar[:3, :3].min() > similar[:3, 3:].max()


# --- inference ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def encoder() -> SpeakerEncoder:
    torch.manual_seed(0)
    return SpeakerEncoder(build_encoder(EncoderModelConfig()))


def test_embeddings_have_unit_length_are_deterministic_and_ignore_the_level(
    encoder: SpeakerEncoder,
) -> None:
    audio = speechlike(120.0, 3.0, 0)
    embedding = encoder.embed(audio)
    assert embedding.shape == (96,) and embedding.dtype == np.float32
    assert np.linalg.norm(embedding) == pytest.approx(1.0, abs=1e-5)
    assert np.array_equal(embedding, encoder.embed(audio))
    assert float(embedding @ encoder.embed(0.1 * audio)) > 0.9999
    assert float(embedding @ encoder.embed_mel(mel_spectrogram(audio, DEFAULT_SPEC))) > 0.999


def test_several_recordings_are_averaged(encoder: SpeakerEncoder) -> None:
    recordings = [speechlike(f, 1.0, 1) for f in (100.0, 160.0)]
    mean = np.mean([encoder.embed(r) for r in recordings], axis=0)
    expected = mean / np.linalg.norm(mean)
    assert np.allclose(encoder.embed_many(recordings), expected, atol=1e-6)
    with pytest.raises(InputError, match="at least one"):
        encoder.embed_many([])


@given(st.integers(50, 4_000))
@settings(max_examples=40, deadline=None)
def test_windows_cover_the_whole_recording(frames: int) -> None:
    mel = np.broadcast_to(np.arange(frames, dtype=np.float32) % 2, (2, frames))
    marked = np.stack([mel[0], np.zeros(frames, np.float32)])
    marked[1] = np.arange(frames) * 1e-6  # which frame it is, without changing the loudness
    windows = cut_windows(marked, DEFAULT_SPEC)
    seen = np.unique((windows[:, 1] * 1e6).round().astype(int))
    assert len(seen) == frames
    assert windows.shape[2] <= 1.5 * 375


def test_a_long_pause_does_not_count(encoder: SpeakerEncoder) -> None:
    audio = speechlike(120.0, 8.0, 0)
    pause = 1e-4 * np.random.default_rng(0).standard_normal(24_000 * 20).astype(np.float32)
    with_pause = np.concatenate([audio, pause])
    assert len(cut_windows(mel_spectrogram(with_pause, DEFAULT_SPEC), DEFAULT_SPEC)) <= 6
    assert float(encoder.embed(audio) @ encoder.embed(with_pause)) > 0.95


def test_five_seconds_take_under_fifty_milliseconds(encoder: SpeakerEncoder) -> None:
    audio = speechlike(120.0, 5.0, 0)
    encoder.embed(audio)
    seconds = []
    for _ in range(10):
        start = time.process_time()  # of all threads: what others do on the machine is not counted
        encoder.embed(audio)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.05


@pytest.mark.parametrize(
    ("audio", "message"),
    [
        (np.zeros(0, np.float32), "0.00 s"),
        (speechlike(100.0, 0.4, 0), "0.40 s"),
        (np.zeros(48_000, np.float32), "silent"),
        (np.full(48_000, np.nan, np.float32), "NaN"),
    ],
)
def test_unusable_recordings_are_refused(
    encoder: SpeakerEncoder, audio: npt.NDArray[np.float32], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        encoder.embed(audio)


def test_unusable_mels_are_refused(encoder: SpeakerEncoder) -> None:
    for mel in (np.full((100, 200), -11.5), np.zeros((80, 200)), np.zeros((100, 20))):
        with pytest.raises(InputError):
            encoder.embed_mel(mel.astype(np.float32))


def test_a_checkpoint_of_another_audio_spec_is_refused(tmp_path: Path) -> None:
    from training_utils import save_checkpoint

    model = build_encoder(SMALL)
    config = {"model": SMALL.model_dump(mode="json")}
    audio = {**DEFAULT_SPEC.to_dict(), "hop_length": 300}
    path = save_checkpoint(
        tmp_path / "encoder.safetensors", model.state_dict(), {"config": config, "audio": audio}
    )
    with pytest.raises(CheckpointError, match="hop_length"):
        SpeakerEncoder.load(path)


def test_shipped_encoder_groups_recordings_by_person(
    shipped_checkpoints: Path, speech_data: Path
) -> None:
    """Three recordings each of unseen speakers: nearest to their own speaker's others."""
    from audio_utils import load_audio
    from data_utils import read_manifest

    encoder = SpeakerEncoder.load(shipped_checkpoints / "encoder.safetensors")
    unseen = [u for u in read_manifest(speech_data / "manifest.csv") if u.split == "unseen"]
    groups: dict[str, list[Utterance]] = {}
    for one in unseen:
        if one.corpus == "librispeech-dev-clean" and one.seconds > 5:
            groups.setdefault(one.speaker, []).append(one)
    embeddings = {s: [encoder.embed(load_audio(u.path)) for u in g[:: len(g) // 3][:3]]
                  for s, g in groups.items()}  # fmt: skip
    own = [a @ b for g in embeddings.values() for a, b in itertools.combinations(g, 2)]
    other = [a @ b for x, y in itertools.combinations(embeddings, 2)
             for a in embeddings[x] for b in embeddings[y]]  # fmt: skip
    assert float(np.mean(own)) > float(np.mean(other)) + 0.3
