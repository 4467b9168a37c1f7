"""The view "Speak" in a real browser: what reaches the loudspeaker, and when."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

if TYPE_CHECKING:
    from conftest import Browser

pytestmark = pytest.mark.xdist_group("browser")

SHORT = "Good morning, the coffee is ready."
LONG = (
    "The harbor was quiet that morning, and a thin fog lay over the boats. "
    "Somebody had left a lantern burning at the end of the pier. "
) * 3


def timestamps(browser: Browser, text: str) -> dict[str, Any]:
    """The same speech as the server gives it to programs."""
    body = {"model": "voiceclone-1", "input": text, "voice": "basil", "response_format": "wav"}
    request = urllib.request.Request(
        f"{browser.server.url}v1/audio/speech/timestamps",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return dict(json.load(answer))


def write(browser: Browser, text: str) -> None:
    """Put ``text`` into the text area, as pasting does."""
    area = browser.wait(".speak-text")
    script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))"
    browser.run(script, area, text)


def speak(browser: Browser, text: str) -> None:
    """Open the view with the voice basil and have ``text`` spoken."""
    browser.open("speak?voice=basil")
    write(browser, text)
    browser.click("Speak")


def heard(browser: Browser) -> dict[str, Any]:
    """What reached the loudspeaker since the page was opened."""
    return dict(browser.run("const {players, ...rest} = heard; return rest"))


def complete(browser: Browser) -> None:
    """Wait until all of the speech has arrived."""
    browser.wait(".stage button:enabled:last-child")
    browser.wait_until(lambda: browser.button("Download", ".stage").is_enabled())


def seek(browser: Browser, seconds: float) -> str:
    """Pause at ``seconds``; the word that is lit there."""
    script = """
      const [seek, seconds, done] = arguments;
      seek.value = seconds;
      seek.dispatchEvent(new Event("input"));
      document.querySelector(".stage-controls button").click();
      setTimeout(() => done(document.querySelector(".word-track .now")?.textContent ?? ""), 100);
    """
    slider = browser.find_all(".seek")[0]
    return str(browser.driver.execute_async_script(script, slider, seconds))


def test_sound_starts_while_the_rest_is_being_made(browser: Browser) -> None:
    speak(browser, LONG)
    browser.wait_until(lambda: heard(browser)["samples"] > 2400, otherwise="nothing was heard")
    assert browser.wait(".word-track .now").text in LONG.split()
    complete(browser)
    sound = heard(browser)
    assert sound["first"] < sound["streamEnded"]
    assert np.sqrt(sound["power"] / sound["samples"]) > 0.01  # not a mere hum
    browser.click("Stop")
    browser.button("Speak")
    assert browser.find_all(".history-item")


def test_words_light_up_when_they_are_spoken(browser: Browser) -> None:
    expected = timestamps(browser, SHORT)["words"]
    speak(browser, SHORT)
    complete(browser)
    assert [w["word"] for w in expected] == ["Good", "morning", "the", "coffee", "is", "ready"]
    for word in (expected[1], expected[3], expected[5]):
        lit = seek(browser, (word["start"] + word["end"]) / 2)
        assert lit.strip(".,") == word["word"]


def test_the_picture_is_drawn(browser: Browser) -> None:
    speak(browser, SHORT)
    complete(browser)
    browser.wait_until(lambda: seek(browser, 1.0) or True)
    script = """
      const canvas = document.querySelector(".sound-picture");
      const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return [canvas.width, canvas.height, [...data]];
    """
    width, height, data = browser.run(script)
    pixels = np.array(data).reshape(height, width, 4)
    heard_part = pixels[height // 2 :, : width // 3]
    assert heard_part[..., :3].std() > 20  # a mel has structure
    assert len(np.unique(pixels[: height // 4].reshape(-1, 4), axis=0)) > 3  # and so has a waveform


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_a_download_is_the_same_speech_as_a_file(
    browser: Browser, suffix: str, tmp_path: Path
) -> None:
    speak(browser, SHORT)
    complete(browser)
    browser.find_all(f".format option[value={suffix}]")[0].click()
    browser.click("Download", ".stage")
    name = f"basil-good-morning-the-coffee-is.{suffix}"
    saved = browser.downloads / name
    browser.wait_until(saved.is_file, otherwise=f"no {name} was saved")
    audio, rate = soundfile.read(saved)
    assert rate == 24_000
    assert len(audio) / rate == pytest.approx(timestamps(browser, SHORT)["seconds"], abs=0.01)
    assert np.abs(audio).max() > 0.05
    saved.rename(tmp_path / name)


def test_an_empty_text_is_refused_in_a_sentence(browser: Browser) -> None:
    speak(browser, "  ")
    assert browser.wait(".speak-text-field .field-error").text == "Type what shall be spoken."
    assert browser.driver.switch_to.active_element.accessible_name == "Text"
    write(browser, "☃ ☃ ☃")  # the server finds nothing in it that can be spoken
    browser.click("Speak")
    browser.wait_until(
        lambda: (
            browser.wait(".speak-text-field .field-error").text.endswith((".", "?"))
            and "Type what" not in browser.wait(".speak-text-field .field-error").text
        )
    )
    assert not browser.find_all(".history-item")
    browser.button("Speak")
    write(browser, "Too long. " * 500)
    assert browser.wait(".speak-text-field output").text == "5,000 characters"
    browser.click("Speak")
    error = browser.wait(".speak-text-field .field-error").text
    assert "4,096" in error
    assert "Narrate" in error


def test_stop_is_silence_and_history_plays_again(browser: Browser) -> None:
    speak(browser, LONG)
    browser.wait_until(lambda: heard(browser)["samples"] > 2400)
    browser.click("Stop")
    browser.button("Speak")
    browser.run("heard.samples = 0; heard.streamEnded = null")
    # half a second of the page's own clock, in which nothing may sound
    browser.driver.execute_async_script("setTimeout(arguments[0], 500)")
    assert heard(browser)["samples"] < 2400  # at most what was already under way

    browser.wait(".history-item button").click()
    browser.wait_until(lambda: heard(browser)["samples"] > 2400, otherwise="no replay was heard")
