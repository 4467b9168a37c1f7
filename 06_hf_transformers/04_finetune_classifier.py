"""06.4  Fine-tune a classifier

What you will learn: how a pretrained model gets a new head and learns a task from 370 sentences
    with ``transformers.Trainer``, what its settings mean, and how to see over-fitting begin.
Needs: nothing but the installation (net: DistilBERT if it can be had, and a GPU is used if there is
    one; otherwise the small BERT of 06.1, trained here if it is not there yet)
Writes to outputs/06_hf_transformers/: classifier/, training_history.png, finetuning.json
Look for: the training loss goes to zero, the validation loss turns up again while the accuracy
    stays: the model becomes surer, not better. More than 85 % on scenes that it never saw.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import torch
from dl_utils import count_parameters, plot_training_history
from env_utils import atomic_write_json, lesson_parser, run_lesson, seed_everything
from hf_utils import (
    LABELS,
    Split,
    TextClassifier,
    load_sentences,
    predict_probabilities,
    save_classifier,
    score,
    split_by_scene,
    wilson_interval,
    with_classification_head,
)
from hf_utils.language_model import LanguageModel
from hf_utils.loading import atomic_folder
from hf_utils.standins import fine_tuned_classifier, pretrained_language_model

OWN = ["The door opened without a sound.", "Open the door, I know you're in there!"]


def look_at_head(base: LanguageModel, seed: int) -> None:
    """What is new in the classifier: everything else comes from pretraining."""
    classifier = with_classification_head(base, seed)
    body = classifier.model.base_model
    new, old = count_parameters(classifier.model) - count_parameters(body), count_parameters(body)
    print(f"  body: {old:,} pretrained parameters; head: {new:,} new ones, drawn at random")
    answer = predict_probabilities(classifier, OWN[:1])[0]
    said = ", ".join(f"{label} {p:.0%}" for label, p in zip(LABELS, answer, strict=True))
    print(f"  before training it says: {said}")


def first_loss_by_hand(base: LanguageModel, split: Split, seed: int) -> float:
    """Cross-entropy of the untrained head on one batch, written out: near ln 2 for two labels."""
    classifier = with_classification_head(base, seed)
    sentences = split.train[:16]
    batch = classifier.tokenizer([s.text for s in sentences], padding=True, return_tensors="pt")
    with torch.no_grad():
        logits = classifier.model.eval()(**batch).logits  # (16, 2)
    right = logits[torch.arange(16), torch.tensor([s.label for s in sentences])]
    return float((logits.logsumexp(dim=-1) - right).mean())


def held_out(classifier: TextClassifier, split: Split) -> tuple[float, tuple[float, float]]:
    """Accuracy on the test part and its 95 % confidence interval."""
    answers = predict_probabilities(classifier, [s.text for s in split.test]).argmax(axis=1)
    labels = [s.label for s in split.test]
    accuracy = score(labels, answers.tolist()).accuracy
    return accuracy, wilson_interval(round(accuracy * len(labels)), len(labels))


def save(classifier: TextClassifier, history: dict[str, list[float]], folder: Path) -> None:
    """The classifier and its curves."""
    with atomic_folder(folder / "classifier") as temporary:
        save_classifier(classifier, temporary)
    plot_training_history(
        {name: history[name] for name in ("loss", "val_loss", "val_accuracy")},
        folder / "training_history.png",
        title="Surer is not better: where the validation loss turns, over-fitting begins",
    )


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    """Fine-tune, test once, save; returns what was measured."""
    args = lesson_parser("06_hf_transformers", __doc__).parse_args(argv)
    seed_everything(args.seed)
    split = split_by_scene(load_sentences(), seed=args.seed)
    sizes = {name: len(part) for name, part in split.parts().items()}
    print(f"Sentences: {sizes}, no scene in two parts")

    base = pretrained_language_model(args.output_dir, seed=args.seed, smoke=args.smoke)
    print(f"Body: {base}")
    look_at_head(base.value, args.seed)
    first_loss = first_loss_by_hand(base.value, split, args.seed)
    print(f"  loss of the untrained head: {first_loss:.3f} (guessing: ln 2 = 0.693)\n")

    start = time.perf_counter()
    tuned = fine_tuned_classifier(base, split, seed=args.seed, smoke=args.smoke)
    seconds = time.perf_counter() - start
    print("epoch  loss   validation loss  validation accuracy")
    curves = (tuned.history[name] for name in ("loss", "val_loss", "val_accuracy"))
    for epoch, (loss, val_loss, val_accuracy) in enumerate(zip(*curves, strict=True), 1):
        print(f"{epoch:5}  {loss:5.3f}  {val_loss:15.3f}  {val_accuracy:19.1%}")

    # The test part is asked once, at the end. Whoever chooses settings by it has no test any more.
    accuracy, (low, high) = held_out(tuned.classifier, split)
    print(f"\nHeld-out scenes: {accuracy:.1%} right, 95 % interval {low:.1%} to {high:.1%}")
    for text, row in zip(OWN, predict_probabilities(tuned.classifier, OWN), strict=True):
        print(f"  {LABELS[int(row.argmax())]:9} {row.max():.0%}  {text}")

    save(tuned.classifier, tuned.history, args.output_dir)
    result: dict[str, object] = {
        "source": base.source,
        "sizes": sizes,
        "first_loss": first_loss,
        "history": tuned.history,
        "accuracy": accuracy,
        "interval": [low, high],
        "training_seconds": seconds,
    }
    atomic_write_json(args.output_dir / "finetuning.json", {**result, "seed": args.seed})
    print(f"Training took {seconds:.0f} s.")
    print(f"Written: classifier/, training_history.png, finetuning.json in {args.output_dir}")
    return result


# Try this next
#  1. Freeze the body (p.requires_grad_(False) for all of model.base_model): what can the head do
#     alone, with the small BERT and with DistilBERT?
#  2. Train on 40 sentences instead of 370 (split.train[::9]). Which loses less, this model or the
#     naive Bayes of 06.3?
#  3. --seed 1, 2, 3: how much of a difference between two models could be luck?

if __name__ == "__main__":
    run_lesson(main)
