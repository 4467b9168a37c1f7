"""Devices are what was asked for; evaluation counts every sample once."""

from __future__ import annotations

import pytest
import torch
from dl_utils import count_parameters, evaluate_model, get_device, model_info, print_model_info
from env_utils import InputError
from torch import nn


def test_the_best_device_is_one_that_works() -> None:
    device = get_device()
    assert torch.ones(3, device=device).sum().item() == 3
    if not torch.cuda.is_available() and not torch.backends.mps.is_available():
        assert device.type == "cpu"


def test_cpu_can_always_be_asked_for() -> None:
    assert get_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["gpu", "", "cuda:x", "cpu:3", "meta"])
def test_what_is_no_device_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"device '{name}'"):
        get_device(name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_a_missing_gpu_is_an_error_not_a_slow_run() -> None:
    with pytest.raises(InputError, match="this machine does not have it; it has cpu"):
        get_device("cuda")


class Constant(nn.Module):
    """Always answers class 1; one parameter so that it has a device."""

    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.tensor([0.0, 2.0, 0.0]))
        self.dropout = nn.Dropout(0.9)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.dropout(self.bias.expand(len(inputs), 3))


def test_loss_and_accuracy_weigh_samples_not_batches() -> None:
    labels = torch.tensor([1, 1, 1, 1, 0])
    batches = [(torch.zeros(4, 2), labels[:4]), (torch.zeros(1, 2), labels[4:])]
    model = Constant().train()
    result = evaluate_model(model, batches)
    logits = torch.tensor([[0.0, 2.0, 0.0]]).expand(5, 3)
    assert result.accuracy == pytest.approx(0.8) and result.samples == 5
    assert result.loss == pytest.approx(float(nn.functional.cross_entropy(logits, labels)))
    assert model.training, "and the model is training again"
    assert model.bias.grad is None


def test_no_samples_is_an_error() -> None:
    with pytest.raises(ValueError, match="no sample"):
        evaluate_model(Constant(), [])


def test_parameters_are_counted_once_and_frozen_ones_apart() -> None:
    model = nn.Sequential(nn.Linear(10, 10, bias=False), nn.Linear(10, 10), nn.ReLU())
    assert count_parameters(model) == 210
    model[1].weight = model[0].weight
    assert count_parameters(model) == 110
    model[0].weight.requires_grad = False
    assert count_parameters(model, trainable_only=True) == 10


def test_the_table_names_layers_shapes_and_the_total(capsys: pytest.CaptureFixture[str]) -> None:
    model = nn.Sequential(nn.Conv1d(3, 8, 5), nn.ReLU(), nn.Linear(8, 2))
    print_model_info(model)
    printed = capsys.readouterr().out
    assert printed.strip() == model_info(model)
    for piece in ("Conv1d", "8×3×5", "128", "Linear", "18", "total 146 parameters"):
        assert piece in printed
    assert "ReLU" not in printed
