"""What axe-core finds in every view, the way keys and sizes matter, and pictures to look at."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import platformdirs
import pytest
import soundfile
from env_utils import atomic_write_bytes
from PIL import Image
from selenium.webdriver.common.keys import Keys

if TYPE_CHECKING:
    from conftest import Browser

pytestmark = pytest.mark.xdist_group("browser")

AXE = "axe-core@4.14.1"  # from its registry package
ROOT = Path(__file__).resolve().parents[3]
PICTURES = ROOT / "outputs" / "screenshots"
VIEWS = ("voices", "speak", "narrate", "listen")
PHONE, DESKTOP = (390, 844), (1280, 800)


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core, fetched once and kept in the user's cache."""
    kept = platformdirs.user_cache_path("voice-cloning-pipeline") / f"{AXE}.min.js"
    if not kept.is_file():
        folder = tmp_path_factory.mktemp("axe")
        try:
            command = ["npm", "pack", AXE, "--silent"]
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"{AXE} is not in {kept.parent} and npm could not fetch it ({error})")
        with tarfile.open(next(folder.glob("*.tgz"))) as package:
            script = package.extractfile("package/axe.min.js")
            assert script is not None
            kept.parent.mkdir(parents=True, exist_ok=True)
            atomic_write_bytes(kept, script.read())
    return kept.read_text(encoding="utf-8")


def violations(browser: Browser, axe: str) -> list[str]:
    """What is wrong with the page as it is now, rule by rule, with the elements."""
    # through the debugger, because the page's own policy rightly refuses foreign scripts
    browser.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": axe})
    script = """
      const done = arguments[0];
      axe.run(document, {resultTypes: ["violations"]}).then(({violations}) => done(
        violations.map(({id, nodes}) =>
          `${id}: ${nodes.map((node) => `${node.html} (${node.failureSummary})`).join("; ")}`)));
    """
    return list(browser.driver.execute_async_script(script))


def overflow(browser: Browser) -> int:
    """Pixels by which the page is wider than the window."""
    script = "const {scrollWidth, clientWidth} = arguments[0]; return scrollWidth - clientWidth"
    return int(browser.run(script, browser.find_all("html")[0]))


