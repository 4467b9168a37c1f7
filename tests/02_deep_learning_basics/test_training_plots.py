"""The curve that everybody looks at first."""

from __future__ import annotations

from pathlib import Path

import pytest
from dl_utils import new_figure, plot_training_history, save_plot
from env_utils import InputError

PNG = b"\x89PNG\r\n\x1a\n"


def test_history_is_drawn_and_saved(tmp_path: Path) -> None:
    history = {"loss": [3.0, 2.0, 1.5], "val_loss": [3.1, 2.4, 2.2], "accuracy": [0.1, 0.5, 0.6]}
    data = plot_training_history(history, tmp_path / "deep" / "history.png", title="run 1")
    assert data.startswith(PNG)
    assert (tmp_path / "deep" / "history.png").read_bytes() == data
    changed = plot_training_history({**history, "loss": [3.0, 2.0, 0.1]})
    assert changed != plot_training_history(history), "other numbers are another picture"


def test_nothing_to_draw_is_said() -> None:
    with pytest.raises(InputError, match="empty"):
        plot_training_history({"loss": []})
    with pytest.raises(InputError, match="empty"):
        plot_training_history({})


def test_figures_need_no_screen_and_repeat_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    pictures = []
    for _ in range(2):
        figure = new_figure(3, 2)
        figure.subplots().plot([0, 1], [0, 1])
        pictures.append(save_plot(figure))
    assert pictures[0] == pictures[1] and pictures[0].startswith(PNG)
