"""Settings come from options over the environment over defaults, and the documentation has all."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

import pytest
from env_utils import ConfigError
from voice_replication.cli import build_parser
from voice_replication.commands.serve import settings_of
from voice_replication.serving.settings import ServerSettings

ROOT = Path(__file__).resolve().parents[3]


def parsed(*arguments: str) -> argparse.Namespace:
    return build_parser("serve").parse_args(list(arguments))


def test_an_option_beats_the_environment_which_beats_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VOICECLONE_SERVE_MAX_QUEUE", "16")
    monkeypatch.setenv("VOICECLONE_SERVE_CORS_ORIGINS", "https://a.example,https://b.example")
    monkeypatch.setenv("VOICECLONE_SERVE_REQUIRE_KEYS", "1")
    from_environment = settings_of(parsed())
    assert from_environment.max_queue == 16
    assert from_environment.cors_origins == ("https://a.example", "https://b.example")
    assert from_environment.keys_required
    given = settings_of(
        parsed("--max-queue", "4", "--no-require-keys", "--cors-origin", "https://c.example")
    )
    assert given.max_queue == 4
    assert given.cors_origins == ("https://c.example",)
    assert not given.keys_required
    assert given.threads == ServerSettings().threads


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "99999"),
        ("MAX_QUEUE", "0"),
        ("MAX_QUEUE", "many"),
        ("ENGINE", "warp"),
        ("TYPO", "1"),
    ],
)
def test_what_cannot_be_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"server setting '{name.lower()}'"):
        ServerSettings.from_environment(environ={f"VOICECLONE_SERVE_{name}": value})


def test_the_documentation_has_every_setting_with_its_default() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    page = page.partition("\n## Settings\n")[2]
    documented: dict[str, str] = {}
    for names, defaults in re.findall(r"^\| (`[a-z_`, ]+`) \| ([^|]*) \|", page, re.M):
        found = re.findall(r"`(\w+)`", names)
        documented |= dict(zip(found, defaults.split(", "), strict=True))
    defaults = ServerSettings.model_fields
    settings = {name: documented[name] for name in defaults if name in documented}
    assert sorted(settings) == sorted(defaults)
    sizes = {"MiB": 2**20, "GiB": 2**30}
    for name, shown in settings.items():
        number, _, unit = shown.partition(" ")
        default: Any = getattr(ServerSettings(), name)
        if isinstance(default, (int, float)) and not isinstance(default, bool):
            assert float(number) * sizes.get(unit, 1) == default, name
