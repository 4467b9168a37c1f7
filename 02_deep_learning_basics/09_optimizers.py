"""02.9  Laboratory: SGD, momentum and Adam by hand

What you will learn: what an optimizer does between the gradient and the step, in three lines each;
    that yours is the same as torch.optim's; and why a long, narrow valley tells them apart.
Needs: nothing but the installation
Writes to outputs/02_deep_learning_basics/: optimizers.png
Look for: the largest difference to torch.optim (rounding, nothing else); SGD's zigzag across the
    valley; and how far apart the learning rates lie at which the three work well.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from dl_utils import COLOURS, MLP, new_figure, save_plot
from dl_utils.vowel_data import BANDS, draw_voices, standardize, vowel_data
from env_utils import lesson_parser, run_lesson, seed_everything
from torch import Tensor, nn


class Optimizer(Protocol):
    """What a training loop needs of an optimizer; torch's have it too."""

    def step(self) -> object: ...


class SGD:
    """w <- w - rate * g: downhill, as far as the slope is steep."""

    def __init__(self, parameters: Sequence[Tensor], rate: float) -> None:
        self.parameters, self.rate = list(parameters), rate

    @torch.no_grad()
    def step(self) -> None:
        for w in self.parameters:
            w -= self.rate * w.grad


class Momentum:
    """v <- m v + g, then w <- w - rate * v: a heavy ball with friction.

    Where gradients agree, the velocity grows to g / (1 - m): ten times the step for m = 0.9. Where
    they change sign from step to step, they cancel.
    """

    def __init__(self, parameters: Sequence[Tensor], rate: float, momentum: float = 0.9) -> None:
        self.parameters, self.rate, self.momentum = list(parameters), rate, momentum
        self.velocities = [torch.zeros_like(w) for w in self.parameters]

    @torch.no_grad()
    def step(self) -> None:
        for w, v in zip(self.parameters, self.velocities, strict=True):
            v.mul_(self.momentum).add_(w.grad)
            w -= self.rate * v


class Adam:
    """Kingma & Ba (2015), algorithm 1: every weight has a step size of its own.

    m and s are running averages of the gradient and of its square. Both start at zero and are
    therefore too small at first; dividing by 1 - beta^t makes up for exactly that. The step,
    rate * m / sqrt(s), hardly depends on the gradient's size: about ``rate`` while the sign stays
    the same, much less when it keeps changing.
    """

    def __init__(
        self,
        parameters: Sequence[Tensor],
        rate: float,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
    ) -> None:
        self.parameters, self.rate = list(parameters), rate
        self.betas, self.epsilon, self.steps = betas, epsilon, 0
        self.means = [torch.zeros_like(w) for w in self.parameters]
        self.squares = [torch.zeros_like(w) for w in self.parameters]

    @torch.no_grad()
    def step(self) -> None:
        self.steps += 1
        first, second = self.betas
        for w, m, s in zip(self.parameters, self.means, self.squares, strict=True):
            assert w.grad is not None
            m.mul_(first).add_((1 - first) * w.grad)
            s.mul_(second).add_((1 - second) * w.grad**2)
            mean = m / (1 - first**self.steps)
            square = s / (1 - second**self.steps)
            w -= self.rate * mean / (square.sqrt() + self.epsilon)


Maker = Callable[[Sequence[Tensor], float], Optimizer]
BY_HAND: dict[str, Maker] = {"SGD": SGD, "momentum": Momentum, "Adam": Adam}
TORCH: dict[str, Maker] = {
    "SGD": lambda p, rate: torch.optim.SGD(p, lr=rate),
    "momentum": lambda p, rate: torch.optim.SGD(p, lr=rate, momentum=0.9),
    "Adam": lambda p, rate: torch.optim.Adam(p, lr=rate),
}
VALLEY_RATES = {"SGD": 0.09, "momentum": 0.02, "Adam": 0.3}


def valley(place: Tensor) -> Tensor:
    """(x² + 20 y²) / 2: twenty times steeper across than along. Lowest at the origin."""
    return 0.5 * (place[0] ** 2 + 20 * place[1] ** 2)


def walk(make: Maker, rate: float, steps: int) -> Tensor:
    """The places visited from (-9, 1.5), ``(steps + 1, 2)``."""
    place = torch.tensor([-9.0, 1.5], dtype=torch.float64, requires_grad=True)
    optimizer = make([place], rate)
    places = [place.detach().clone()]
    for _ in range(steps):
        place.grad = None
        valley(place).backward()
        optimizer.step()
        places.append(place.detach().clone())
    return torch.stack(places)


