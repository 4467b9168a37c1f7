"""02.6  Laboratory: who is speaking? Logistic regression by hand

What you will learn: a whole learner without any library but numpy: model, loss, gradient derived on
    paper, the derivation checked by measuring, training, and what the learned weights mean.
Needs: nothing but the installation
Writes to outputs/02_deep_learning_basics/: two_voices.wav, logistic_regression.png
Look for: the gradient check (a derivation that is not checked is a guess), and the bands of the
    spectrum that give each voice away.

The two voices are made from arithmetic (pulses through resonances, dl_utils.voices). The second has
a higher pitch and a shorter vocal tract. Each says five vowels, many times, in a noisy room.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from dl_utils import COLOURS, gradient_error, new_figure, numerical_gradient, save_plot
from dl_utils.voices import HIGH_VOICE, LOW_VOICE, SAMPLE_RATE, VOWELS, synthesize_vowel, write_wav
from dl_utils.vowel_data import band_centres_hz, standardize, vowel_data
from env_utils import lesson_parser, run_lesson, seed_everything

Array = npt.NDArray[np.float64]
NOISE_DB = 5.0  # white noise of three times the power of the voice: otherwise it is too easy


def sigmoid(scores: Array) -> Array:
    """1 / (1 + exp(-z)): any score becomes a probability. Large |z| must not overflow."""
    small = np.exp(-np.abs(scores))  # in 0..1, whatever the sign
    return np.where(scores >= 0, 1 / (1 + small), small / (1 + small))


def loss(weights: Array, features: Array, labels: Array, decay: float) -> float:
    """Mean cross-entropy in nats, plus ``decay / 2`` times the squared weights (not the bias).

    With p = sigmoid(z), -[y log p + (1 - y) log(1 - p)] is log(1 + exp(z)) - y z. In that form
    nothing is lost when p is so near 0 or 1 that its logarithm would be of a rounded number.
    """
    scores = features @ weights[1:] + weights[0]
    cross_entropy = np.logaddexp(0.0, scores) - labels * scores
    return float(cross_entropy.mean() + 0.5 * decay * np.sum(weights[1:] ** 2))


def gradient(weights: Array, features: Array, labels: Array, decay: float) -> Array:
    """Derivative of :func:`loss` by every weight; ``weights[0]`` is the bias.

    d/dz [log(1 + exp(z)) - y z] = sigmoid(z) - y: the probability given less the truth. Each
    weight sees that error multiplied by its feature, averaged over the samples. That "error times
    input" is what backpropagation passes through every layer of every network.
    """
    error = sigmoid(features @ weights[1:] + weights[0]) - labels  # (N,)
    slope = features.T @ error / len(labels) + decay * weights[1:]
    return np.concatenate([[error.mean()], slope])


def check_gradient(features: Array, labels: Array, rng: np.random.Generator) -> float:
    """Relative difference between the derived and the measured gradient at a random place."""
    place = rng.normal(0, 0.5, features.shape[1] + 1)
    measured = numerical_gradient(lambda w: loss(w, features, labels, 0.1), place)
    difference = gradient_error(gradient(place, features, labels, 0.1), measured)
    print(f"gradient check: derived and measured differ by {difference:.1e} of their length")
    return difference


def train(
    features: Array, labels: Array, test: Array, test_labels: Array, steps: int, rate: float = 0.5
) -> tuple[Array, list[float], list[float]]:
    """Plain gradient descent on all samples at once; weights and both loss curves."""
    weights = np.zeros(features.shape[1] + 1)  # zero is fine here: there are no hidden units to tie
    curve, test_curve = [], []
    for _ in range(steps):
        curve.append(loss(weights, features, labels, 0.0))
        test_curve.append(loss(weights, test, test_labels, 0.0))
        weights -= rate * gradient(weights, features, labels, decay=0.01)
    return weights, curve, test_curve


def accuracy(weights: Array, features: Array, labels: Array) -> float:
    """Share of samples on the correct side of probability one half, which is score zero."""
    return float(np.mean((features @ weights[1:] + weights[0] > 0) == (labels == 1)))


def listen(path: Path, rng: np.random.Generator) -> None:
    """Both voices say all vowels: low voice first, then the high one; no noise here."""
    pause = np.zeros(SAMPLE_RATE // 10, np.float32)
    pieces = []
    for voice in (LOW_VOICE, HIGH_VOICE):
        for vowel in VOWELS:
            pieces += [synthesize_vowel(voice, vowel, rng, 0.35), pause]
    write_wav(path, np.concatenate(pieces))


def draw(curve: list[float], test_curve: list[float], weights: Array, path: Path) -> None:
    """Left: the loss. Right: what each band of the spectrum says about the speaker."""
    figure = new_figure(10, 3.8)
    left, right = figure.subplots(1, 2)
    left.plot(curve, color=COLOURS[0], label="training")
    left.plot(test_curve, "--", color=COLOURS[0], label="test")
    left.axhline(np.log(2), color="black", lw=0.8, ls=":", label="knowing nothing: log 2")
    left.set(xlabel="step", ylabel="cross-entropy (nats)", title="The loss falls from log 2")
    left.legend(frameon=False)
    colours = [COLOURS[1] if w > 0 else COLOURS[0] for w in weights[1:]]
    right.bar(band_centres_hz() / 1000, weights[1:], width=0.17, color=colours)
    right.axhline(0, color="black", lw=0.8)
    right.set(xlabel="frequency (kHz)", ylabel="weight (per standard deviation)")
    right.set_title("Energy here speaks for the high voice (up)\nor for the low voice (down)")
    for axes in (left, right):
        axes.grid(alpha=0.3)
    save_plot(figure, path)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    args = lesson_parser("02_deep_learning_basics", __doc__).parse_args(argv)
    rng = seed_everything(args.seed)
    voices, repetitions = [LOW_VOICE, HIGH_VOICE], 12 if args.smoke else 60
    sound = args.output_dir / "two_voices.wav"
    listen(sound, rng)

    data = vowel_data(voices, repetitions, rng, noise_db=NOISE_DB)
    fresh = vowel_data(voices, repetitions, rng, noise_db=NOISE_DB)
    features, test = standardize(data.features, fresh.features)
    labels, test_labels = data.speakers.astype(float), fresh.speakers.astype(float)
    print(f"{len(features)} vowels to train, {len(test)} to test, {features.shape[1]} bands each")

    difference = check_gradient(features, labels, rng)
    steps = 100 if args.smoke else 400
    weights, curve, test_curve = train(features, labels, test, test_labels, steps)
    right = accuracy(weights, test, test_labels)
    print(
        f"loss {curve[0]:.4f} -> {curve[-1]:.4f} in {steps} steps; on the test {test_curve[-1]:.4f}"
    )
    print(f"correct on the test: {right:.1%}")
    strongest = np.argsort(-np.abs(weights[1:]))[:3]
    for band in strongest:
        who = "high" if weights[1 + band] > 0 else "low"
        print(f"  energy near {band_centres_hz()[band]:4.0f} Hz speaks for the {who} voice")

    picture = args.output_dir / "logistic_regression.png"
    draw(curve, test_curve, weights, picture)
    print(f"\nsound:   {sound}\npicture: {picture}")
    return {
        "gradient_error": difference,
        "accuracy": right,
        "first_loss": curve[0],
        "last_loss": curve[-1],
        "test_loss": test_curve[-1],
    }


# Try this next
#  1. Leave the `/ len(labels)` out of gradient(). Does the check notice? Does the training?
#  2. Set NOISE_DB to None and the decay in train() to 0, and look at the size of the weights after
#     400 and after 4,000 steps. Why do they not stop growing, although nothing is wrong any more?
#  3. Train on the vowels "ee" and "eh" only and test on the others. Did it learn the voice?

if __name__ == "__main__":
    run_lesson(main)
