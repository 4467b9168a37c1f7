"""The demo: one page with everything in it, from a sample voice or from the user's recording.

The models are real but untrained, so what is tested is everything around the sound.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_utils import DEFAULT_SPEC, save_audio
from env_utils import ConsentError, InputError
from matplotlib.image import imread
from training_utils import file_fingerprint, load_checkpoint, save_checkpoint
from voice_replication import voice_files
from voice_replication.cli import main
from voice_replication.demo import DemoRequest, MadeDemo, make_demo
from voice_replication.demo_pictures import MEL_RANGE_NATS, mel_png
from voice_replication.enrollment import load_reference
from voice_replication.speaker_encoder.inference import SpeakerEncoder
from voice_replication.speaker_encoder.model import EncoderModelConfig, build_encoder
from voice_replication.voices import Voice, VoiceStore

RATE = DEFAULT_SPEC.sample_rate
TEXT = "Two words & <three> more."


def hum(f0_hz: float, seconds: float) -> np.ndarray:
    """Something like speech: a buzz of `f0_hz` in syllables, with a pause at both ends."""
    time = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(f0_hz * (1 + 0.1 * np.sin(2 * np.pi * 0.7 * time))) / RATE
    buzz = sum(np.sin(k * phase) / k for k in range(1, 25))
    syllables = np.clip(np.sin(2 * np.pi * 2.0 * time), 0.0, None) ** 0.5
    edges = (time > 0.3) & (time < seconds - 0.3)
    noise = np.random.default_rng(1).standard_normal(len(time)) * 1e-3
    return (0.2 * buzz * syllables * edges + noise).astype(np.float32)


@pytest.fixture(scope="module")
def models(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny models with a real, untrained encoder, to which the synthesizer belongs."""
    folder = tmp_path_factory.mktemp("models")
    sizes = EncoderModelConfig(channels=16, pooled_channels=24, attention_channels=8)
    meta = {"audio": DEFAULT_SPEC.to_dict(), "config": {"model": sizes.model_dump()}}
    encoder = folder / "encoder.safetensors"
    save_checkpoint(encoder, build_encoder(sizes).state_dict(), meta)
    for stage in ("synthesizer", "vocoder"):
        tensors, meta = load_checkpoint(tiny_models / f"{stage}.safetensors")
        if stage == "synthesizer":
            meta = {**meta, "encoder": file_fingerprint(encoder)}
        save_checkpoint(folder / f"{stage}.safetensors", tensors, meta)
    return folder


