"""Where models come from: kept, cached, the hub, built; never a wait without a limit."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
from hf_utils import hub as hub_module
from hf_utils import loading
from hf_utils.hub import HubError, cached_snapshot, download_snapshot, hub_is_reachable
from hf_utils.loading import atomic_folder, load_or_build


@pytest.fixture()
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


def load(folder: Path) -> str:
    return (folder / "model").read_text("utf-8")


def save(value: str, folder: Path) -> None:
    (folder / "model").write_text(value, "utf-8")


@pytest.mark.usefixtures("no_hub")
def test_without_hub_it_builds_once_keeps_and_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    keep = tmp_path / "kept"
    first = load_or_build("a/b", load, lambda: "built", keep=keep, save=save, say=said.append)
    again = load_or_build("a/b", load, lambda: 1 / 0, keep=keep, save=save, say=said.append)
    assert (first.source, again.source) == ("built", "kept") and again.value == "built"
    assert len(said) == 2 and all("hub" in line and "small model" in line for line in said)
    assert not first.pretrained and "stand-in for a/b" in str(first)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_published_weights_win_over_kept_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published, keep = tmp_path / "published", tmp_path / "kept"
    for folder in (published, keep):
        folder.mkdir()
        save(folder.name, folder)
    monkeypatch.setattr(loading, "cached_snapshot", lambda _: None)
    monkeypatch.setattr(loading, "download_snapshot", lambda _: published)
    found = load_or_build("a/b", load, lambda: "built", keep=keep)
    assert (found.value, found.source, found.pretrained) == ("published", "hub", True)


@pytest.mark.usefixtures("no_hub")
def test_an_interrupted_download_is_not_taken_for_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "cached_snapshot", lambda _: tmp_path)  # a folder without files
    assert load_or_build("a/b", load, lambda: "built", say=lambda _: None).source == "built"


def test_a_hub_that_accepts_and_never_answers_costs_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        start = time.monotonic()
        assert not hub_is_reachable(0.3)
        assert time.monotonic() - start < 3
        monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: pytest.fail("asked again"))
        assert not hub_is_reachable(0.3)  # a "no" is remembered


def test_a_download_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "hub_is_reachable", lambda: True)
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *_, **__: time.sleep(5))
    start = time.monotonic()
    with pytest.raises(HubError, match="was not here after"):
        download_snapshot("a/b", timeout_seconds=0.2)
    assert time.monotonic() - start < 2


def test_what_the_hub_says_reaches_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise OSError("404: no such repository\nand much more")

    monkeypatch.setattr(hub_module, "hub_is_reachable", lambda: True)
    monkeypatch.setattr("huggingface_hub.snapshot_download", refuse)
    with pytest.raises(HubError, match=r"does not give a/b: 404: no such repository$"):
        download_snapshot("a/b")


@pytest.mark.parametrize("name", ["nobody/has-this-model-here", "not a name at all //"])
def test_what_is_not_in_the_cache_is_none(name: str) -> None:
    assert cached_snapshot(name) is None


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "model"
    with atomic_folder(target) as folder:
        save("first", folder)
    with pytest.raises(KeyboardInterrupt), atomic_folder(target) as folder:
        save("half", folder)
        raise KeyboardInterrupt
    assert load(target) == "first"
    with atomic_folder(target) as folder:
        save("second", folder)
    assert load(target) == "second" and [p.name for p in tmp_path.iterdir()] == ["model"]
