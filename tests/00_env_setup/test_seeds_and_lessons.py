"""Seeds repeat every generator; the lesson parser gives every script the same three options."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from env_utils import InputError, lesson_parser, repo_root, seed_everything
from hypothesis import given, settings
from hypothesis import strategies as st


def draw(seed: int) -> list[float]:
    """One number from every generator that a script may use."""
    generator = seed_everything(seed)
    return [random.random(), np.random.rand(), generator.random(), torch.rand(1).item()]


@settings(deadline=None)  # the first example imports torch
@given(seed=st.integers(0, 2**32 - 1))
def test_a_seed_repeats_every_generator(seed: int) -> None:
    assert draw(seed) == draw(seed)


def test_another_seed_changes_every_generator() -> None:
    assert all(first != second for first, second in zip(draw(1), draw(2), strict=True))


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_numpy_would_refuse_is_named(seed: int) -> None:
    with pytest.raises(InputError, match=f"seed {seed}:"):
        seed_everything(seed)


def test_deterministic_can_be_switched_on_and_off() -> None:
    seed_everything(0, deterministic=True)
    assert torch.are_deterministic_algorithms_enabled()
    seed_everything(0)
    assert not torch.are_deterministic_algorithms_enabled()


def test_a_lesson_gets_its_options_and_its_folder(tmp_path: Path) -> None:
    parser = lesson_parser("02_deep_learning_basics", "Says what it does.\n\n  as it stands")
    parser.add_argument("--epochs", type=int, default=3)
    folder = tmp_path / "new" / "folder"
    args = parser.parse_args(["--output-dir", str(folder), "--seed", "7", "--smoke"])
    assert (args.output_dir, args.seed, args.smoke, args.epochs) == (folder, 7, True, 3)
    assert folder.is_dir()
    assert "  as it stands" in parser.format_help()


def test_results_go_to_the_lessons_own_folder_by_default() -> None:
    module = "00_env_setup"
    args = lesson_parser(module).parse_args([])
    assert args.output_dir == repo_root() / "outputs" / module and args.output_dir.is_dir()
    assert not args.smoke
