"""What lessons and exercises of floor 02 write by hand equals the library on random input."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from course.checking import load_script
from dl_utils import MLP, digit_loaders, load_mnist_data, numerical_gradient, train_epoch
from env_utils import repo_root
from torch import nn

FLOOR = repo_root() / "02_deep_learning_basics"


@cache
def script(name: str) -> ModuleType:
    return load_script(FLOOR / name, "graduation_" + Path(name).stem)


def test_simple_nn_is_the_mlp(rng: np.random.Generator) -> None:
    simple, mlp = script("03_train_mnist.py").SimpleNN(), MLP([784, 128, 10])
    mlp.load_state_dict(simple.state_dict())
    images = torch.from_numpy(rng.random((5, 1, 28, 28))).float()
    torch.testing.assert_close(simple(images), mlp(images), rtol=0, atol=0)


def test_the_commented_epoch_is_the_library_epoch() -> None:
    lesson = script("03_train_mnist.py")
    digits = load_mnist_data(source="sklearn-digits").subset(300, 10)
    states, results = [], []
    for by_hand in (True, False):
        torch.manual_seed(3)
        model = MLP([784, 16, 10])
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        batches = digit_loaders(digits, batch_size=64, seed=5).train
        if by_hand:
            criterion = nn.CrossEntropyLoss()
            cpu = torch.device("cpu")
            results.append(lesson.train_epoch(model, batches, criterion, optimizer, cpu))
        else:
            result = train_epoch(model, batches, optimizer)
            results.append((result.loss, result.accuracy))
        states.append(model.state_dict())
    assert results[0] == pytest.approx(results[1], rel=1e-6)
    for name, value in states[0].items():
        torch.testing.assert_close(value, states[1][name], rtol=0, atol=0)


def test_softmax_and_cross_entropy_are_torchs(rng: np.random.Generator) -> None:
    solution = script("solutions/ex01_softmax.py")
    scores, labels = rng.normal(0, 20, (50, 7)), rng.integers(0, 7, 50)
    theirs = torch.softmax(torch.from_numpy(scores), dim=1).numpy()
    np.testing.assert_allclose(solution.softmax(scores), theirs, atol=1e-14)
    loss = nn.functional.cross_entropy(torch.from_numpy(scores), torch.from_numpy(labels))
    assert solution.cross_entropy(scores, labels) == pytest.approx(float(loss), rel=1e-12)


def test_measured_gradients_agree_with_the_library_and_with_autograd(
    rng: np.random.Generator,
) -> None:
    point = rng.normal(size=(3, 4))

    def function(x: np.ndarray) -> float:
        return float(np.sum(np.exp(-(x**2)) * np.cumsum(x)[: x.size].reshape(x.shape)))

    mine = script("solutions/ex02_gradient_check.py").measure_gradient(function, point.copy())
    np.testing.assert_allclose(mine, numerical_gradient(function, point), atol=1e-9)
    tensor = torch.from_numpy(point).requires_grad_()
    (torch.exp(-(tensor**2)) * tensor.flatten().cumsum(0).reshape(3, 4)).sum().backward()
    assert tensor.grad is not None
    np.testing.assert_allclose(mine, tensor.grad.numpy(), atol=1e-8)


def test_adam_of_the_exercise_is_torchs(rng: np.random.Generator) -> None:
    step = script("solutions/ex03_adam_step.py").adam_step
    w = rng.normal(size=6)
    theirs = torch.from_numpy(w.copy()).requires_grad_()
    optimizer = torch.optim.Adam([theirs], lr=0.02, betas=(0.8, 0.99), eps=1e-7)
    m = s = np.zeros(6)
    for t in range(1, 101):
        g = rng.normal(size=6) * 10.0 ** rng.integers(-4, 4, 6)
        w, m, s = step(w, g, m, s, t, 0.02, 0.8, 0.99, 1e-7)
        theirs.grad = torch.from_numpy(g)
        optimizer.step()
    np.testing.assert_allclose(w, theirs.detach().numpy(), rtol=1e-12)


@pytest.mark.parametrize("name", ["SGD", "momentum", "Adam"])
def test_optimizers_of_the_laboratory_are_torchs(name: str, rng: np.random.Generator) -> None:
    lesson = script("09_optimizers.py")
    start = [torch.from_numpy(rng.normal(size=shape)) for shape in [(3, 2), (4,)]]
    mine, theirs = ([w.clone().requires_grad_() for w in start] for _ in range(2))
    pair = lesson.BY_HAND[name](mine, 0.05), lesson.TORCH[name](theirs, 0.05)
    for _ in range(60):
        for a, b in zip(mine, theirs, strict=True):
            a.grad = torch.from_numpy(rng.normal(size=tuple(a.shape)))
            b.grad = a.grad.clone()
        for optimizer in pair:
            optimizer.step()
    for a, b in zip(mine, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-12)


def test_logistic_regression_is_torchs(rng: np.random.Generator) -> None:
    lesson = script("06_logistic_regression_by_hand.py")
    x, y = rng.normal(0, 30, (40, 6)), rng.integers(0, 2, 40).astype(float)
    weights = rng.normal(size=7)
    layer = nn.Linear(6, 1, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weights[None, 1:]))
        layer.bias.fill_(weights[0])
    scores = layer(torch.from_numpy(x)).squeeze(1)
    loss = nn.functional.binary_cross_entropy_with_logits(scores, torch.from_numpy(y))
    (loss + 0.05 * (layer.weight**2).sum()).backward()
    theirs = np.concatenate([layer.bias.grad.numpy(), layer.weight.grad.numpy()[0]])
    np.testing.assert_allclose(lesson.gradient(weights, x, y, 0.1), theirs, rtol=1e-10)
    assert lesson.loss(weights, x, y, 0.0) == pytest.approx(loss.item(), rel=1e-12)
    np.testing.assert_allclose(
        lesson.sigmoid(np.array([-800.0, 0.0, 800.0])), [0.0, 0.5, 1.0], atol=1e-300
    )


def test_backpropagation_of_the_exercise_is_autograd(rng: np.random.Generator) -> None:
    x, labels = rng.normal(size=(9, 4)), rng.integers(0, 3, 9)
    model = MLP([4, 6, 3]).double()
    loss = nn.functional.cross_entropy(model(torch.from_numpy(x)), torch.from_numpy(labels))
    loss.backward()
    (hidden,) = model.hidden_layers()
    w1, b1, w2, b2 = (
        p.detach().numpy()
        for p in (hidden.weight.T, hidden.bias, model.output.weight.T, model.output.bias)
    )
    mine = script("solutions/ex06_backpropagation.py").gradients(x, labels, w1, b1, w2, b2)
    theirs = (
        hidden.weight.grad.T,
        hidden.bias.grad,
        model.output.weight.grad.T,
        model.output.bias.grad,
    )
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(a, b.numpy(), rtol=1e-10, atol=1e-14)


def test_initialization_formulas_are_torchs() -> None:
    lesson = script("07_initialization.py")
    torch.manual_seed(0)
    weight = torch.empty(600, 400)  # torch's order: outputs, inputs
    nn.init.xavier_normal_(weight)
    assert float(weight.std()) == pytest.approx(lesson.xavier_std(400, 600), rel=0.01)
    nn.init.kaiming_normal_(weight, nonlinearity="relu")
    assert float(weight.std()) == pytest.approx(lesson.he_std(400, 600), rel=0.01)
