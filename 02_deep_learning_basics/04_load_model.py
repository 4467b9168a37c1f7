"""02.4  Load the model and ask it how sure it is

What you will learn: what is in a model file and what is not; that a loaded model is the same model,
    to the last digit; how a score becomes a confidence, and what a confidence is worth.
Needs: mnist_model.pth of lesson 02.3. Where the output folder does not hold one, lesson 02.3 is run
    first, with the same options (or name a file with --model).
Writes to outputs/02_deep_learning_basics/: predictions.png, confidence.png
Look for: the same accuracy as 02.3, digit for digit; and the images about which the model is wrong
    and sure.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import torch
from course.checking import load_script
from dl_utils import (
    COLOURS,
    digit_loaders,
    evaluate_model,
    get_device,
    load_mlp,
    load_mnist_data,
    new_figure,
    plot_digits,
    save_plot,
)
from env_utils import InputError, lesson_parser, run_lesson, seed_everything
from torch import Tensor, nn


def find_model(chosen: Path | None, folder: Path, options: list[str]) -> Path:
    """The file asked for, else the one in ``folder``; lesson 02.3 makes it if it is not there."""
    if chosen is not None:
        if not chosen.is_file():
            raise InputError(f"{chosen}: there is no such model file. Lesson 02.3 writes one.")
        return chosen
    path = folder / "mnist_model.pth"
    if not path.is_file():
        print(f"There is no {path} yet: running lesson 02.3 first.\n")
        # A file name that starts with a digit cannot stand after `import`, but it can be loaded.
        load_script(Path(__file__).with_name("03_train_mnist.py"), "train_mnist").main(options)
        print(f"\n{'-' * 60}\n")
    return path


@torch.no_grad()  # nothing is learned here; without this, the record for backward is kept in memory
def predict(model: nn.Module, images: Tensor) -> tuple[Tensor, Tensor]:
    """The answer and the confidence for every image: ``(N,)`` digits, ``(N,)`` in 0..1.

    Softmax turns scores into numbers that are positive and sum to one:
    p_k = exp(z_k) / sum_j exp(z_j). The confidence is the largest of them.
    """
    model.eval()
    device = next(model.parameters()).device
    probabilities = torch.softmax(model(images.to(device)), dim=1).cpu()  # (N, 10)
    confidence, answers = probabilities.max(dim=1)
    return answers, confidence


def confidence_against_truth(
    confidence: Tensor, correct: Tensor, edges: Sequence[float]
) -> list[tuple[float, float, int]]:
    """For each range of confidence: mean confidence, share of correct answers, how many."""
    table = []
    for low, high in pairwise(edges):
        chosen = (confidence > low) & (confidence <= high)
        if chosen.any():
            mean = float(confidence[chosen].mean())
            table.append((mean, float(correct[chosen].float().mean()), int(chosen.sum())))
    return table


def draw_confidence(table: list[tuple[float, float, int]], path: Path) -> None:
    """Is the model right as often as it says? Points on the diagonal: yes."""
    figure = new_figure(5.5, 4.2)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], "--", color="black", lw=1, label="says what it knows")
    said, true, counts = zip(*table, strict=True)
    axes.plot(said, true, "o-", color=COLOURS[0], label="this model")
    for x, y, count in table:
        axes.annotate(str(count), (x, y), xytext=(4, -11), textcoords="offset points", fontsize=8)
    axes.set(xlabel="confidence (mean of the group)", ylabel="share of correct answers")
    axes.set_title(
        f"Confidence against truth, {sum(counts)} test images\n(number: images in group)"
    )
    axes.set(xlim=(0, 1.06), ylim=(0, 1.06))
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    save_plot(figure, path)


def draw_predictions(
    images: Tensor, labels: Tensor, answers: Tensor, confidence: Tensor, path: Path
) -> None:
    """Ten ordinary answers, and below them the twenty that most deserve a look.

    First the wrong ones, the surest first; then the least confident of the correct ones.
    """
    correct = answers == labels
    wrong_first = torch.argsort(correct.float() * 2 - confidence + correct.float() * confidence * 2)
    order = torch.cat([torch.arange(10), wrong_first[:20]])
    captions, colours = [], []
    for i in order.tolist():
        hit = bool(correct[i])
        truth = "" if hit else f", is {int(labels[i])}"
        captions.append(f"{int(answers[i])} ({confidence[i]:.0%}){truth}")
        colours.append("black" if hit else COLOURS[1])
    title = "Answer and confidence: the first ten; then mistakes, surest first, and close calls"
    plot_digits(images[order], captions, path, title=title, colours=colours)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    parser = lesson_parser("02_deep_learning_basics", __doc__)
    parser.add_argument(
        "--model", type=Path, help="a mnist_model.pth (default: in the output folder)"
    )
    args = parser.parse_args(argv)
    seed_everything(args.seed)
    options = ["--output-dir", str(args.output_dir), "--seed", str(args.seed)]
    path = find_model(args.model, args.output_dir, options + ["--smoke"] * args.smoke)

    # The file holds weights by name and the facts to rebuild the network. It does not hold the
    # class: that is code, and stays code (dl_utils.MLP is SimpleNN with any number of layers).
    model, facts = load_mlp(path)
    model.to(get_device())
    print(
        f"{path.name}: layers {facts['sizes']}, trained on {facts['train_samples']} images", end=" "
    )
    print(f"of {facts['source']}, seed {facts['seed']}")

    # The same images as in training, whatever could be downloaded since: a comparison with another
    # test set would compare nothing.
    digits = load_mnist_data(source=facts["source"])
    digits = digits.subset(facts["train_samples"], facts["test_samples"])
    print(f"data: {digits}")
    test = evaluate_model(model, digit_loaders(digits).test)
    same = test.accuracy == facts["accuracy"]
    print(f"\naccuracy when it was saved  {facts['accuracy']:.10f}")
    print(
        f"accuracy now                {test.accuracy:.10f}   {'the same' if same else 'DIFFERENT'}"
    )

    answers, confidence = predict(model, digits.test_images)
    correct = answers == digits.test_labels
    print(f"\nconfidence, mean: {confidence[correct].mean():.3f} where it is right", end="")
    sure = float(confidence[~correct].mean()) if (~correct).any() else float("nan")
    print(f", {sure:.3f} where it is wrong")
    table = confidence_against_truth(confidence, correct, [0, 0.5, 0.7, 0.9, 0.99, 1.0])
    for said, true, count in table:
        print(f"  says {said:6.1%}  is right {true:6.1%}  ({count} images)")

    # Noise is no digit, but softmax has to share out 100 % among ten digits all the same.
    noise = torch.rand(200, 1, 28, 28, generator=torch.Generator().manual_seed(args.seed))
    noise_confidence = float(predict(model, noise)[1].mean())
    print(f"on 200 images of pure noise it is on average {noise_confidence:.0%} sure of some digit")

    sheet, curve = args.output_dir / "predictions.png", args.output_dir / "confidence.png"
    draw_predictions(digits.test_images, digits.test_labels, answers, confidence, sheet)
    draw_confidence(table, curve)
    print(f"\npictures: {sheet}\n          {curve}")
    return {
        "source": facts["source"],
        "accuracy": test.accuracy,
        "saved_accuracy": facts["accuracy"],
        "same_accuracy": same,
        "confidence_when_right": float(confidence[correct].mean()),
        "confidence_on_noise": noise_confidence,
    }


# Try this next
#  1. Let the model refuse to answer below a confidence of 0.9. How many images does it refuse, and
#     how accurate is it on the rest?
#  2. Move every test image two pixels to the right (torch.roll) and evaluate again. What does this
#     network not know about images?
#  3. Open the file with torch.load(path, weights_only=True) and look at the 128 rows of
#     hidden1.weight as 28×28 images with plot_digits.

if __name__ == "__main__":
    run_lesson(main)