def vowels(seed: int, speakers: int) -> tuple[Tensor, Tensor]:
    """Standardized features and vowels of ``speakers`` voices."""
    rng = np.random.default_rng(seed)
    data = vowel_data(draw_voices(speakers, rng), 2, rng, noise_db=0.0)
    (features,) = standardize(data.features)
    return torch.from_numpy(features).float(), torch.from_numpy(data.vowels)


def train(make: Maker, rate: float, data: tuple[Tensor, Tensor], steps: int) -> float:
    """Training loss after ``steps`` steps of the same small network; all data in every step."""
    torch.manual_seed(0)
    model = MLP([BANDS, 32, 5], "tanh")
    optimizer = make(list(model.parameters()), rate)
    for _ in range(steps):
        model.zero_grad()
        nn.functional.cross_entropy(model(data[0]), data[1]).backward()
        optimizer.step()
    with torch.no_grad():
        return float(nn.functional.cross_entropy(model(data[0]), data[1]))


def sweep(
    make: Maker, data: tuple[Tensor, Tensor], steps: int, rates: Sequence[float]
) -> dict[float, float]:
    """The loss that each rate leads to. Whoever compares optimizers has to tune every one."""
    losses = {rate: train(make, rate, data, steps) for rate in rates}
    return {rate: loss for rate, loss in losses.items() if math.isfinite(loss)}


def draw(walks: dict[str, Tensor], losses: dict[str, dict[float, float]], path: Path) -> None:
    """Left: three walks through the valley. Right: what every learning rate leads to."""
    figure = new_figure(11, 4)
    left, right = figure.subplots(1, 2)
    x, y = torch.meshgrid(torch.linspace(-10, 3, 90), torch.linspace(-2, 2, 60), indexing="xy")
    left.contour(x, y, valley(torch.stack([x, y])), levels=12, colors="#BBBBBB", linewidths=0.8)
    for number, (name, places) in enumerate(walks.items()):
        style = {"color": COLOURS[number], "marker": "os^"[number], "lw": 1}
        label = f"{name}, rate {VALLEY_RATES[name]:g}"
        left.plot(places[:, 0], places[:, 1], ms=3, label=label, **style)
        right.plot(list(losses[name]), list(losses[name].values()), ms=5, label=name, **style)
    left.plot(0, 0, "k*", ms=10)
    left.set(xlabel="x (gentle)", ylabel="y (20 times steeper)")
    left.set_title("Thirty steps in a narrow valley")
    right.axhline(math.log(5), color="black", lw=0.8, ls=":", label="knowing nothing: log 5")
    right.set(xscale="log", yscale="log", xlabel="learning rate", ylabel="training loss (nats)")
    right.set_title("Five vowels: each optimizer has rates of its own")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend(frameon=False, fontsize=8)
    save_plot(figure, path)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    args = lesson_parser("02_deep_learning_basics", __doc__).parse_args(argv)
    seed_everything(args.seed)

    print("30 steps through the valley, mine against torch.optim:")
    walks, differences = {}, {}
    for name, rate in VALLEY_RATES.items():
        walks[name] = walk(BY_HAND[name], rate, 30)
        reference = walk(TORCH[name], rate, 30)
        differences[name] = float((walks[name] - reference).abs().max())
        x, y = walks[name][-1].tolist()
        print(
            f"  {name:9} ends at ({x:+.3f}, {y:+.3f}); largest difference {differences[name]:.1e}"
        )

    steps, speakers = (40, 6) if args.smoke else (60, 24)
    rates = (
        [10.0**k for k in range(-3, 2)] if args.smoke else [10.0 ** (k / 2) for k in range(-7, 4)]
    )
    data = vowels(args.seed, speakers)
    print(f"\nfive vowels of {speakers} speakers, loss after {steps} steps, by learning rate:")
    print("  rate     " + "".join(f"{rate:9.2g}" for rate in rates))
    losses, best = {}, {}
    for name, make in BY_HAND.items():
        losses[name] = sweep(make, data, steps, rates)
        best[name] = min(losses[name], key=lambda r, name=name: losses[name][r])
        cells = (f"{losses[name][r]:9.3f}" if r in losses[name] else "     none" for r in rates)
        print(f"  {name:9}" + "".join(cells) + f"   best {best[name]:.2g}")

    path = args.output_dir / "optimizers.png"
    draw(walks, losses, path)
    print(f"\npicture: {path}")
    return {
        "difference_to_torch": differences,
        "best_rate": best,
        "best_loss": {name: losses[name][rate] for name, rate in best.items()},
    }


# Try this next
#  1. Leave out Adam's two corrections (divide by 1). What do its first ten steps look like?
#  2. Raise SGD's rate in the valley from 0.09 to 0.1, then to 0.101. The steepest curvature is 20;
#     what has 2/20 to do with it?
#  3. Turn the valley by 45 degrees. Adam scales x and y separately: does it keep its advantage?

if __name__ == "__main__":
    run_lesson(main)
