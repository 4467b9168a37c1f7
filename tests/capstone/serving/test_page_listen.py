"""The view "Listen" in a real browser: tests from folders, sessions by keyboard, results."""

from __future__ import annotations

import csv
import json
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

if TYPE_CHECKING:
    from conftest import Browser

pytestmark = pytest.mark.xdist_group("browser")

SECONDS = 0.15  # of a sample


def write_samples(folder: Path, systems: tuple[str, ...], clips: int) -> Path:
    """A folder of tones as ``folder/SYSTEM/clipN.wav``; each sounds differently."""
    time = np.arange(round(SECONDS * 24_000)) / 24_000
    for place, system in enumerate(systems):
        (folder / system).mkdir(parents=True)
        for number in range(clips):
            tone = 0.2 * np.sin(2 * np.pi * (300 + 170 * place + 40 * number) * time)
            soundfile.write(folder / system / f"clip{number}.wav", tone, 24_000)
    return folder


def make_test(browser: Browser, kind: str, title: str, folder: Path) -> None:
    """Fill in the form with the samples in ``folder`` and send it."""
    browser.open("listen")
    browser.wait(f".new-test input[value={kind}]").click()
    browser.wait(".new-test .field input").send_keys(title)
    browser.find_all("input[webkitdirectory]")[0].send_keys(str(folder))
    browser.wait(".system")
    browser.click("Make the test")
    browser.button(f"Listen: {title}")


def begin(browser: Browser, title: str, listener: str) -> None:
    """Open the dialog of a test, type a name, and begin by keyboard."""
    browser.click(f"Listen: {title}")
    browser.wait("dialog[open] input")
    press(browser, listener + Keys.ENTER)
    browser.wait(".play-sample:enabled")


def press(browser: Browser, keys: str) -> None:
    """Type ``keys``, wherever the focus is."""
    ActionChains(browser.driver).send_keys(keys).perform()


def hear(browser: Browser, keys: str) -> None:
    """Play the samples of these keys, each to its end."""
    for key in keys:
        label = {"p": "A", "r": "Reference"}.get(key, key.upper())
        press(browser, key)
        browser.wait(f".play-sample.heard[data-label={label}]")


def heading(browser: Browser) -> str:
    """What stands above the question, or nothing while the page is loaded."""
    return next((e.text for e in browser.find_all(".session h2")), "")


def question(browser: Browser, number: int) -> None:
    """Wait until question ``number`` can be listened to."""
    browser.wait_until(
        lambda: heading(browser).startswith(f"Question {number} of"),
        otherwise=f"question {number} did not come",
    )
    browser.wait(".play-sample:enabled")


