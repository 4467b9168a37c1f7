"""The page's own computations, run by the browser and compared with numpy and soundfile."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from voice_replication.recording_prompts import LONG

if TYPE_CHECKING:
    from conftest import Browser

pytestmark = pytest.mark.xdist_group("browser")

RATE = 24_000


@pytest.fixture()
def page(browser: Browser) -> Browser:
    """The page; any view will do."""
    if "voices" not in browser.driver.current_url:
        browser.open("voices")
    return browser


def call(page: Browser, module: str, expression: str, *arguments: object) -> Any:
    """What ``expression`` over the names of ``module`` (as ``m``) and ``a`` (arguments) gives."""
    script = f"""
      const [a, done] = [[...arguments].slice(0, -1), arguments[arguments.length - 1]];
      import("/static/js/{module}").then(async (m) => ({expression}))
        .then((value) => done({{value}}), (error) => done({{error: String(error)}}));
    """
    answer = page.driver.execute_async_script(script, *arguments)
    assert "error" not in answer, answer
    return answer["value"]


def test_the_texts_to_read_are_those_of_the_command_line(page: Browser) -> None:
    assert call(page, "prompts.js", "m.PROMPTS") == list(LONG)


def test_fft_agrees_with_numpy(page: Browser, rng: np.random.Generator) -> None:
    signal = rng.standard_normal(256)
    script = """(() => {
      const re = Float64Array.from(a[0]), im = new Float64Array(re.length);
      m.fft(re, im);
      return [[...re], [...im]];
    })()"""
    re, im = call(page, "spectrum.js", script, signal.tolist())
    np.testing.assert_allclose(np.array(re) + 1j * np.array(im), np.fft.fft(signal), atol=1e-9)


def test_a_tone_lights_the_band_of_its_pitch_and_pieces_do_not_matter(page: Browser) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(RATE // 4) / RATE)
    script = """(() => {
      const whole = new m.Spectrum(24000), pieces = new m.Spectrum(24000);
      const samples = Float32Array.from(a[0]);
      whole.push(samples);
      for (let i = 0; i < samples.length; i += 1000) pieces.push(samples.subarray(i, i + 1000));
      const columns = (spectrum) => spectrum.columns.map((column) => [...column]);
      return [columns(whole), columns(pieces), m.BANDS];
    })()"""
    whole, pieces, bands = call(page, "spectrum.js", script, tone.tolist())
    assert whole == pieces
    top = 2595 * np.log10(1 + 12_000 / 700)
    expected = 2595 * np.log10(1 + 1000 / 700) / top * (bands + 1) - 1
    assert abs(int(np.argmax(whole[10])) - expected) <= 1


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_recordings_become_wav_files(page: Browser, rng: np.random.Generator, rate: int) -> None:
    samples = np.clip(rng.standard_normal(3000) * 0.5, -1.2, 1.2)
    encoded = call(
        page,
        "wav.js",
        "btoa(String.fromCharCode(...new Uint8Array("
        "await m.encodeWav(Float32Array.from(a[0]), a[1]).arrayBuffer())))",
        samples.tolist(),
        rate,
    )
    read, read_rate = soundfile.read(io.BytesIO(base64.b64decode(encoded)))
    assert read_rate == rate
    np.testing.assert_allclose(read, np.clip(samples, -1, 1), atol=1.01 / 32768)


def speech_like(rng: np.random.Generator, noise_db: float) -> npt.NDArray[np.float64]:
    """Bursts at -20 dBFS RMS over noise that many dB below them, two seconds."""
    burst = np.repeat(np.tile([1.0, 0.0], 4), RATE // 4)
    voice = 0.1 * np.sqrt(2) * np.sin(2 * np.pi * 150 * np.arange(2 * RATE) / RATE) * burst
    return voice + 0.1 * 10 ** (-noise_db / 20) * rng.standard_normal(2 * RATE)


@pytest.mark.parametrize(
    ("noise_db", "gain", "remark"),
    [(40.0, 1.0, ""), (13.0, 1.0, "noise"), (40.0, 12.0, "clipped"), (40.0, 0.05, "quiet")],
)
def test_takes_are_judged(
    page: Browser, rng: np.random.Generator, noise_db: float, gain: float, remark: str
) -> None:
    audio = np.clip(speech_like(rng, noise_db) * gain, -1, 1)
    found = call(
        page, "take_quality.js", "m.measure(Float32Array.from(a[0]), 24000)", audio.tolist()
    )
    assert found["seconds"] == pytest.approx(2.0)
    assert found["speechSeconds"] == pytest.approx(1.0, abs=0.1)
    if gain <= 1:
        assert found["snrDb"] == pytest.approx(noise_db, abs=1.5)
        assert found["levelDbfs"] == pytest.approx(-20 + 20 * np.log10(gain), abs=0.7)
    assert [remark in text for text in found["remarks"]] == ([True] if remark else [])


def test_silence_has_no_voice(page: Browser) -> None:
    found = call(page, "take_quality.js", "m.measure(new Float32Array(48000), 24000)")
    assert "No voice" in found["remarks"][0]


def test_spoken_words_find_their_place_in_the_text(page: Browser) -> None:
    text = "Dr. Smith paid $23 for the well-known book, 2nd edition!"
    pairs = [
        ("doctor", "Dr."),
        ("smith", "Smith"),
        ("paid", "paid"),
        ("twenty", "$23"),
        ("three", "$23"),
        ("dollars", "$23"),
        ("for", "for"),
        ("the", "the"),
        ("well", "well-known"),
        ("known", "well-known"),
        ("book", "book,"),
        ("second", "2nd"),
        ("edition", "edition!"),
    ]
    words = [{"word": word, "start": i, "end": i + 0.9} for i, (word, _) in enumerate(pairs)]
    script = """(() => {
      const track = new m.WordTrack(a[0]);
      track.add(a[1]);
      return a[1].map(({start}) => {
        track.light(start + 0.1);
        return track.node.querySelector(".now")?.textContent;
      });
    })()"""
    lit = call(page, "word_track.js", script, text, words)
    assert lit == [written for _, written in pairs]


@pytest.mark.parametrize(
    ("person", "voice"),
    [("Mara Lind", "mara-lind"), ("  José  Ñandú-Ruiz ", "jose-nandu-ruiz"), ("李", "")],
)
def test_a_voice_is_called_like_its_person(page: Browser, person: str, voice: str) -> None:
    assert call(page, "enroll_dialog.js", "m.nameFrom(a[0])", person) == voice
