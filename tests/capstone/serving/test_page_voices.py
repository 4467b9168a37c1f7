"""The view "Voices" in a real browser, with a sample voice in front of its microphone."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

if TYPE_CHECKING:
    from conftest import Browser

pytestmark = pytest.mark.xdist_group("browser")

MICROPHONE = "clara"  # the sample voice that the microphone hears, as in conftest


def voices(browser: Browser) -> dict[str, dict[str, Any]]:
    """The server's voices by name."""
    with urllib.request.urlopen(f"{browser.server.url}v1/audio/voices") as answer:
        return {voice["id"]: voice for voice in json.load(answer)["data"]}


def focused(browser: Browser) -> str:
    """Name of the element that has the focus."""
    return str(browser.driver.switch_to.active_element.accessible_name)


def record(browser: Browser, seconds: float, within: str = "dialog") -> None:
    """Press record, wait for that much sound, and stop."""
    browser.click("Record", within)
    clock = browser.wait(f"{within} .recording .take-clock")
    browser.wait_until(lambda: float(clock.text.split()[0]) >= seconds)
    browser.click("Stop", within)


def fill_in(browser: Browser, speaker: str) -> None:
    """Whose voice it is."""
    browser.wait("dialog input[autocomplete=name]").send_keys(speaker)


def drop(browser: Browser, css: str, name: str, source: str) -> None:
    """Drop a file on ``css``; its content is what the address ``source`` answers."""
    script = """
      const [css, name, source, done] = arguments;
      fetch(source).then((answer) => answer.blob()).then((blob) => {
        const data = new DataTransfer();
        data.items.add(new File([blob], name));
        for (const type of ["dragenter", "dragover", "drop"]) {
          const init = {dataTransfer: data, bubbles: true, cancelable: true};
          document.querySelector(css).dispatchEvent(new DragEvent(type, init));
        }
        done();
      });
    """
    browser.driver.execute_async_script(script, css, name, source)


def test_samples_have_a_card_with_a_picture_and_can_be_heard(browser: Browser) -> None:
    browser.open("voices")
    cards = browser.find_all(".voice-card")
    assert [card.get_attribute("data-voice") for card in cards] == [
        "ada", "basil", "clara", "dorian",
    ]  # fmt: skip
    image = browser.find_all(".voice-card img")[0]
    browser.wait_until(lambda: image.get_property("naturalWidth"), otherwise="no picture came")
    assert "spoken by ada" in (image.get_attribute("alt") or "")
    assert not browser.find_all("[aria-label='Delete ada']")  # it ships with the program

    browser.click("Play ada")
    browser.button("Stop ada")
    playing = "return heard.players.some((player) => !player.paused && player.currentTime > 0.2)"
    browser.wait_until(lambda: browser.run(playing), otherwise="nothing plays")
    browser.click("Play basil")  # one voice at a time
    browser.button("Stop basil")
    assert browser.button("Play ada").is_displayed()
    browser.click("Stop basil")
    browser.button("Play basil")


def test_a_recorded_voice_is_enrolled_heard_and_deleted(browser: Browser) -> None:
    browser.open("voices")
    browser.click("Enroll a voice")
    record(browser, 5.0)
    assert "Take 1" in browser.wait(".take").text
    prompt = browser.wait("dialog .prompt").text
    assert not prompt.startswith("On the way home")  # a good take: here is the next text

    browser.click("Play Take 1")
    playing = "return heard.players.some((player) => !player.paused && player.currentTime > 0.2)"
    browser.wait_until(lambda: browser.run(playing))
    fill_in(browser, "Mara Lind")
    assert browser.wait("dialog input[maxlength='48']").get_property("value") == "mara-lind"

    browser.click("Enroll", "dialog")  # nobody has agreed yet
    assert "agreement" in browser.wait("[aria-labelledby=enroll-consent] > .field-error").text
    assert "mara-lind" not in voices(browser)
    assert focused(browser).startswith("This is my own voice")

    browser.find_all("dialog input[type=checkbox]")[0].click()
    browser.click("Enroll", "dialog")
    card = browser.wait("[data-voice=mara-lind]")
    assert "Mara Lind agreed on" in card.text
    assert focused(browser) == "Play mara-lind"

    stored = voices(browser)["mara-lind"]
    assert stored["consent"]["speaker"] == "Mara Lind"
    assert stored["statistics"]["speech_seconds"] > 3
    pitch = voices(browser)[MICROPHONE]["statistics"]["f0_median_hz"]
    assert stored["statistics"]["f0_median_hz"] == pytest.approx(pitch, rel=0.15)

    browser.click("Play mara-lind")
    browser.button("Stop mara-lind")
    browser.click("Delete mara-lind")
    browser.click("Cancel", "dialog")
    assert focused(browser) == "Delete mara-lind"
    assert "mara-lind" in voices(browser)
    browser.click("Delete mara-lind")
    browser.click("Delete", "dialog")
    browser.wait_until(lambda: not browser.find_all("[data-voice=mara-lind]"))
    assert "mara-lind" not in voices(browser)
    assert focused(browser) == "ada"  # the card that took its place


