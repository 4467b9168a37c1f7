"""The view "Narrate" in a real browser: a book is dropped, read, heard, stopped, and kept."""

from __future__ import annotations

import base64
import io
import json
import urllib.request
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import soundfile

if TYPE_CHECKING:
    from conftest import Browser

pytestmark = pytest.mark.xdist_group("browser")

SHORT = """# The Lantern

## The Harbor

The harbor was quiet. "Who is there?" asked the old man.

## The Letter

In the afternoon a letter came.
"""
SENTENCES = "The road went on over the hill, and nobody knew where it would end. "
LONG = f"# Begin\n\nIt was short.\n\n# Go on\n\n{SENTENCES * 1500}\n"
DROP_SCRIPT = """
  const [name, content] = arguments;
  const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name));
  for (const type of ["dragenter", "dragover", "drop"]) {
    document.querySelector("#view-narrate").dispatchEvent(
      new DragEvent(type, {dataTransfer: data, bubbles: true, cancelable: true}));
  }
"""


def drop(browser: Browser, name: str, content: bytes) -> None:
    """Drop a file somewhere on the view."""
    browser.run(DROP_SCRIPT, name, base64.b64encode(content).decode())


def jobs(browser: Browser) -> list[dict[str, Any]]:
    """All jobs of the server, newest first."""
    with urllib.request.urlopen(f"{browser.server.url}v1/jobs") as answer:
        return list(json.load(answer)["data"])


def choose(browser: Browser, label: str, value: str) -> None:
    """Choose ``value`` in the <select> that is called ``label``."""
    script = """
      const label = [...document.querySelectorAll(".book label")].find(
        (one) => one.textContent.trim().startsWith(arguments[0]));
      const control = document.getElementById(label.htmlFor);
      control.value = arguments[1];
      control.dispatchEvent(new Event("input", {bubbles: true}));
      control.dispatchEvent(new Event("change", {bubbles: true}));
      return control.value;
    """
    assert browser.run(script, label, value) == value


def plays(browser: Browser) -> bool:
    """Whether a player is moving on."""
    return bool(browser.run("return heard.players.some((p) => !p.paused && p.currentTime > 0.3)"))


def test_a_book_is_read_by_two_voices_and_comes_as_one_archive(browser: Browser) -> None:
    browser.open("narrate")
    drop(browser, "The_Lantern.md", SHORT.encode())
    browser.wait(".book h2")
    chapters = [item.text for item in browser.find_all(".outline .chapter-title")]
    assert len(chapters) == 2 and "The Harbor" in chapters[0] and chapters[1] == "The Letter"
    assert browser.wait(".book-contents .quiet").text.startswith("2 chapters, ")

    choose(browser, "Narrator", "clara")
    choose(browser, "Dialogue", "basil")
    choose(browser, "Format", "flac")
    assert "lossless" in browser.wait(".book-options").text
    browser.click("Start the narration")
    browser.wait(".job[data-state=running], .job[data-state=succeeded]")
    browser.wait(".job[data-state=succeeded]", 90)

    job = jobs(browser)[0]
    assert (job["voice"], job["state"]) == ("clara", "succeeded")
    card = f"[data-job={job['id']}]"
    assert len(browser.find_all(f"{card} .job-files li")) == 2
    assert not browser.find_all(f"{card} progress:not([hidden])")[0].is_displayed()
    browser.click(f"Download everything: {job['title']}", card)
    archive = browser.wait_until(
        lambda: next(browser.downloads.glob("*.zip"), None), otherwise="no archive was saved"
    )
    with zipfile.ZipFile(archive) as files:
        assert files.namelist() == [file["name"] for file in job["files"]]
        for file in job["files"]:
            data = files.read(file["name"])
            assert len(data) == file["bytes"]
            info = soundfile.info(io.BytesIO(data))
            assert info.frames / info.samplerate == pytest.approx(file["seconds"], abs=0.01)

    browser.click(f"Delete: {job['title']}", card)
    browser.click("Delete", "dialog")
    browser.wait_until(lambda: not browser.find_all(card), otherwise="the card is still there")
    assert job["id"] not in [other["id"] for other in jobs(browser)]


def test_a_chapter_is_heard_while_the_next_is_made_and_a_reload_goes_on(
    browser: Browser,
) -> None:
    browser.open("narrate?voice=ada")
    drop(browser, "long.txt", LONG.replace("# ", "").encode())
    browser.wait(".book h2")
    assert len(browser.find_all(".outline li")) == 1  # plain text without headings
    browser.click("Another book")
    drop(browser, "long.md", LONG.encode())
    browser.wait_until(lambda: len(browser.find_all(".outline li")) == 2)
    browser.click("Start the narration")
    browser.wait(".job[data-state=running] .job-files li", 60)  # of two chapters, one is there
    job = jobs(browser)[0]
    card = f"[data-job={job['id']}]"
    assert job["state"] == "running" and len(job["files"]) == 1

    browser.driver.refresh()
    browser.wait(f"{card}[data-state=running] .job-files li")
    browser.wait_until(
        lambda: "left" in browser.find_all(f"{card} .progress-text")[0].text,
        otherwise="how long it takes was not said",
    )
    before = float(browser.wait(f"{card} progress").get_property("value") or 0)
    browser.wait_until(
        lambda: float(browser.find_all(f"{card} progress")[0].get_property("value")) > before,
        otherwise="no progress came after the reload",
    )
    browser.click("Play Begin", card)
    browser.wait_until(lambda: plays(browser), otherwise="chapter one does not sound")
    assert browser.wait(f"{card} .chapter-player").text.startswith("Begin")
    source = browser.run("return heard.players.at(-1).src")
    with urllib.request.urlopen(source) as answer:
        assert len(answer.read()) == job["files"][0]["bytes"]
    browser.click("Pause", card)

    browser.click(f"Stop: {job['title']}", card)
    browser.wait(f"{card}[data-state=cancelled]")
    assert browser.button(f"Go on: {job['title']}", card).is_enabled()
    browser.button(f"Download everything: {job['title']}", card)  # what is finished is kept
    stopped = next(other for other in jobs(browser) if other["id"] == job["id"])
    assert stopped["state"] == "cancelled" and len(stopped["files"]) == 1


def test_a_file_that_is_no_book_is_refused_in_a_sentence(browser: Browser, tmp_path: Path) -> None:
    browser.open("narrate")
    before = jobs(browser)
    path = tmp_path / "empty.epub"
    path.write_bytes(b"PK\x03\x04 but no book")
    browser.find_all("#view-narrate input[type=file]")[0].send_keys(str(path))
    sentence = browser.wait("#view-narrate .notice.error").text
    assert "mpty.epub" in sentence and sentence.endswith(".")
    assert browser.wait("#view-narrate .drop-zone").is_displayed()  # another one can be chosen
    assert jobs(browser) == before
