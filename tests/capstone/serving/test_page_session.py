"""The page of a server that asks for keys, and of one that went away."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Browser, LiveServer

pytestmark = pytest.mark.xdist_group("browser")


def test_a_key_is_asked_for_once_and_then_everything_works(
    browser: Browser, serve: Callable[..., LiveServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve("--require-keys")
    program = Path(sys.executable).with_name("voiceclone")
    command = [program, "keys", "--home", server.home, "create", "page test"]
    made = subprocess.run(command, check=True, capture_output=True, text=True)
    monkeypatch.setattr(browser, "server", server)

    browser.driver.get("about:blank")
    browser.driver.get(server.url)
    typed = browser.wait("dialog input[type=password]")
    assert browser.driver.switch_to.active_element == typed
    assert len(browser.find_all("dialog")) == 1
    browser.click("Continue")
    assert browser.wait("dialog .field-error").text == "Type the key."
    typed.send_keys("vc-wrong")
    browser.click("Continue")
    browser.wait_until(lambda: "unknown or was revoked" in browser.wait("dialog .field-error").text)
    typed.clear()
    typed.send_keys(made.stdout.strip())
    browser.click("Continue")

    browser.wait("[data-voice=ada]")
    image = browser.find_all(".voice-card img")[0]  # pictures and players come with the key too
    browser.wait_until(lambda: image.get_property("naturalWidth"))
    browser.click("Play ada")
    browser.button("Stop ada")
    assert made.stdout.strip() not in browser.run("return document.cookie")

    browser.open("voices")  # a new page of the same browser needs no key
    assert browser.find_all("[data-voice=ada]")
    browser.click("Forget the key of page test")
    browser.wait("dialog input[type=password]")

    server.kill()
    browser.click("Cancel", "dialog")
    browser.wait(".empty button").click()
    browser.wait_until(lambda: "cannot be reached" in browser.wait("#view-voices .empty").text)
    complaints = browser.complaints()  # the browser itself reports a server that is gone
    assert [c for c in complaints if "net::ERR_" not in c] == []
