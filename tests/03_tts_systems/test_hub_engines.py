"""XTTS, SpeechT5 and Bark: refusals in one sentence, bounded waits, and real (tiny) models."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from env_utils import ConsentError, InputError, MissingDependencyError
from tts_utils import TTSEngine, engine_names, hub, list_engines
from tts_utils.bark import BarkEngine, BarkParts
from tts_utils.coqui import CoquiEngine
from tts_utils.speecht5 import VOICES, SpeechT5Engine, SpeechT5Parts, read_x_vectors

transformers = pytest.importorskip("transformers")


@pytest.fixture(autouse=True)
def no_memory_of_the_hub() -> None:
    hub.hub_problem.cache_clear()


def offline(monkeypatch: pytest.MonkeyPatch, seconds: float = 0.0) -> None:
    def model_info(*_a: object, **_k: object) -> None:
        time.sleep(seconds)
        raise OSError("Name or service not known")

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", model_info)


def test_all_engines_are_offered() -> None:
    assert {"espeak-ng", "coqui-xtts", "speecht5", "bark"} <= set(engine_names())


def test_a_hub_that_swallows_packets_costs_a_bounded_time_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offline(monkeypatch, seconds=30.0)
    started = time.perf_counter()
    assert "no answer" in hub.hub_problem(0.3)
    assert hub.hub_problem(0.3) and time.perf_counter() - started < 2.0


def test_without_internet_each_engine_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    offline(monkeypatch)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.file_download.constants.HF_HUB_CACHE", str(tmp_path))
    found = {status.name: status for status in list_engines()}
    for name in ("coqui-xtts", "speecht5", "bark"):
        assert not found[name].available
        assert "pip install" in found[name].reason or "cannot be reached" in found[name].reason


def test_weights_come_from_the_cache_before_the_internet(monkeypatch: pytest.MonkeyPatch) -> None:
    offline(monkeypatch)
    assert hub.load_pretrained("e", "r", "1 MB", lambda local: f"local={local}") == "local=True"

    def nowhere(_local_files_only: bool) -> str:
        raise FileNotFoundError("not in the cache")

    with pytest.raises(MissingDependencyError, match=r"weights of 'e' \(r, 1 MB\).*Name or serv"):
        hub.load_pretrained("e", "r", "1 MB", nowhere)
    hub.hub_problem.cache_clear()
    monkeypatch.setattr("huggingface_hub.HfApi.model_info", lambda *_a, **_k: None)
    asked: list[bool] = []

    def online(local_files_only: bool) -> str:
        asked.append(local_files_only)
        if local_files_only:
            raise FileNotFoundError("not in the cache")
        return "fetched"

    assert hub.load_pretrained("e", "r", "1 MB", online) == "fetched" and asked == [True, False]


class Letters:
    """A tokenizer of letters (the real one needs a file from the hub)."""

    def __call__(self, text: str, return_tensors: str) -> dict[str, torch.Tensor]:
        assert return_tensors == "pt"
        return {"input_ids": torch.tensor([[2 + ord(letter) % 60 for letter in text]])}


@pytest.fixture(scope="module")
def speecht5() -> SpeechT5Engine:
    """The real architecture with random weights, a hundredth of the size."""
    torch.manual_seed(0)
    config = transformers.SpeechT5Config(
        vocab_size=64, hidden_size=32, encoder_layers=1, decoder_layers=1,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=32,
        decoder_ffn_dim=32, speech_decoder_prenet_units=16, speech_decoder_postnet_units=16,
        speech_decoder_postnet_layers=1, reduction_factor=2,
    )  # fmt: skip
    model = transformers.SpeechT5ForTextToSpeech(config).eval()
    vocoder = transformers.SpeechT5HifiGan(
        transformers.SpeechT5HifiGanConfig(upsample_initial_channel=16)
    ).eval()
    rng = np.random.default_rng(0)
    speakers = {name: rng.normal(size=512).astype(np.float32) for name in ("slt", "bdl")}
    return SpeechT5Engine(SpeechT5Parts(Letters(), model, vocoder, speakers))


def test_speecht5_speaks_every_sentence_and_knows_its_voices(speecht5: SpeechT5Engine) -> None:
    assert isinstance(speecht5, TTSEngine) and speecht5.voices() == ["slt", "bdl"]
    with torch.random.fork_rng():
        torch.manual_seed(0)  # its prenet has dropout in inference, too
        one = speecht5.synthesize("Hello.")
        two = speecht5.synthesize("Hello. Hello again.", "bdl")
    assert one.sample_rate == 16_000 and one.samples.dtype == np.float32 and one.samples.ndim == 1
    assert np.isfinite(one.samples).all() and one.seconds > 0
    assert two.seconds > 0.2
    with pytest.raises(InputError, match="no voice 'nobody'"):
        speecht5.synthesize("Hello.", "nobody")
    with pytest.raises(InputError, match="nothing"):
        speecht5.synthesize(" ?! ")


def test_x_vectors_are_read_from_the_archive_by_speaker() -> None:
    def archive(voices: tuple[str, ...]) -> zipfile.ZipFile:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as file:
            for number, voice in enumerate(voices):
                data = io.BytesIO()
                np.save(data, np.eye(512)[number] * 3)
                name = f"spkrec-xvect/cmu_us_{voice}_arctic-wav-arctic_a0001.npy"
                file.writestr(name, data.getvalue())
        return zipfile.ZipFile(buffer)

    vectors = read_x_vectors(archive(VOICES))
    assert list(vectors) == list(VOICES)
    for number, vector in enumerate(vectors.values()):
        np.testing.assert_allclose(vector, np.eye(512)[number], atol=1e-6)
    with pytest.raises(InputError, match="ksp"):
        read_x_vectors(archive(VOICES[:-1]))


class Prompted:
    """Bark's processor with letters for a tokenizer: text, and the voice as a prompt of codes."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, text: str, voice_preset: str) -> transformers.BatchEncoding:
        self.seen.append(text)
        draw = torch.Generator().manual_seed(int(voice_preset[-1]))
        prompt = transformers.BatchFeature(
            {
                "semantic_prompt": torch.randint(0, 10_000, (30,), generator=draw),
                "coarse_prompt": torch.randint(0, 1_024, (2, 45), generator=draw),
                "fine_prompt": torch.randint(0, 1_024, (8, 45), generator=draw),
            }
        )
        ids = torch.zeros(1, 256, dtype=torch.long)
        ids[0, : min(len(text), 256)] = torch.tensor([ord(letter) % 99 for letter in text[:256]])
        mask = (ids > 0).long()
        return transformers.BatchEncoding(
            {"input_ids": ids, "attention_mask": mask, "history_prompt": prompt}
        )


