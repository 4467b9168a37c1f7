"""00.4  Reproducibility

What you will learn: what a seed fixes and what it does not; why adding the same numbers in another
  order gives another sum; what threads, batch sizes and number formats change; and how a difference
  in the last bit grows while a network is trained.
Needs: nothing but the installation
Writes to outputs/00_env_setup/: reproducibility.json, summation.png, divergence.png
Look for: equal seeds give equal bits, and a change in the last bits gives a run that ends somewhere
  else. So compare two methods over several seeds, never by a single number.
"""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from env_utils import (
    atomic_path,
    atomic_write_json,
    lesson_parser,
    run_lesson,
    seed_everything,
)
from matplotlib.figure import Figure
from torch import nn

BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
Floats = npt.NDArray[np.float32]


# --- 1. seeds -----------------------------------------------------------------------------------


def draws(seed: int) -> list[float]:
    """One number from each of the generators that a program of this house may use."""
    generator = seed_everything(seed)
    return [random.random(), float(np.random.rand()), float(torch.rand(1)), generator.random()]


def a_borrowed_number_changes_the_rest() -> tuple[bool, bool]:
    """Whether data stays the same after somebody else drew a number: global, and handed on."""

    def shuffled_globally(borrow: bool) -> list[int]:
        random.seed(0)
        if borrow:
            random.random()  # a new print-out, an augmentation, a library that "just" needs noise
        return random.sample(range(100), 5)

    def shuffled_by_hand(borrow: bool) -> list[int]:
        data, noise = np.random.default_rng(0).spawn(2)  # a generator for each purpose
        if borrow:
            noise.random()
        return [int(index) for index in data.permutation(100)[:5]]

    return (
        shuffled_globally(True) == shuffled_globally(False),
        shuffled_by_hand(True) == shuffled_by_hand(False),
    )


def set_orders(hash_seed: str, processes: int = 3) -> int:
    """How many different orders the same set of texts has in several processes."""
    code = "print(list({'mel', 'hop', 'pitch', 'voice', 'frame', 'book', 'tone', 'word'}))"
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    outputs = {
        subprocess.run(
            [sys.executable, "-S", "-c", code], env=environment, capture_output=True, check=True
        ).stdout
        for _ in range(processes)
    }
    return len(outputs)


# --- 2. the order of a sum ----------------------------------------------------------------------


def in_turn(values: Floats) -> float:
    """Add one after the other in float32, as a plain loop does."""
    return float(np.cumsum(values, dtype=np.float32)[-1])


def kahan(values: Floats) -> float:
    """Add in float32, and carry along what each addition rounded away (Kahan, 1965)."""
    total = lost = np.float32(0.0)
    for value in values:
        corrected = np.float32(value - lost)
        new = np.float32(total + corrected)
        lost = np.float32(np.float32(new - total) - corrected)  # algebraically zero, in fact not
        total = new
    return float(total)


def summation_errors(generator: np.random.Generator, count: int) -> dict[str, float]:
    """The relative error of several ways to add the same positive numbers."""
    values = generator.uniform(0.0, 1.0, count).astype(np.float32)
    exact = math.fsum(values.tolist())  # the correctly rounded sum
    ways: dict[str, Callable[[Floats], float]] = {
        "in turn": in_turn,
        "in turn, backwards": lambda v: in_turn(v[::-1]),
        "by pairs (numpy)": lambda v: float(v.sum()),
        "torch": lambda v: float(torch.from_numpy(v).sum()),
        "Kahan": kahan,
        "in turn in float64": lambda v: float(np.cumsum(v, dtype=np.float64)[-1]),
    }
    return {name: abs(way(values) - exact) / exact for name, way in ways.items()}


# --- 3. threads, batches, formats ---------------------------------------------------------------


def different_bits(left: torch.Tensor, right: torch.Tensor) -> float:
    """The share of elements that are not exactly equal."""
    return float((left != right).float().mean())


def share_that_differs(generator: torch.Generator) -> dict[str, float]:
    """The same products, computed in other ways: how many results differ in their last bits?"""
    weights = torch.randn(512, 512, generator=generator)
    frames = torch.randn(64, 512, generator=generator)
    together = frames @ weights
    alone = torch.cat([frame[None] @ weights for frame in frames])
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = frames @ weights
        torch.set_num_threads(2)
        two = frames @ weights
    finally:
        torch.set_num_threads(before)
    parts = frames[:, :100] @ weights[:100] + frames[:, 100:] @ weights[100:]
    return {
        "the same call twice": different_bits(together, frames @ weights),
        "2 threads instead of 1": different_bits(one, two),
        "frames one by one": different_bits(together, alone),
        "the sum in two parts": different_bits(together, parts),
        "in float64, then rounded": different_bits(
            together, (frames.double() @ weights.double()).float()
        ),
    }


# --- 4. training --------------------------------------------------------------------------------


