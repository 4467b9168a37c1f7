"""Engines come from entry points; one that cannot be loaded says why."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import numpy as np
import pytest
from env_utils import InputError, MissingDependencyError
from tts_utils import Audio, engine_names, engines, list_engines, load_engine


class Beep:
    """A small real engine: one beep per word."""

    name = "beep"
    sample_rate = 8000

    def voices(self) -> list[str]:
        return ["only"]

    def synthesize(self, text: str, voice: str | None = None) -> Audio:
        assert voice in (None, "only")
        words = len(text.split())
        return Audio(np.sin(np.arange(words * 800) / 3).astype(np.float32), self.sample_rate)


class NeedsMore:
    """An engine whose package is not installed."""

    def __init__(self) -> None:
        raise MissingDependencyError("needs the extra 'coqui': pip install it.")


class Nothing:
    """Not an engine at all."""


@pytest.fixture()
def offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four entry points, as four packages would install them."""
    here = {"beep": Beep, "needs": NeedsMore, "nothing": Nothing}
    entries = [EntryPoint(name, f"module:{name}", engines.GROUP) for name in here]
    entries.append(EntryPoint("gone", "a_package_that_is_not_there:Engine", engines.GROUP))
    real_load = EntryPoint.load
    monkeypatch.setattr(engines, "entry_points", lambda **_group: entries)
    monkeypatch.setattr(
        EntryPoint, "load", lambda self: here[self.name] if self.name in here else real_load(self)
    )


def test_the_installed_package_offers_espeak() -> None:
    assert "espeak-ng" in engine_names()
    assert load_engine("espeak-ng").synthesize("hello").seconds > 0.3


@pytest.mark.usefixtures("offered")
def test_an_offered_engine_speaks() -> None:
    audio = load_engine("beep").synthesize("one two three")
    assert audio.seconds == pytest.approx(0.3)
    samples, rate = audio
    assert rate == 8000 and samples is audio.samples


@pytest.mark.usefixtures("offered")
def test_each_failure_is_explained() -> None:
    with pytest.raises(InputError, match=r"no speech engine 'polly'.*beep"):
        load_engine("polly")
    with pytest.raises(MissingDependencyError, match="a_package_that_is_not_there"):
        load_engine("gone")
    with pytest.raises(MissingDependencyError, match="coqui"):
        load_engine("needs")
    with pytest.raises(InputError, match="lacks name"):
        load_engine("nothing")


@pytest.mark.usefixtures("offered")
def test_the_list_shows_all_with_their_reasons() -> None:
    found = {status.name: status for status in list_engines()}
    assert [status.name for status in found.values() if status.available] == ["beep"]
    assert found["beep"].reason == ""
    assert all(found[name].reason for name in ("needs", "nothing", "gone"))