@pytest.fixture(scope="module")
def bark_model() -> object:
    """The real architecture, codec included, with random weights: 3 million instead of 400."""
    from transformers.models.bark import generation_configuration_bark as generation

    torch.manual_seed(0)
    small = {"num_layers": 1, "num_heads": 2, "hidden_size": 16, "block_size": 1024}
    sizes = {
        "semantic_config": {"input_vocab_size": 129_600, "output_vocab_size": 10_048},
        "coarse_acoustics_config": {"input_vocab_size": 12_096, "output_vocab_size": 12_096},
        "fine_acoustics_config": {"input_vocab_size": 1_056, "output_vocab_size": 1_056},
    }
    codec = {"model_type": "encodec", "num_filters": 4, "hidden_size": 16, "codebook_dim": 16}
    parts = {name: size | small for name, size in sizes.items()}
    config = transformers.BarkConfig(**parts, codec_config=codec)
    model = transformers.BarkModel(config).eval()
    model.generation_config = transformers.GenerationConfig(
        semantic_config=generation.BarkSemanticGenerationConfig(max_new_tokens=8).to_dict(),
        coarse_acoustics_config=generation.BarkCoarseGenerationConfig().to_dict(),
        fine_acoustics_config=generation.BarkFineGenerationConfig().to_dict(),
        codebook_size=1_024,
        sample_rate=24_000,
    )
    return model


def test_bark_says_a_long_text_in_pieces_that_are_short_enough(bark_model: object) -> None:
    processor = Prompted()
    engine = BarkEngine(BarkParts(processor, bark_model))
    text = "One sentence here. " + "and more, " * 20
    with torch.random.fork_rng():
        torch.manual_seed(0)
        audio = engine.synthesize(text, "v2/de_speaker_3")
    assert len(processor.seen) == 3 and max(map(len, processor.seen)) <= 180
    assert audio.sample_rate == 24_000 and audio.samples.dtype == np.float32
    assert np.isfinite(audio.samples).all() and np.any(audio.samples)
    assert isinstance(engine, TTSEngine) and engine.voices()[0] == "v2/en_speaker_6"
    with pytest.raises(InputError, match="no voice"):
        engine.synthesize("Hello.", "klingon")
    with pytest.raises(InputError, match="nothing"):
        engine.synthesize("...")


def test_xtts_clones_with_the_recording_and_the_language(tmp_path: Path) -> None:
    calls: list[dict[str, str]] = []

    def tts(**arguments: str) -> list[float]:
        calls.append(arguments)
        return [0.0, 0.5, -0.5]

    engine = CoquiEngine(SimpleNamespace(tts=tts))
    reference = tmp_path / "me.wav"
    reference.write_bytes(b"RIFF")
    audio = engine.clone("Bonjour.", reference, "fr")
    assert audio.sample_rate == 24_000 and audio.samples.dtype == np.float32
    assert calls == [{"text": "Bonjour.", "language": "fr", "speaker_wav": str(reference)}]
    engine.synthesize("Hello.")
    assert calls[1] == {"text": "Hello.", "language": "en", "speaker": "Claribel Dervla"}
    with pytest.raises(InputError, match="no such recording"):
        engine.clone("Hello.", tmp_path / "missing.wav")
    with pytest.raises(InputError, match="does not speak 'tlh'"):
        engine.clone("Hello.", reference, "tlh")


def test_nobody_agrees_to_a_licence_for_the_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import tts_utils.coqui as coqui

    monkeypatch.delenv("COQUI_TOS_AGREED", raising=False)
    monkeypatch.setattr(coqui, "_manager", lambda: SimpleNamespace(output_prefix=tmp_path))
    with pytest.raises(ConsentError, match="COQUI_TOS_AGREED=1"):
        coqui._load_api()