def train(seed: int, steps: int, nudge: bool = False) -> tuple[list[float], torch.Tensor]:
    """Losses and final weights of a small network.

    ``nudge`` moves the weights of the first layer to the next number that float32 has: one unit in
    the last place, as another order of a sum would. The learning rate is large, which makes the
    training sensitive; with a small one the runs stay together for much longer.
    """
    seed_everything(seed)
    data = torch.Generator().manual_seed(1)  # the task is the same for every seed
    inputs = torch.randn(256, 16, generator=data)
    targets = torch.sin(3 * inputs[:, :1]) * inputs[:, 1:2]
    network = nn.Sequential(
        nn.Linear(16, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1)
    )
    first = network[0].weight
    if nudge:
        with torch.no_grad():
            first.copy_(torch.nextafter(first, torch.tensor(torch.inf)))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    losses = []
    for _ in range(steps):
        batch = torch.randint(0, 256, (32,))
        loss = (network(inputs[batch]) - targets[batch]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, torch.cat([p.detach().flatten() for p in network.parameters()])


def draw_summation(errors: dict[str, float], path: Path) -> None:
    """The error of each way of adding; an error of zero is drawn at the left edge."""
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.barh(list(errors), [max(error, 1e-17) for error in errors.values()], color=BLUE)
    axes.axvline(2.0**-24, color=ORANGE, label="rounding of one float32 number")
    axes.set_xscale("log")
    axes.invert_yaxis()
    axes.set_xlabel("relative error of the sum")
    axes.set_title("The same numbers, added in different orders")
    axes.legend(frameon=False)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=100)


def draw_divergence(runs: dict[str, list[float]], path: Path) -> None:
    """How far other runs are from the first one, step by step."""
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    axes = figure.subplots()
    reference = np.array(runs["seed 0"])
    for (name, losses), color in zip(runs.items(), (GREEN, BLUE, ORANGE), strict=False):
        if name != "seed 0":
            axes.semilogy(np.abs(np.array(losses) - reference) + 1e-9, color=color, label=name)
    axes.set_xlabel("training step")
    axes.set_ylabel("difference of the losses")
    axes.set_title("A change in the last bits grows until the run is a different one")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=100)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    """Four experiments: seeds, sums, ways to compute a product, and training."""
    args = lesson_parser("00_env_setup", __doc__).parse_args(argv)
    generator = seed_everything(args.seed)
    same_seed = draws(args.seed) == draws(args.seed)
    other_seed = draws(args.seed) == draws(args.seed + 1)
    with_global, with_own = a_borrowed_number_changes_the_rest()
    orders = {"random": set_orders("random"), "0": set_orders("0")}
    print(f"1. equal seeds, equal numbers: {same_seed}; other seed, equal numbers: {other_seed}")
    print(
        f"   somebody else draws first: global generator unharmed: {with_global}; own: {with_own}"
    )
    print(f"   orders of a set in 3 processes: {orders['random']}; PYTHONHASHSEED=0: {orders['0']}")

    errors = summation_errors(generator, 20_000 if args.smoke else 200_000)
    print(f"2. (0.1 + 0.2) + 0.3 == 0.1 + (0.2 + 0.3): {(0.1 + 0.2) + 0.3 == 0.1 + (0.2 + 0.3)}")
    for name, error in errors.items():
        print(f"   {name:24} relative error {error:.1e}")
    draw_summation(errors, args.output_dir / "summation.png")

    shares = share_that_differs(torch.Generator().manual_seed(args.seed))
    print("3. a product computed otherwise: share of results with other last bits")
    for name, share in shares.items():
        print(f"   {name:24} {share:.0%}")

    steps = 200 if args.smoke else 600
    runs, weights = {}, {}
    plans = [
        ("seed 0", 0, False),
        ("again", 0, False),
        ("seed 0, last bits changed", 0, True),
        ("seed 1", 1, False),
    ]
    for name, seed, nudge in plans:
        runs[name], weights[name] = train(args.seed + seed, steps, nudge)
    identical = bool(torch.equal(weights["seed 0"], weights.pop("again")))
    del runs["again"]
    apart = {
        name: float((weight - weights["seed 0"]).norm() / weights["seed 0"].norm())
        for name, weight in weights.items()
    }
    print(f"4. trained twice from one seed: identical weights: {identical}")
    for name, distance in apart.items():
        print(f"   {name:24} loss {np.mean(runs[name][-50:]):.4f}, weights {distance:.1e} away")
    draw_divergence(runs, args.output_dir / "divergence.png")

    measured: dict[str, object] = {
        "same_seed_equal": same_seed,
        "other_seed_equal": other_seed,
        "global_generator_unharmed": with_global,
        "own_generator_unharmed": with_own,
        "set_orders": orders,
        "summation_errors": errors,
        "share_that_differs": shares,
        "training_identical": identical,
        "weights_apart": apart,
        "final_loss": {name: float(np.mean(losses[-50:])) for name, losses in runs.items()},
    }
    atomic_write_json(args.output_dir / "reproducibility.json", measured)
    print(f"The numbers and two plots are in {args.output_dir}.")
    return measured


# Try this next
#  1. Make half of the numbers in summation_errors negative. Why are the errors so much larger?
#  2. Train ten seeds and plot the final losses. How large a gain would convince you?
#  3. With a GPU: index_add_ a million ones onto ten places twice. Are the bits equal? Then call
#     seed_everything(0, deterministic=True) before.

if __name__ == "__main__":
    run_lesson(main)
