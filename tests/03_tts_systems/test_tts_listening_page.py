"""A listening page holds everything itself, and gives the samples back as they were."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from env_utils import InputError
from tts_utils import Clip, write_listening_page

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TONE = 0.5 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000).astype(np.float32)


def sounds_of(page: str) -> list[tuple[np.ndarray, int]]:
    found = re.findall(r'src="data:audio/wav;base64,([^"]+)"', page)
    return [soundfile.read(io.BytesIO(base64.b64decode(data))) for data in found]


def test_the_sounds_come_back_as_they_went_in(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    clips = [Clip("a", TONE, 8000), Clip("b", 3 * TONE[:4000], 22_050)]
    write_listening_page(path, "Title", "Intro", clips)
    (first, rate), (second, other_rate) = sounds_of(path.read_text("utf-8"))
    assert (rate, other_rate) == (8000, 22_050)
    np.testing.assert_allclose(first, TONE, atol=1 / 32_000)
    np.testing.assert_allclose(second, np.clip(3 * TONE[:4000], -1, 1), atol=1 / 32_000)


def test_the_page_is_one_file_and_text_stays_text(tmp_path: Path) -> None:
    picture = tmp_path / "p.png"
    picture.write_bytes(PNG)
    path = tmp_path / "page.html"
    clip = Clip('<b>"x"</b>', TONE, 8000, note="1 < 2 & é", picture=picture)
    write_listening_page(path, "<script>", "one\ntwo\n\nthree", [clip])
    page = path.read_text("utf-8")
    assert "<script>" not in page and "<b>" not in page and "1 &lt; 2 &amp; é" in page
    assert "<p>one two</p>" in page and "<p>three</p>" in page
    assert all(source.startswith("data:") for source in re.findall(r'src="([^"]*)"', page))
    assert "http" not in page and base64.b64encode(PNG).decode() in page


def test_what_cannot_be_heard_is_refused_and_writes_nothing(tmp_path: Path) -> None:
    path, good = tmp_path / "page.html", Clip("tone", TONE, 8000)
    (tmp_path / "no.png").write_bytes(b"GIF89a")
    wrong = {
        "empty": replace(good, samples=TONE[:0]),
        "mono": replace(good, samples=TONE.reshape(-1, 2)),
        "NaN": replace(good, samples=TONE * np.nan),
        "0 Hz": replace(good, sample_rate=0),
        "not a PNG": replace(good, picture=tmp_path / "no.png"),
        "cannot be read": replace(good, picture=tmp_path / "missing.png"),
    }
    for word, clip in wrong.items():
        with pytest.raises(InputError, match=word if word != "empty" else "T > 0"):
            write_listening_page(path, "t", "i", [good, clip])
    with pytest.raises(InputError, match="at least one"):
        write_listening_page(path, "t", "i", [])
    assert not path.exists()