def fetch(browser: Browser, path: str, body: Any = None) -> Any:
    """What the API answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        browser.server.url + path, data, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def session_of(browser: Browser) -> dict[str, Any]:
    """The session that the address names."""
    session = str(browser.run("return location.hash")).partition("session=")[2]
    return dict(fetch(browser, f"v1/listening/sessions/{session}"))


def sound(browser: Browser, url: str) -> bytes:
    with urllib.request.urlopen(browser.server.url.rstrip("/") + url) as answer:
        return bytes(answer.read())


def downloaded(browser: Browser, name: str) -> list[list[str]]:
    """The rows of a CSV file that the browser saved."""
    path = browser.downloads / name
    browser.wait_until(path.is_file, otherwise=f"{name} was not saved")
    with path.open(newline="") as stream:
        return list(csv.reader(stream))


def test_abx_by_keyboard_blind_resumed_and_summed_up(browser: Browser, tmp_path: Path) -> None:
    folder = write_samples(tmp_path / "top", ("secret-one", "secret-two"), 4)
    make_test(browser, "abx", "Tones apart", folder)
    begin(browser, "Tones apart", "Ada")
    assert "secret" not in browser.run("return document.body.innerHTML")

    press(browser, "1" + Keys.ENTER)  # nothing was heard yet
    assert session_of(browser)["answered"] == 0
    hear(browser, "ab")
    press(browser, "1" + Keys.ENTER)  # X was not heard yet
    assert session_of(browser)["answered"] == 0
    assert "X to the end" in browser.wait(".session .hint").text

    for number in range(1, 5):
        question(browser, number)
        if number == 3:  # a reload goes on with the same question
            browser.driver.refresh()
            question(browser, 3)
        session = session_of(browser)
        assert session["answered"] == number - 1
        heard = {
            s["label"]: sound(browser, s["url"]) for s in session["trials"][number - 1]["stimuli"]
        }
        hear(browser, "abx")
        press(browser, "a")  # replayed
        browser.wait(".play-sample.sounding")
        press(browser, ("1" if heard["X"] == heard["A"] else "2") + Keys.ENTER)
    browser.wait_until(lambda: heading(browser) == "Thank you")
    assert "secret" not in browser.run("return document.body.innerHTML")
    loaded = browser.run("return performance.getEntriesByType('resource').map((e) => e.name)")
    assert loaded and not [name for name in loaded if "secret" in name]

    browser.click("Results")
    shown = browser.wait(".results").text
    assert "4 of 4 right (100 %, 95 % interval 40 % to 100 %)" in shown
    assert "probability of 6.3 %" in shown  # 1 of 16
    browser.click("Answers as CSV")
    rows = downloaded(browser, "Tones apart_answers.csv")
    assert rows[0][-2:] == ["answer", "right"] and [row[-1] for row in rows[1:]] == ["1"] * 4
    assert {row[3] for row in rows[1:]} == {"secret-one", "secret-two"}


def test_mos_of_dropped_files_and_what_two_listeners_said(browser: Browser, tmp_path: Path) -> None:
    browser.open("listen")
    browser.wait(".new-test .field input").send_keys("Two drops")
    for system in ("warm", "cold"):
        folder = write_samples(tmp_path / system, (system,), 3) / system
        browser.find_all(".sample-zone input[multiple]")[0].send_keys(
            "\n".join(str(path) for path in sorted(folder.iterdir()))
        )
    browser.wait_until(lambda: len(browser.find_all(".system input")) == 2)
    first = browser.find_all(".system input")[0]
    first.send_keys(Keys.CONTROL, "a", Keys.NULL, "warm", Keys.TAB)
    browser.click("Make the test")
    begin(browser, "Two drops", "Bo")
    for number in range(1, 4):
        question(browser, number)
        assert not browser.find_all(".tiles:enabled")
        hear(browser, "p")
        press(browser, "24" + Keys.ENTER)  # the last one counts
    browser.wait_until(lambda: heading(browser) == "Thank you")
    test = next(
        t for t in fetch(browser, "v1/listening/tests")["data"] if t["title"] == "Two drops"
    )
    assert test["systems"] == ["system 2", "warm"] and test["finished"] == 1

    other = fetch(browser, f"v1/listening/tests/{test['id']}/sessions", {"listener": "Cy"})
    for trial in other["trials"]:
        fetch(browser, f"v1/listening/sessions/{other['id']}/answers",
              {"trial": trial["trial"], "answer": 3})  # fmt: skip
    browser.open(f"listen?results={test['id']}")
    results = fetch(browser, f"v1/listening/tests/{test['id']}/results")
    rows = [
        row.text.split()
        for row in browser.find_all(".results table")[0].find_elements("css selector", "tbody tr")
    ]
    for row, system in zip(rows, results["systems"], strict=True):
        assert f"{system['mean']:.2f}" in row and f"{system['low']:.2f}" in row
    chart = browser.wait(".interval-chart")
    assert "95 % interval" in (chart.get_attribute("aria-label") or "")
    assert len(browser.find_all(".interval-chart .mean")) == 2
    browser.click("Results as CSV")
    saved = downloaded(browser, "Two drops_systems.csv")
    assert [float(row[1]) for row in saved[1:]] == [s["mean"] for s in results["systems"]]


def test_mushra_waits_until_everything_was_heard_and_rated(
    browser: Browser, tmp_path: Path
) -> None:
    folder = write_samples(tmp_path / "top", ("reference", "ours"), 1)
    make_test(browser, "mushra", "Side by side", folder)
    begin(browser, "Side by side", "Di")
    hear(browser, "ra")
    press(browser, Keys.HOME + Keys.ARROW_RIGHT * 7)  # the slider of A has the focus
    assert browser.wait(".rating-row output").text == "7"
    assert not browser.button("Next").is_enabled()
    press(browser, "b")
    browser.wait_until(lambda: len(browser.find_all(".play-sample.heard")) == 3)
    assert not browser.button("Next").is_enabled()  # B is not rated
    press(browser, "b" + Keys.END + Keys.ENTER)
    browser.wait_until(lambda: heading(browser) == "Thank you")
    assert session_of(browser)["trials"][0]["answer"] == {"A": 7.0, "B": 100.0}


def test_what_cannot_be_a_test_is_said_before_anything_is_sent(
    browser: Browser, tmp_path: Path
) -> None:
    folder = write_samples(tmp_path / "top", ("one", "two", "three"), 2)
    (folder / "two" / "clip1.wav").unlink()
    (folder / "two" / "notes.txt").write_text("not a sample")
    browser.open("listen")
    browser.find_all("input[webkitdirectory]")[0].send_keys(str(folder))
    browser.wait(".system")
    hint = browser.find_all(".new-test [role=status]")[0]
    assert hint.text == "two lacks clip1; every system needs the same clips."
    browser.click("Remove two")
    browser.wait_until(lambda: hint.text == "")
    browser.find_all(".new-test input[value=mushra]")[0].click()
    assert "called “reference”" in hint.text
    before = fetch(browser, "v1/listening/tests")["data"]
    browser.click("Make the test")
    assert "reference" in browser.wait(".new-test .notice.error").text
    assert browser.wait(".new-test .field-error").text == "Give the test a title."
    assert fetch(browser, "v1/listening/tests")["data"] == before


def test_a_deleted_test_is_gone_and_says_so(browser: Browser, tmp_path: Path) -> None:
    make_test(browser, "mos", "Short lived", write_samples(tmp_path / "top", ("only",), 1))
    test = fetch(browser, "v1/listening/tests")["data"][0]
    browser.click("Delete: Short lived")
    browser.click("Delete", "dialog")
    browser.wait_until(lambda: not browser.find_all(f"[data-test={test['id']}]"))
    browser.open(f"listen?results={test['id']}")
    assert "no listening test" in browser.wait("#view-listen .notice.error").text
