"""06.5  Evaluate and save

What you will learn: what accuracy hides and precision, recall, F1 and the confusion matrix show,
    how sure a score is, what happens on other text, and how to save a model so that it comes back
    as the same model.
Needs: nothing but the installation (uses the classifier of 06.4 if it is in the output folder,
    trains it otherwise)
Writes to outputs/06_hf_transformers/: confusion_matrix.png, evaluation.json, errors.tsv,
    saved_classifier/
Look for: the sentences it gets wrong, and whether you would have known. The sample book is harder
    than the test: it comes from elsewhere. After reloading, not one probability has moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from book_utils import extract_dialogue, read_text, sample_book_path, split_chapters
from dl_utils import new_figure, save_plot
from env_utils import (
    atomic_write_json,
    atomic_write_text,
    lesson_parser,
    read_json,
    run_lesson,
    seed_everything,
)
from hf_utils import (
    LABELS,
    Scores,
    Sentence,
    TextClassifier,
    load_classifier,
    load_sentences,
    predict_probabilities,
    save_classifier,
    score,
    split_by_scene,
    wilson_interval,
)
from hf_utils.loading import atomic_folder
from hf_utils.standins import fine_tuned_classifier, pretrained_language_model
from numpy.typing import NDArray
from text_utils import split_sentences


def scores_by_hand(
    labels: Sequence[int], answers: Sequence[int], positive: int
) -> dict[str, float]:
    """Precision, recall and F1 of one label by counting, as one would on paper."""
    pairs = list(zip(labels, answers, strict=True))
    hits = sum(label == positive and answer == positive for label, answer in pairs)
    false_alarms = sum(label != positive and answer == positive for label, answer in pairs)
    misses = sum(label == positive and answer != positive for label, answer in pairs)
    precision = hits / (hits + false_alarms) if hits + false_alarms else 0.0
    recall = hits / (hits + misses) if hits + misses else 0.0
    both = precision + recall
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / both if both else 0.0,
    }


def book_test() -> list[Sentence]:
    """Sentences of the sample book; its quotation marks, which are then taken off, label them.

    The small BERT has read the book in pretraining, but without labels.
    """
    found = []
    for chapter in split_chapters(read_text(sample_book_path())):
        rest, lines = chapter.text, extract_dialogue(chapter.text)
        for line in reversed(lines):  # from the end, so that the earlier places stay right
            rest = rest[: line.start] + "\n\n" + rest[line.end :]
        spoken = [s for line in lines for s in split_sentences(line.text)]
        for label, texts in ((1, spoken), (0, split_sentences(rest))):
            for text in texts:
                plain = text.replace("’", "'").strip(" ,\n")
                whole = len(plain.split()) >= 4 and plain[0].isupper()  # no "said Nell"
                if whole:
                    found.append(Sentence(plain, label, "book"))
    return found


def classifier_of_06_4(folder: Path, seed: int, smoke: bool) -> TextClassifier:
    """The classifier that 06.4 left here for the same seed, or one trained now in the same way."""
    notes = folder / "finetuning.json"
    if (folder / "classifier").is_dir() and notes.is_file() and read_json(notes)["seed"] == seed:
        print("The classifier of 06.4 is here.")
        return load_classifier(folder / "classifier")
    print("There is no classifier of 06.4 with this seed in the output folder: training one.")
    split = split_by_scene(load_sentences(), seed=seed)
    base = pretrained_language_model(folder, seed=seed, smoke=smoke)
    return fine_tuned_classifier(base, split, seed=seed, smoke=smoke).classifier


def report(name: str, sentences: Sequence[Sentence], answers: NDArray[np.int64]) -> Scores:
    """Print and return the scores on one set of sentences."""
    labels = [s.label for s in sentences]
    scores = score(labels, answers.tolist(), len(LABELS))
    right = int(scores.confusion.trace())
    low, high = wilson_interval(right, len(labels))
    print(
        f"\n{name}: {right} of {len(labels)} right = {scores.accuracy:.1%} ({low:.1%}-{high:.1%})"
    )
    print("             precision  recall     F1")
    for i, label in enumerate(LABELS):
        row = (scores.precision[i], scores.recall[i], scores.f1[i])
        print(f"  {label:10} " + "  ".join(f"{value:8.3f}" for value in row))
    print(f"  macro F1 {scores.macro_f1:.3f}")
    return scores


def plot_confusion(panels: dict[str, Scores], path: Path) -> None:
    """A confusion matrix for each set: counts, and colour by share of the row."""
    figure = new_figure(8.0, 3.6)
    for axes, (name, scores) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        shares = scores.confusion / np.maximum(scores.confusion.sum(axis=1, keepdims=True), 1)
        axes.imshow(shares, vmin=0, vmax=1, cmap="cividis")
        for (row, column), count in np.ndenumerate(scores.confusion):
            ink = "black" if shares[row, column] > 0.5 else "white"
            text = f"{count}\n{shares[row, column]:.0%}"
            axes.text(column, row, text, ha="center", va="center", color=ink)
        axes.set_xticks(range(len(LABELS)), LABELS)
        axes.set_yticks(range(len(LABELS)), LABELS)
        axes.set_xlabel("what the model says")
        axes.set_ylabel("what it is")
        axes.set_title(f"{name}: {scores.accuracy:.1%} right")
    save_plot(figure, path)


def write_errors(
    path: Path, sentences: Sequence[Sentence], probabilities: NDArray[np.float32]
) -> None:
    """The wrong answers, the surest first: what the model believes most wrongly."""
    rows = []
    for sentence, row in zip(sentences, probabilities, strict=True):
        if int(row.argmax()) != sentence.label:
            rows.append((float(row.max()), LABELS[sentence.label], sentence.text))
    lines = [f"{sure:.3f}\t{label}\t{text}" for sure, label, text in sorted(rows, reverse=True)]
    atomic_write_text(path, "\n".join(["confidence\tis really\ttext", *lines]) + "\n")
    print("\nThe surest mistakes:")
    for sure, label, text in sorted(rows, reverse=True)[:5]:
        print(f"  {sure:4.0%} sure, but it is {label}: {text}")


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    """Evaluate, save, reload, compare; returns what was measured."""
    args = lesson_parser("06_hf_transformers", __doc__).parse_args(argv)
    seed_everything(args.seed)
    folder = args.output_dir
    classifier = classifier_of_06_4(folder, args.seed, args.smoke)
    test = split_by_scene(load_sentences(), seed=args.seed).test
    book = book_test()

    probabilities = predict_probabilities(classifier, [s.text for s in test])
    answers = probabilities.argmax(axis=1)
    panels = {"held-out scenes": report("Held-out scenes", test, answers)}
    hand = scores_by_hand([s.label for s in test], answers.tolist(), positive=1)
    print(f"  by hand, for dialogue: F1 {hand['f1']:.3f}")
    book_answers = predict_probabilities(classifier, [s.text for s in book]).argmax(axis=1)
    panels["sample book"] = report("The sample book", book, book_answers)
    write_errors(folder / "errors.tsv", test, probabilities)
    plot_confusion(panels, folder / "confusion_matrix.png")

    with atomic_folder(folder / "saved_classifier") as temporary:
        save_classifier(classifier, temporary)
    again = predict_probabilities(
        load_classifier(folder / "saved_classifier"), [s.text for s in test]
    )
    difference = float(np.abs(again - probabilities).max())
    print(f"\nSaved and loaded again: the largest difference in any probability is {difference:g}.")
    result: dict[str, object] = {
        name.replace(" ", "_").replace("-", "_"): {
            "accuracy": scores.accuracy,
            "macro_f1": scores.macro_f1,
            "confusion": scores.confusion.tolist(),
        }
        for name, scores in panels.items()
    }
    result |= {"f1_by_hand": hand["f1"], "reload_difference": difference}
    atomic_write_json(folder / "evaluation.json", result)
    print(f"Written: confusion_matrix.png, evaluation.json, errors.tsv in {folder}")
    return result


# Try this next
#  1. Read errors.tsv. Sort the mistakes into kinds. Which kind would the sentence before cure?
#  2. Call everything "dialogue" that is more than 20 % likely: what happens to precision and
#     recall, and when would an audiobook want that?
#  3. Make the test lopsided (all the narration, every tenth dialogue). Which score is fooled?

if __name__ == "__main__":
    run_lesson(main)