def take_picture(browser: Browser, name: str) -> None:
    """Keep a picture of the window, which shows something."""
    data = browser.driver.get_screenshot_as_png()
    assert np.asarray(Image.open(io.BytesIO(data)).convert("L")).std() > 5
    PICTURES.mkdir(parents=True, exist_ok=True)
    (PICTURES / f"{name}.png").write_bytes(data)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_no_view_breaks_a_rule(browser: Browser, axe: str, view: str, dark: bool) -> None:
    browser.look(*DESKTOP, dark=dark)
    browser.open(view)
    if view == "voices":
        drawn = "return document.querySelectorAll('.voice-picture.drawn').length >= 4"
        browser.wait_until(lambda: browser.run(drawn))
    take_picture(browser, f"{view}-desktop-{'dark' if dark else 'light'}")
    assert violations(browser, axe) == []
    assert overflow(browser) <= 0
    browser.look(*PHONE, dark=dark)
    take_picture(browser, f"{view}-phone-{'dark' if dark else 'light'}")
    assert violations(browser, axe) == []
    assert overflow(browser) <= 0
    browser.look(320, 640, dark=dark)  # also what a desktop zoomed to 400 % shows
    assert overflow(browser) <= 0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_dialogs_break_no_rule(browser: Browser, axe: str, dark: bool) -> None:
    browser.look(*DESKTOP, dark=dark)
    browser.open("voices")
    browser.click("Enroll a voice")
    browser.click("Enroll", "dialog")  # with every remark that can be shown
    browser.wait("dialog .field-error:not(:empty)")
    take_picture(browser, f"enroll-desktop-{'dark' if dark else 'light'}")
    assert violations(browser, axe) == []
    browser.look(*PHONE, dark=dark)
    take_picture(browser, f"enroll-phone-{'dark' if dark else 'light'}")
    assert violations(browser, axe) == []
    assert overflow(browser) <= 0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_speaking_page_breaks_no_rule(browser: Browser, axe: str, dark: bool) -> None:
    browser.look(*DESKTOP, dark=dark)
    browser.open("speak?voice=basil")
    browser.click("Speak")
    browser.wait_until(lambda: len(browser.find_all(".word-track .spoken")) > 8)
    browser.click("Pause")
    browser.wait(".history-item")
    take_picture(browser, f"speaking-desktop-{'dark' if dark else 'light'}")
    assert violations(browser, axe) == []
    assert overflow(browser) <= 0
    browser.look(*PHONE, dark=dark)
    browser.run("document.querySelector('.stage').scrollIntoView()")
    take_picture(browser, f"speaking-phone-{'dark' if dark else 'light'}")
    assert violations(browser, axe) == []
    assert overflow(browser) <= 0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_book_and_a_listening_test_break_no_rule(
    browser: Browser, axe: str, tmp_path: Path, dark: bool
) -> None:
    def check(name: str) -> None:
        for width, height in (PHONE, DESKTOP):
            browser.look(width, height, dark=dark)
            take_picture(browser, f"{name}-{width}-{'dark' if dark else 'light'}")
            assert violations(browser, axe) == []
            assert overflow(browser) <= 0

    book = tmp_path / "book.md"
    book.write_text("# One\n\nIt rained.\n\n# Two\n\nIt stopped.\n")
    browser.open("narrate")
    browser.find_all("#view-narrate input[type=file]")[0].send_keys(str(book))
    browser.wait(".book h2")
    check("narrate-book")

    for system in ("reference", "ours"):
        (tmp_path / "top" / system).mkdir(parents=True)
        soundfile.write(tmp_path / "top" / system / "clip.wav", np.full(4800, 0.01), 24_000)
    browser.open("listen")
    browser.find_all(".new-test input[value=mushra]")[0].click()
    browser.find_all(".new-test .field input")[0].send_keys("Side by side")
    browser.find_all("input[webkitdirectory]")[0].send_keys(str(tmp_path / "top"))
    browser.wait(".system")
    check("listen-samples")
    browser.click("Make the test")
    listen = browser.button("Listen: Side by side")
    browser.run("arguments[0].scrollIntoView({block: 'center'})", listen)
    listen.click()
    browser.wait("dialog[open]")
    check("listen-begin")
    browser.click("Begin", "dialog")
    browser.wait(".play-sample:enabled")
    check("listen-session")
    for key in "rab":
        label = {"r": "Reference"}.get(key, key.upper())
        browser.find_all("body")[0].send_keys(key)
        browser.wait(f".play-sample.heard[data-label={label}]")
    for slider in browser.find_all(".rating-row input"):
        slider.send_keys(Keys.END)
    browser.click("Next")
    browser.click("Results")
    browser.wait(".results .interval-chart")
    check("listen-results")


def test_a_view_can_be_reached_linked_and_left_with_the_keyboard(browser: Browser) -> None:
    browser.open("listen")
    body = browser.find_all("body")[0]
    body.send_keys(Keys.TAB)
    first = browser.driver.switch_to.active_element
    assert first.accessible_name == "Skip to the content"
    first.send_keys(Keys.ENTER)
    assert browser.driver.switch_to.active_element.get_attribute("id") == "content"
    assert browser.find_all("#view-listen")[0].is_displayed()

    speak = browser.find_all(".tabs a[href='#speak']")[0]
    speak.send_keys(Keys.ENTER)
    browser.wait("#view-speak[data-ready]")
    assert speak.get_attribute("aria-current") == "page"
    assert browser.driver.title.startswith("Speak")
    assert browser.driver.switch_to.active_element.accessible_name == "Speak"
    browser.driver.back()
    browser.wait("#view-listen")


def test_those_who_want_less_motion_get_none(browser: Browser) -> None:
    browser.look(*DESKTOP, **{"prefers-reduced-motion": "reduce"})
    browser.open("voices")
    script = """
      const long = (value) => value.split(",").some((part) => parseFloat(part) > 0.001);
      return [...document.querySelectorAll("*")].filter((node) => {
        const style = getComputedStyle(node);
        return long(style.transitionDuration) || long(style.animationDuration);
      }).length;
    """
    assert browser.run(script) == 0
    browser.look(*DESKTOP)
    assert browser.run(script) > 0