def test_files_can_be_dropped_and_consent_be_spoken(browser: Browser) -> None:
    browser.open("voices")
    sample = "/v1/audio/voices/basil/sample"
    drop(browser, "#view-voices", "first.wav", sample)
    browser.wait(".take")
    drop(browser, "dialog .drop-zone", "second.wav", sample)
    browser.wait_until(lambda: len(browser.find_all(".take")) == 2)
    assert [e.text for e in browser.find_all(".take-title")] == ["first.wav", "second.wav"]
    fill_in(browser, "Basil Reed")
    browser.find_all("dialog input[value=spoken]")[0].click()
    browser.click("Enroll", "dialog")
    assert "Record the statement" in browser.wait(".enroll-part > .field-error").text

    browser.click("Record the statement", "dialog")
    clock = browser.wait("dialog .recording .take-clock")
    browser.wait_until(lambda: float(clock.text.split()[0]) >= 2.5)
    browser.click("Stop", "dialog")
    browser.button("Play the statement", "dialog")
    browser.click("Enroll", "dialog")
    browser.wait("[data-voice=basil-reed]")
    assert voices(browser)["basil-reed"]["statistics"]["references"] == 2

    drop(browser, "#view-voices", "other.wav", "/v1/audio/voices/ada/sample")
    fill_in(browser, "Basil Reed")
    browser.find_all("dialog input[type=checkbox]")[0].click()
    browser.click("Enroll", "dialog")
    browser.wait_until(lambda: len(browser.find_all("dialog")) == 2)  # the name is taken
    browser.click("Cancel", "dialog:last-of-type")
    assert "taken" in browser.wait("dialog .field.wrong .field-error").text
    browser.click("Enroll", "dialog")
    browser.click("Replace", "dialog")
    browser.wait_until(lambda: not browser.find_all("dialog"))
    assert voices(browser)["basil-reed"]["statistics"]["references"] == 1


def test_what_the_server_refuses_is_said_where_it_happened(browser: Browser) -> None:
    browser.open("voices")
    drop(browser, "#view-voices", "letter.wav", "/static/index.html")
    assert "cannot read it" in browser.wait(".take").text
    fill_in(browser, "Nobody")
    browser.find_all("dialog input[type=checkbox]")[0].click()
    browser.click("Enroll", "dialog")
    error = browser.wait("[aria-labelledby=enroll-recordings] > .field-error").text
    assert error.endswith(".")
    browser.find_all("dialog input[maxlength='48']")[0].send_keys("!")
    browser.click("Enroll", "dialog")
    assert "A-Z a-z 0-9" in browser.wait("dialog .field.wrong .field-error").text


def test_a_voice_can_be_enrolled_with_the_keyboard_alone(browser: Browser) -> None:
    browser.open("voices")
    press = ActionChains(browser.driver, duration=0)

    def tab_to(name: str) -> None:
        for _ in range(40):
            press.send_keys(Keys.TAB).perform()
            if focused(browser) == name:
                return
        raise AssertionError(f"the Tab key does not lead to '{name}'")

    tab_to("Enroll a voice")
    press.send_keys(Keys.ENTER).perform()
    browser.wait("dialog[open]")
    tab_to("Record")
    press.send_keys(Keys.SPACE).perform()
    clock = browser.wait("dialog .recording .take-clock")
    browser.wait_until(lambda: float(clock.text.split()[0]) >= 4.5)
    assert focused(browser) == "Stop"
    press.send_keys(Keys.SPACE).perform()
    browser.wait(".take")

    press.send_keys(Keys.ESCAPE).perform()  # would lose what was recorded: it asks
    browser.button("Throw away", "dialog")
    press.send_keys(Keys.ESCAPE).perform()
    browser.wait_until(lambda: len(browser.find_all("dialog[open]")) == 1)

    tab_to("Speaker’s name")
    press.send_keys("Kay Board").perform()
    tab_to("This is my own voice, or this person has told me that they agree.")
    press.send_keys(Keys.SPACE).perform()
    tab_to("Enroll")
    press.send_keys(Keys.ENTER).perform()
    browser.wait("[data-voice=kay-board]")
    assert voices(browser)["kay-board"]["consent"]["speaker"] == "Kay Board"
