"""Pictures are real PNGs of the right data, made without a screen and without pyplot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from audio_utils import DEFAULT_SPEC, f0_contour, mel_spectrogram
from audio_utils.plots import plot_alignment, plot_mel, plot_waveform
from env_utils import InputError


def pixels(png: bytes) -> np.ndarray:
    """(height, width, 4) values 0..1 of a PNG."""
    import io

    from matplotlib.image import imread

    return np.asarray(imread(io.BytesIO(png)))


def test_each_plot_is_a_picture_and_the_file_is_the_same(tmp_path: Path, spoken) -> None:
    mel = mel_spectrogram(spoken, DEFAULT_SPEC)
    half = mel.shape[1] // 2
    plots = {
        "wave": lambda path: plot_waveform(spoken, 24_000, path, title="wave"),
        "mel": lambda path: plot_mel(mel, path=path, title="mel", f0_hz=f0_contour(spoken)),
        "align": lambda path: plot_alignment(
            mel, [half, 0, mel.shape[1] - half], ["AH0", ",", "T"], path=path
        ),
    }
    for name, plot in plots.items():
        data = plot(tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").read_bytes() == data
        picture = pixels(data)
        assert picture.shape[0] > 200 and picture.shape[1] > 600 and picture.std() > 0.05


def test_louder_mels_are_brighter_and_the_picture_is_deterministic() -> None:
    mel = np.full((100, 50), -8.0, np.float32)
    mel[:50] = 2.0
    picture = pixels(plot_mel(mel))
    assert np.array_equal(picture, pixels(plot_mel(mel)))
    height, width = picture.shape[:2]
    bottom = picture[int(0.65 * height), width // 3, :3]
    top = picture[int(0.25 * height), width // 3, :3]
    assert bottom.mean() > top.mean() + 0.2, "low frequencies are at the bottom"


def test_what_does_not_fit_is_refused() -> None:
    mel = np.zeros((100, 20), np.float32)
    with pytest.raises(InputError, match="2 durations for 1 labels"):
        plot_alignment(mel, [10, 10], ["a"])
    with pytest.raises(InputError, match="add up to 15"):
        plot_alignment(mel, [15], ["a"])
    with pytest.raises(InputError, match=r"\(80, 20\)"):
        plot_mel(np.zeros((80, 20), np.float32))


def test_an_empty_waveform_still_gives_a_picture() -> None:
    assert pixels(plot_waveform(np.zeros(0, np.float32), 24_000)).shape[2] == 4


def test_pyplot_is_never_imported() -> None:
    code = (
        "import sys, numpy; from audio_utils.plots import plot_mel;"
        "plot_mel(numpy.zeros((100, 9), 'f')); sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
