"""What a user may count on after each lesson of floor 00: results and files."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.image
import nbformat
import numpy as np

Result = dict[str, Any]


def has_picture(folder: Path, name: str) -> None:
    """The PNG decodes, is large enough to read, and is not one color."""
    pixels = matplotlib.image.imread(folder / name)
    assert pixels.shape[1] >= 700 and pixels.shape[0] >= 250, f"{name}: {pixels.shape}"
    assert float(np.std(pixels[..., :3])) > 0.02, f"{name} is blank"


def environment(result: Result, folder: Path) -> None:
    checks = {item["name"]: item for item in result["checks"]}
    assert result["failed"] == 0, [c for c in result["checks"] if c["status"] == "FAIL"]
    assert {"Python", "required packages", "import torch", "disk"} <= set(checks)
    for item in checks.values():
        assert item["status"] == "OK" or item["fix"], f"{item['name']} does not say what to do"
    assert json.loads((folder / "environment.json").read_text("utf-8"))["ok"] == result["ok"]


def accelerator(result: Result, folder: Path) -> None:
    assert result["relative_error"]["float32"] < 1e-5, "the device computes rightly"
    assert 1e-4 < result["relative_error"]["bfloat16"] < 1e-2
    assert min(result["gflops"]["float32"]) > 0.01
    has_picture(folder, "matrix_products.png")


def machine(result: Result, folder: Path) -> None:
    rates = result["gflops"]
    assert rates["matrix product"] > 5 * rates["adding two arrays"], "memory is the bottleneck"
    assert result["bandwidth_gb_per_s"] > 0.1
    for stage in result["training"].values():
        assert 1 < stage["tflop"] < 1e6 and stage["counted_seconds_here"] > 0
    # what the model card's machine reached, where it was recorded, must be possible for a processor
    reached = [
        s["model_card_gflops"] for s in result["training"].values() if "model_card_gflops" in s
    ]
    assert reached and all(1 < rate < 2000 for rate in reached)
    assert math.isfinite(result["times_real_time"])
    has_picture(folder, "roofline.png")
    has_picture(folder, "capstone_times.png")


def reproducibility(result: Result, folder: Path) -> None:
    assert result["same_seed_equal"] and not result["other_seed_equal"]
    assert result["own_generator_unharmed"] and not result["global_generator_unharmed"]
    assert result["set_orders"]["0"] == 1 < result["set_orders"]["random"]
    errors = result["summation_errors"]
    assert errors["Kahan"] < 1e-7 < errors["in turn"], "the plain loop loses digits"
    assert result["training_identical"], "one seed, one result"
    shares = result["share_that_differs"]
    assert shares["the same call twice"] == 0 < shares["in float64, then rounded"]
    apart = result["weights_apart"]
    assert 1e-6 < apart["seed 0, last bits changed"] < apart["seed 1"], "the last bit grows"
    has_picture(folder, "summation.png")
    has_picture(folder, "divergence.png")


def notebook(result: Result, folder: Path) -> None:
    assert result["peak_hz"] == result["stale_claims_hz"] == 440
    assert result["stale_error"] == "AssertionError", "only running it shows that it is stale"
    assert result["round_trip"] and result["kernel_is_this_python"]
    executed = nbformat.read(folder / "spectrum.ipynb", as_version=4)
    counts = [cell.execution_count for cell in executed.cells if cell.cell_type == "code"]
    assert counts == [1, 2, 3], "executed once, from top to bottom"


EXPECTATIONS: dict[str, Callable[[Result, Path], None]] = {
    "00.1": environment,
    "00.2": accelerator,
    "00.3": machine,
    "00.4": reproducibility,
    "00.5": notebook,
}