@pytest.fixture(scope="module")
def samples(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four sample voices, the last of which belongs to another encoder."""
    folder = tmp_path_factory.mktemp("samples")
    rng = np.random.default_rng(5)
    fingerprint = file_fingerprint(models / "encoder.safetensors")
    for number, name in enumerate(["ada", "bo", "cy", "dee"]):
        vector = rng.standard_normal(96).astype(np.float32)
        voice = Voice(
            name=name,
            embedding=vector / np.linalg.norm(vector),
            encoder="other" if name == "bo" else fingerprint,
            audio=DEFAULT_SPEC.to_dict(),
            synthetic=True,
        )
        (folder / name).mkdir()
        voice_files.write_folder(folder / name, voice)
        save_audio(folder / name / "reference.flac", hum(100 + 30 * number, 4.0), RATE)
    return folder


@pytest.fixture(scope="module")
def request_(models: Path, samples: Path, tmp_path_factory: pytest.TempPathFactory) -> DemoRequest:
    output = tmp_path_factory.mktemp("demo") / "page"
    return DemoRequest(output=output, text=TEXT, models_dir=models, samples=samples)


@pytest.fixture(scope="module")
def made(request_: DemoRequest) -> MadeDemo:
    return make_demo(request_)


@pytest.fixture()
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "me & you.wav"
    save_audio(path, hum(140, 20.0), RATE)
    return path


class Page(HTMLParser):
    """The elements of a page as (tag, attributes), and its text without tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "img", "br", "link"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in {"style", "script"}:
            self.text += data

    def all(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attributes for name, attributes in self.elements if name == tag)


@pytest.fixture(scope="module")
def page(made: MadeDemo) -> Page:
    parsed = Page(made.page.read_text(encoding="utf-8"))
    assert parsed.open == []
    return parsed


def test_the_folder_holds_what_is_named(made: MadeDemo, request_: DemoRequest) -> None:
    names = {path.name for path in request_.output.iterdir()}
    wavs = {"reference.wav", "clone.wav", "cy.wav", "dee.wav"}  # bo is of another encoder
    assert names == {*wavs, "index.html", "results.json"}
    for name in wavs:
        audio, rate = soundfile.read(request_.output / name)
        assert rate == RATE and audio.ndim == 1 and np.abs(audio).max() > 0.01
    assert made.demo.clone.seconds == pytest.approx(
        soundfile.info(request_.output / "clone.wav").duration
    )


def test_the_page_is_self_contained(page: Page, made: MadeDemo) -> None:
    """Sound and pictures are inside; nothing is fetched from anywhere."""
    sources = [e[key] for tag, e in page.elements for key in ("src", "href") if key in e]
    inside = [s for s in sources if s and s.startswith("data:")]
    assert len(inside) == 4 + 4 + 1  # players, mels, alignment
    assert sorted(s for s in sources if s not in inside) == sorted(
        track.path.name for track in (made.demo.reference, made.demo.clone, *made.demo.others)
    )
    assert "http" not in re.sub(r'xmlns="[^"]*"', "", made.page.read_text(encoding="utf-8"))
    for element, track in zip(
        page.all("audio"), (made.demo.reference, made.demo.clone, *made.demo.others), strict=True
    ):
        kind, _, data = str(element["src"]).partition(";base64,")
        assert kind == "data:audio/wav" and base64.b64decode(data) == track.path.read_bytes()


def test_the_page_can_be_read_out(page: Page) -> None:
    assert next(page.all("html"))["lang"] == "en"
    assert any(meta.get("name") == "viewport" for meta in page.all("meta"))
    assert all(image["alt"] for image in page.all("img"))
    assert all(player["aria-label"] and "controls" in player for player in page.all("audio"))
    assert next(page.all("svg"))["aria-label"]
    ids = [e["id"] for _, e in page.elements if "id" in e]
    assert len(ids) == len(set(ids))
    assert {e["aria-labelledby"] for _, e in page.elements if "aria-labelledby" in e} <= set(ids)


def test_text_from_outside_is_escaped(models: Path, samples: Path, tmp_path: Path) -> None:
    recording = tmp_path / "<img src=x onerror=alert(1)>.wav"
    save_audio(recording, hum(140, 4.0), RATE)
    request = DemoRequest(tmp_path / "o", recording, "<b>Bold</b>", None, None, 0, models, samples)
    html = make_demo(request).page.read_text(encoding="utf-8")
    assert "<img src=x" not in html and "&lt;img src=x" in html and "<b>" not in html


def test_words_and_sounds_lie_in_order_within_the_speech(made: MadeDemo) -> None:
    demo, alignment = made.demo, made.demo.alignment
    assert [word.text for word in demo.words][:2] == ["Two", "words"]
    for items in (demo.words, alignment.words, alignment.phones):
        times = [time for item in items for time in (item.start, item.end)]
        assert times == sorted(times) and times[0] >= 0 and times[-1] <= demo.clone.seconds
    first = [p.phone for p in alignment.phones if p.end <= alignment.words[0].end + 1e-6]
    assert first == ["T", "UW"]  # the sounds of "Two" end where the word ends


def test_the_numbers_are_those_of_the_files(
    made: MadeDemo, request_: DemoRequest, models: Path, samples: Path
) -> None:
    demo = made.demo
    results = json.loads((request_.output / "results.json").read_text(encoding="utf-8"))
    encoder = SpeakerEncoder.load(models / "encoder.safetensors")
    reference = load_reference(samples / "ada" / "reference.flac")
    audio = soundfile.read(request_.output / "clone.wav", dtype="float32")[0]
    measured = float(encoder.embed(audio) @ encoder.embed(reference.audio))
    assert results["similarity_to_reference"]["Clone"] == pytest.approx(measured, abs=0.01)
    work = sum(demo.stages[name] for name in ("text", "synthesizer", "vocoder"))
    assert results["real_time_factor"] == pytest.approx(demo.clone.seconds / work)
    assert set(demo.stages) > {"enrolling", "text", "synthesizer", "vocoder"}
    assert f"{demo.clone.similarity:.2f}" in made.page.read_text(encoding="utf-8")


def test_a_recording_of_ones_own_is_cloned_and_not_kept(
    request_: DemoRequest, recording: Path, tmp_path: Path, home: Path
) -> None:
    request = replace(request_, recording=recording, output=tmp_path / "mine")
    demo = make_demo(request).demo
    assert demo.own_recording and demo.reference.seconds == pytest.approx(15.0)
    assert [track.title for track in demo.others] == ["ada", "cy"]
    assert not home.exists()
    text = Page((tmp_path / "mine" / "index.html").read_text(encoding="utf-8")).text
    assert "The voice was not kept" in text and "me & you.wav" in text


def test_a_voice_is_kept_only_with_consent(
    request_: DemoRequest, recording: Path, tmp_path: Path, home: Path
) -> None:
    keep = replace(request_, recording=recording, output=tmp_path / "mine", keep="me")
    with pytest.raises(ConsentError, match="--consent"):
        make_demo(keep)
    assert not home.exists() and not keep.output.exists()
    make_demo(replace(keep, consent="I agree."))
    voice = VoiceStore(home, request_.samples).get("me")
    assert voice.consent is not None and voice.consent.statement == "I agree."


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"text": "word " * 121}, "605 characters; the demo speaks at most 600"),
        ({"text": "😀"}, "nothing in it that can be read"),
        ({"keep": "me", "consent": "yes"}, "a sample voice is there anyway"),
        ({"samples": Path("nowhere")}, r"nowhere: there is no sample voice.*--voice FILE"),
        ({"recording": Path("missing.wav")}, r"missing\.wav"),
    ],
)
def test_what_can_not_be_shown_is_said(
    request_: DemoRequest, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        make_demo(replace(request_, output=tmp_path / "none", **change))
    assert not (tmp_path / "none" / "index.html").exists()


def test_one_short_word_has_no_similarity(request_: DemoRequest, tmp_path: Path) -> None:
    demo = make_demo(replace(request_, text="A", output=tmp_path / "a")).demo
    assert demo.clone.seconds < 0.5 and demo.clone.similarity is None
    assert "None" not in Page((tmp_path / "a" / "index.html").read_text(encoding="utf-8")).text


def test_a_mel_becomes_a_picture_of_its_size_with_low_frequencies_below() -> None:
    mel = np.full((4, 7), -MEL_RANGE_NATS, np.float32)
    mel[0, 2] = 0.0  # the lowest bin of the third frame is the loudest
    picture = imread(io.BytesIO(mel_png(mel, 0.0)))[..., :3].sum(axis=-1)
    assert picture.shape == (4, 7)
    assert np.unravel_index(picture.argmax(), picture.shape) == (3, 2)


def test_the_command_prints_where_the_page_is(
    models: Path,
    recording: Path,
    tmp_path: Path,
    home: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = tmp_path / "page"
    arguments = ["demo", "--voice", str(recording), "--text", "Hello there.", "-o", str(output)]
    assert main([*arguments, "--models-dir", str(models)]) == 0
    shown = capsys.readouterr()
    assert str((output / "index.html").resolve()) in shown.out and shown.err == ""
    assert main(["demo", "--text", "", "--models-dir", str(models)]) == 2
    assert "text is empty" in capsys.readouterr().err
    assert not home.exists()
