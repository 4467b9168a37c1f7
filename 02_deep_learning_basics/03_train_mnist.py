"""02.3  Train a neural network

What you will learn: the four lines in which every network of this course is trained (forward, loss,
    backward, step), what surrounds them, and how to read a training curve.
Needs: nothing but the installation (net: MNIST is downloaded, 11 MB; without it, scikit-learn's
    digits; gpu: used if there is one)
Writes to outputs/02_deep_learning_basics/: mnist_model.pth, training_history.png
Look for: training and validation loss falling together at first; then training goes on falling and
    validation stops. The distance between the two is what module 08 fights.

Read `SimpleNN` and `train_epoch` line by line. Whatever is trained later in this course, up to the
synthesizer that speaks with your voice, is trained by a loop of this shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from dl_utils import (
    digit_loaders,
    evaluate_model,
    get_device,
    lesson_digits,
    plot_training_history,
    print_model_info,
    save_model,
)
from env_utils import lesson_parser, run_lesson, seed_everything
from torch import Tensor, nn

PIXELS, HIDDEN, CLASSES = 28 * 28, 128, 10
EPOCHS = {"mnist": 8, "sklearn-digits": 40}  # fewer images need more passes for as many steps


class SimpleNN(nn.Module):
    """Two layers of weights with a bend between them: 784 pixels -> 128 hidden units -> 10 scores.

    A layer is a matrix: every hidden unit computes a weighted sum of all pixels, so it has 784
    weights and one offset ("bias"). The network as a whole is a function with 101 770 knobs;
    training turns the knobs until the function answers correctly.
    """

    def __init__(self, hidden: int = HIDDEN) -> None:
        # nn.Module keeps the list of what belongs to this network. It has to be set up before any
        # layer is assigned; forgetting this line is an error on the next one.
        super().__init__()
        # Assigning a layer to self registers its weights: model.parameters() finds them, so the
        # optimizer can change them; model.to(device) moves them; state_dict() saves them under the
        # name given here, "hidden1.weight". A layer kept in a plain Python list is NOT found, and
        # then quietly never trained.
        self.hidden1 = nn.Linear(PIXELS, hidden)  # 784 * 128 + 128 = 100 480 parameters
        self.output = nn.Linear(hidden, CLASSES)  # 128 * 10 + 10  =   1 290 parameters
        # The starting weights are random and small. All zero would not do: every hidden unit would
        # compute the same, receive the same gradient, and stay a copy of the others for ever.

    def forward(self, images: Tensor) -> Tensor:
        """Images ``(B, 1, 28, 28)`` -> logits ``(B, 10)``: a score for each digit, of any size.

        Write only what happens to a batch. PyTorch records the operations while they run, and
        derives the backward pass from the record.
        """
        # (B, 1, 28, 28) -> (B, 784). Which pixel is beside which is lost here: this network would
        # learn just as well if all images were shuffled by one fixed permutation of the pixels.
        # Convolutions, from module 06 on, keep the neighborhood.
        pixels = images.flatten(start_dim=1)
        # ReLU: negative sums become 0. Without a bend between them, two matrices in a row are one
        # matrix, and the network could draw nothing but straight boundaries.
        hidden = torch.relu(self.hidden1(pixels))  # (B, 128)
        # No softmax here: nn.CrossEntropyLoss expects raw scores and applies log-softmax itself, in
        # a way that cannot overflow. Applying softmax twice still trains, only badly: one of the
        # most common mistakes, and there is no error message for it.
        logits: Tensor = self.output(hidden)  # (B, 10)
        return logits


def train_epoch(
    model: nn.Module,
    batches: Iterable[Sequence[Tensor]],
    loss_function: nn.Module,
    optimizer: torch.optim.Optimizer,
    device: torch.device,
) -> tuple[float, float]:
    """One epoch: every training image once. Returns mean loss and accuracy over the epoch.

    Both are measured while the weights change, so they are a little worse than what the network at
    the end of the epoch would reach on the same images. That is why, in the first epochs, the
    validation curve can lie below the training curve.
    """
    # Some layers behave differently in training (dropout drops, batch norm looks at the batch).
    # SimpleNN has none, but the habit costs nothing and forgetting it later costs a day.
    model.train()
    loss_sum, correct, seen = 0.0, 0, 0

    for images, labels in batches:
        # Weights and data have to be on the same device. On a CPU this copies nothing.
        images, labels = images.to(device), labels.to(device)

        # 1. Clear the gradients of the previous batch. backward() adds to what is in .grad (which
        #    is wanted when a large batch is computed in pieces), so without this line each step
        #    would follow the sum of all gradients since the start. Exercise 02.e4 shows the result.
        optimizer.zero_grad()

        # 2. Forward pass: what does the network say now? One score per image and digit.
        logits = model(images)

        # 3. The loss: one number that says how wrong it was, averaged over the batch. Cross-entropy
        #    is -log(probability given to the correct digit), in nats: 0 for certainty and right,
        #    log(10) = 2.303 for "no idea", without limit for certainty and wrong. A first loss far
        #    above 2.3 says that something is wrong before training has even begun.
        loss = loss_function(logits, labels)

        # 4. Backward pass: the chain rule, from the loss back to every weight. Afterwards each
        #    parameter holds in .grad the direction in which the loss *rises* fastest. Nothing has
        #    been changed yet.
        loss.backward()

        # 5. The step: the optimizer moves every weight a little against its gradient. How little
        #    is the learning rate, the most important of all settings.
        optimizer.step()

        # Book-keeping. item() takes the plain number out: adding up `loss` itself would keep the
        # record of every batch alive, and the memory would fill up. The last batch may be smaller,
        # hence the weighting by its size.
        loss_sum += loss.item() * len(labels)
        correct += int((logits.argmax(dim=1) == labels).sum())
        seen += len(labels)

    return loss_sum / seen, correct / seen


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    parser = lesson_parser("02_deep_learning_basics", __doc__)
    parser.add_argument("--epochs", type=int, help="passes over the training images")
    parser.add_argument("--learning-rate", type=float, default=1e-3, help="default: 0.001")
    args = parser.parse_args(argv)
    seed_everything(args.seed)  # before the network is made: its starting weights are random
    device = get_device()

    digits = lesson_digits(args.smoke)
    # Three parts: train on the first, watch the second (and choose epochs, rate, size by it), and
    # look at the test part ONCE, at the very end. A number that was used to choose something is no
    # longer an honest estimate of what happens on new data.
    loaders = digit_loaders(digits, batch_size=64, seed=args.seed)

    model = SimpleNN().to(device)
    print_model_info(model)
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=args.learning_rate)

    epochs = args.epochs or EPOCHS[digits.source]
    print(f"\ntraining on {device}, {epochs} epochs of {len(loaders.train)} batches")
    history: dict[str, list[float]] = {
        "loss": [],
        "val_loss": [],
        "accuracy": [],
        "val_accuracy": [],
    }
    for epoch in range(1, epochs + 1):
        loss, accuracy = train_epoch(model, loaders.train, loss_function, optimizer, device)
        checked = evaluate_model(model, loaders.validation)  # no gradients, no dropout, no step
        history["loss"].append(loss)
        history["accuracy"].append(accuracy)
        history["val_loss"].append(checked.loss)
        history["val_accuracy"].append(checked.accuracy)
        if epoch == 1 or epoch % max(1, epochs // 8) == 0:
            print(f"  epoch {epoch:3}: loss {loss:.4f}, validation {checked.loss:.4f}", end="")
            print(f" ({checked.accuracy:.2%} correct)")

    test = evaluate_model(model, loaders.test)
    name = "MNIST" if digits.source == "mnist" else "scikit-learn's digits, not MNIST"
    print(f"\ntest accuracy: {test.accuracy:.6f} on {test.samples} unseen images ({name})")
    files = write_results(
        args.output_dir,
        model,
        history,
        name,
        facts={
            # What 04 needs to build the same network, find the same images, and compare its result.
            "sizes": [PIXELS, HIDDEN, CLASSES],
            "activation": "relu",
            "source": digits.source,
            "train_samples": len(digits.train_labels),
            "test_samples": test.samples,
            "accuracy": test.accuracy,
            "test_loss": test.loss,
            "seed": args.seed,
        },
    )
    print("\n".join(f"written: {path}" for path in files))
    return {
        "source": digits.source,
        "accuracy": test.accuracy,
        "test_loss": test.loss,
        "history": history,
    }


def write_results(
    folder: Path,
    model: nn.Module,
    history: dict[str, list[float]],
    name: str,
    facts: dict[str, object],
) -> list[Path]:
    """The model file and the training curves."""
    model_path, plot_path = folder / "mnist_model.pth", folder / "training_history.png"
    # Only numbers are saved, no Python objects: weights by name, and the facts. Such a file can be
    # read with weights_only=True, which refuses to run code. A pickled model could run anything.
    save_model(model_path, model, facts)
    title = f"Training goes on falling where validation levels off ({name})"
    plot_training_history(history, plot_path, title=title)
    return [model_path, plot_path]


# Try this next
#  1. --learning-rate 0.1, then 0.00001. Describe both curves in a sentence each.
#  2. Comment out optimizer.zero_grad(). It still learns, somewhat. What does the curve look like?
#  3. Replace torch.relu(…) by nothing at all: each score is now one weighted sum of the pixels. How
#     much accuracy did the bend give?

if __name__ == "__main__":
    run_lesson(main)
