"""02.8  Laboratory: learning the vowel, not the speaker

What you will learn: what over-fitting is when the new data come from new people; what early
    stopping, weight decay, dropout and added noise each do about it; and what helps most.
Needs: nothing but the installation
Writes to outputs/02_deep_learning_basics/: regularization.png
Look for: the plain network's loss on new speakers, which falls, turns, and rises, while its
    training loss goes to zero. Then compare the columns: the remedies make mistakes less certain
    (lower loss) long before they make them fewer. The last row is not a trick at all.

The task: five vowels. A large network sees only four speakers and is examined on twenty that it has
never heard. That is the situation of module 08, where a voice model meets a new voice.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from dl_utils import COLOURS, MLP, new_figure, save_plot
from dl_utils.vowel_data import BANDS, VowelData, draw_voices, standardize, vowel_data
from env_utils import lesson_parser, run_lesson, seed_everything
from torch import Tensor, nn

NOISE_DB = -5.0
EVERY = 5  # steps between two looks at the losses


@dataclass(frozen=True)
class Recipe:
    """One way to train; everything not named here is the same for all."""

    name: str
    weight_decay: float = 0.0  # each step also shrinks every weight by rate * decay
    dropout: float = 0.0  # each hidden activation is set to 0 with this probability
    noise: float = 0.0  # standard deviation of noise added to the (standardized) features
    early_stopping: bool = False  # keep the weights of the best validation loss
    speakers: int = 4


RECIPES = [
    Recipe("nothing"),
    Recipe("early stopping", early_stopping=True),
    Recipe("weight decay", weight_decay=1.0),
    Recipe("dropout", dropout=0.5),
    Recipe("added noise", noise=0.7),
    Recipe("five times the speakers", speakers=20),
]


@dataclass(frozen=True)
class Part:
    """Features ``(N, BANDS)`` float32 and vowels ``(N,)``."""

    features: Tensor
    vowels: Tensor


@cache  # the same for all recipes of a seed
def make_parts(speakers: int, seed: int) -> tuple[Part, Part, Part]:
    """Training, validation and test data of *different* speakers.

    Cutting one pile of sounds at random would put every speaker into all three parts. The result
    would look far better, and say nothing about a new speaker (exercise 02.e5).
    """
    rng = np.random.default_rng(seed)
    # Drawn first, so that all recipes of one seed are examined on the same voices.
    validation, test = (vowel_data(draw_voices(20, rng), 2, rng, NOISE_DB) for _ in range(2))
    train = vowel_data(draw_voices(speakers, rng), 4, rng, NOISE_DB)
    scaled = standardize(train.features, validation.features, test.features)

    def part(features: np.ndarray, data: VowelData) -> Part:
        return Part(torch.from_numpy(features).float(), torch.from_numpy(data.vowels))

    first, second, third = map(part, scaled, (train, validation, test))
    return first, second, third


@torch.no_grad()
def examine(model: nn.Module, part: Part) -> tuple[float, float]:
    """Loss and accuracy, with dropout off."""
    model.eval()
    logits = model(part.features)
    loss = nn.functional.cross_entropy(logits, part.vowels)
    return float(loss), float((logits.argmax(dim=1) == part.vowels).float().mean())


@dataclass(frozen=True)
class Outcome:
    """Losses at some steps, and the exam on the test speakers."""

    steps: list[int]
    training: list[float]
    validation: list[float]
    train_loss: float
    test_loss: float
    accuracy: float


def train(recipe: Recipe, steps: int, seed: int) -> Outcome:
    """Train one network on all its data at once for ``steps`` steps."""
    train_part, validation_part, test_part = make_parts(recipe.speakers, seed)
    torch.manual_seed(seed)
    model = MLP([BANDS, 128, 128, 5], "relu", dropout=recipe.dropout)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=recipe.weight_decay)
    at, training, validation = [], [], []
    best, best_state = float("inf"), model.state_dict()
    for step in range(1, steps + 1):
        model.train()
        optimizer.zero_grad()
        noise = recipe.noise * torch.randn_like(train_part.features)  # new noise at every step
        logits = model(train_part.features + noise)
        nn.functional.cross_entropy(logits, train_part.vowels).backward()
        optimizer.step()
        if step % EVERY:
            continue
        at.append(step)
        training.append(examine(model, train_part)[0])
        validation.append(examine(model, validation_part)[0])
        if recipe.early_stopping and validation[-1] < best:
            best = validation[-1]
            best_state = {name: value.clone() for name, value in model.state_dict().items()}
    if recipe.early_stopping:
        model.load_state_dict(best_state)
    loss, accuracy = examine(model, test_part)
    return Outcome(at, training, validation, examine(model, train_part)[0], loss, accuracy)


def draw(outcomes: dict[str, list[Outcome]], path: Path) -> None:
    """Left: curves of the first seed. Right: accuracy on new speakers, every seed a dot."""
    figure = new_figure(11, 4.2)
    left, right = figure.subplots(1, 2)
    for number, (name, runs) in enumerate(outcomes.items()):
        colour = COLOURS[number]
        if name != "early stopping":  # the same curve as "nothing", cut at its lowest point
            left.plot(runs[0].steps, runs[0].validation, color=colour, label=name)
        dots = [100 * run.accuracy for run in runs]
        right.plot(dots, [number] * len(dots), "o", color=colour, alpha=0.6)
        right.plot(statistics.fmean(dots), number, "|", color="black", ms=18, mew=2)
    plain = outcomes["nothing"][0]
    left.plot(
        plain.steps, plain.training, "--", color=COLOURS[0], label="nothing, on its own speakers"
    )
    low = int(np.argmin(plain.validation))
    bottom = plain.steps[low], plain.validation[low]
    left.plot(*bottom, "v", color=COLOURS[1], ms=9, label="early stopping: here")
    left.set(xlabel="step", ylabel="cross-entropy (nats)", ylim=(0, None))
    left.set_title("Loss on speakers never heard (solid):\nwithout any brake it turns and rises")
    left.legend(frameon=False, fontsize=8)
    right.set(yticks=range(len(outcomes)), yticklabels=list(outcomes))
    right.set_xlabel("vowels correct, new speakers (%); bar: mean of the seeds")
    right.set_title("Only more speakers raise the accuracy clearly")
    right.invert_yaxis()
    for axes in (left, right):
        axes.grid(alpha=0.3)
    save_plot(figure, path)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    args = lesson_parser("02_deep_learning_basics", __doc__).parse_args(argv)
    seed_everything(args.seed)
    seeds = range(args.seed, args.seed + (2 if args.smoke else 4))
    steps = 40 if args.smoke else 200

    print(f"{steps} steps, {len(seeds)} seeds; the test speakers are in no training set\n")
    print("recipe                    loss: own speakers  test, new   correct, new speakers")
    outcomes: dict[str, list[Outcome]] = {}
    table = {}
    for recipe in RECIPES:
        runs = outcomes[recipe.name] = [train(recipe, steps, seed) for seed in seeds]
        own = statistics.fmean(run.train_loss for run in runs)
        loss = statistics.fmean(run.test_loss for run in runs)
        right = [run.accuracy for run in runs]
        mean = statistics.fmean(right)
        table[recipe.name] = {"train_loss": own, "test_loss": loss, "accuracy": mean}
        print(f"{recipe.name:24}  {own:18.3f}  {loss:9.3f}", end="   ")
        print(f"{mean:.1%} ± {100 * statistics.stdev(right):.1f}")

    path = args.output_dir / "regularization.png"
    draw(outcomes, path)
    print(f"\npicture: {path}")
    return {"steps": steps, "seeds": len(seeds), "recipes": table}


# Try this next
#  1. Combine dropout with early stopping. Do their gains add up?
#  2. Make the network four times narrower (32 units) and change nothing else. Is a small network a
#     regularizer?
#  3. Put the same four speakers into training and test (other recordings of them). By how much does
#     the accuracy rise? That is the size of the lie that exercise 02.e5 removes.

if __name__ == "__main__":
    run_lesson(main)
