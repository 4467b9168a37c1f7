"""What floor 00 writes by hand agrees with the library's version."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from course.checking import load_script
from env_utils import conv1d_flops, seed_everything

FLOOR = Path(__file__).resolve().parents[2] / "00_env_setup"


@pytest.fixture(scope="module")
def lesson() -> ModuleType:
    return load_script(FLOOR / "04_reproducibility.py", "graduation_00_4")


def test_sums_by_hand_against_the_correctly_rounded_one(lesson: ModuleType) -> None:
    exercise = load_script(FLOOR / "solutions" / "ex04_kahan.py", "graduation_00_e4")
    for seed in range(5):
        values = np.random.default_rng(seed).normal(3, 1, 3000).astype(np.float32)
        exact = math.fsum(values.tolist())
        assert lesson.kahan(values) == np.float32(exact) or abs(
            lesson.kahan(values) - exact
        ) <= np.spacing(np.float32(exact))
        assert exercise.kahan_sum(values) == lesson.kahan(values)
        assert abs(lesson.in_turn(values) - exact) < 1e-4 * exact


def test_the_exercise_counts_like_env_utils() -> None:
    exercise = load_script(FLOOR / "solutions" / "ex05_count_flops.py", "graduation_00_e5")
    for sizes in [(10, 6, 4, 3, 1), (50, 256, 256, 7, 256), (5, 8, 16, 5, 4)]:
        assert exercise.conv1d_flops(*sizes) == conv1d_flops(*sizes)


def test_the_lesson_leaves_the_threads_as_they_were(lesson: ModuleType) -> None:
    import torch

    before = torch.get_num_threads()
    lesson.share_that_differs(torch.Generator().manual_seed(0))
    assert torch.get_num_threads() == before


def test_versions_compare_as_packaging_compares_them() -> None:
    from packaging.specifiers import SpecifierSet

    exercise = load_script(FLOOR / "solutions" / "ex01_versions.py", "graduation_00_e1")
    for version in ("2.9", "2.10", "3.0", "3.11.7", "3.14.0"):
        for wanted in (">=2.10", "<3", ">=3.11,<3.14", "==3.0.0", "<=2.9,>2.8"):
            assert exercise.fits(version, wanted) == (version in SpecifierSet(wanted))


def test_the_check_of_the_environment_is_python_3_6() -> None:
    """It has to run, not end in a SyntaxError, where the Python is too old."""
    import ast

    source = (FLOOR / "01_check_environment.py").read_text("utf-8")
    tree = ast.parse(source, feature_version=(3, 6))
    assert not any(isinstance(node, ast.NamedExpr) for node in ast.walk(tree))
    top = {
        name.name.partition(".")[0]
        for node in tree.body
        if isinstance(node, ast.Import)
        for name in node.names
    }
    assert top <= set(sys.stdlib_module_names), "only the standard library at the top"
    assert "__future__" not in source, "annotations from the future need Python 3.7"


def test_the_check_runs_where_nothing_is_installed(tmp_path: Path) -> None:
    code = f"import runpy, sys; sys.argv = ['x', '--output-dir', {str(tmp_path)!r}]; "
    code += f"runpy.run_path({str(FLOOR / '01_check_environment.py')!r}, run_name='__main__')"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    shown = subprocess.run(  # -I -S: no site-packages, as in a Python without the course
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, env=environment
    )
    assert shown.returncode == 1, shown.stderr
    assert "FAIL  the course" in shown.stdout and "fix: make install" in shown.stdout
    assert (tmp_path / "environment.json").is_file()


def test_seeds_draw_the_same_in_the_lesson_and_here(lesson: ModuleType) -> None:
    assert lesson.draws(3)[3] == seed_everything(3).random()
