"""Counts of operations are those of torch's own counter; times are those of a sleeping function."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch
from env_utils import (
    InputError,
    best_seconds,
    conv1d_flops,
    linear_flops,
    matmul_flops,
    rfft_flops,
)
from env_utils.flops import network_flops, weights_by_part
from safetensors.torch import save_file
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def counted_by_torch(call: object) -> int:
    with FlopCounterMode(display=False) as counter:
        call()  # type: ignore[operator]
    return int(counter.get_total_flops())


@pytest.mark.parametrize(("inside", "outside", "kernel", "groups"), [(8, 8, 7, 8), (6, 4, 3, 1)])
def test_a_convolution_is_counted_like_torch_counts(
    inside: int, outside: int, kernel: int, groups: int
) -> None:
    layer = nn.Conv1d(inside, outside, kernel, groups=groups, bias=False)
    sound = torch.randn(1, inside, 50)
    wanted = counted_by_torch(lambda: layer(sound))
    assert conv1d_flops(50 - kernel + 1, inside, outside, kernel, groups) == wanted


def test_products_are_counted_like_torch_counts() -> None:
    a, b, layer = torch.randn(5, 7), torch.randn(7, 3), nn.Linear(7, 4, bias=False)
    assert matmul_flops(5, 7, 3) == counted_by_torch(lambda: a @ b)
    assert linear_flops(5, 7, 4) == counted_by_torch(lambda: layer(a))
    assert network_flops(7 * 4, 5) == linear_flops(5, 7, 4)
    assert rfft_flops(1024) == 25_600


def test_the_time_is_that_of_one_call() -> None:
    assert 0.004 < best_seconds(lambda: time.sleep(0.005), repeat=3) < 0.2
    waited = []
    best_seconds(lambda: None, repeat=2, at_least=0.0, wait=lambda: waited.append(1))
    assert len(waited) == 4, "the warm-up, the trial and two samples, each waited for"
    with pytest.raises(InputError, match="at least one run"):
        best_seconds(lambda: None, repeat=0)


def test_the_header_of_a_model_file_is_enough_to_count_it(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"a.weight": torch.zeros(3, 4), "a.bias": torch.zeros(4), "b": torch.ones(2)}, path)
    assert weights_by_part(path) == {"a": 16, "b": 2}
    path.write_bytes(b"no model at all")
    with pytest.raises(InputError, match="no safetensors file"):
        weights_by_part(path)
    with pytest.raises(InputError, match="no such file"):
        weights_by_part(tmp_path / "none.safetensors")
