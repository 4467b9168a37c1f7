"""06.1  Run inference

What you will learn: what a pipeline does (text to tokens, tokens to numbers, numbers to an answer),
    how to do the same by hand, and why inputs are answered in batches.
Needs: nothing but the installation (net: DistilBERT if it can be had; otherwise a small BERT is
    trained here on the sample book, in about half a minute)
Writes to outputs/06_hf_transformers/: predictions.tsv, inference_speed.png
Look for: the score of the pipeline and the softmax by hand are the same number. The small model
    has read 7,000 words, DistilBERT billions: compare what they put into the gaps.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from dl_utils import COLOURS, new_figure, save_plot
from env_utils import atomic_write_text, lesson_parser, run_lesson, seed_everything
from hf_utils import LABELS, load_sentences, split_by_scene
from hf_utils.classifier import TextClassifier
from hf_utils.language_model import LanguageModel, gap_accuracy
from hf_utils.standins import fine_tuned_classifier, pretrained_language_model

GAPS = [
    "He led her down a flight of stone [MASK].",
    "Who is going to [MASK] the door?",
    "I don't know what [MASK] mean.",
    "The old man looked at [MASK] clock.",
]


def classify_by_hand(classifier: TextClassifier, text: str) -> tuple[str, float]:
    """The three steps of a pipeline: tokenize, run the model, turn logits into an answer."""
    inputs = classifier.tokenizer(text, return_tensors="pt")  # input_ids (1, L), attention_mask
    inputs = inputs.to(classifier.model.device)  # a pipeline moves its model to the GPU by itself
    with torch.no_grad():  # no gradients: half the memory, less time
        logits = classifier.model(**inputs).logits[0]  # (labels,), any real numbers
    exponentials = torch.exp(logits - logits.max())  # subtracting the maximum avoids overflow
    probabilities = exponentials / exponentials.sum()
    best = int(probabilities.argmax())
    return classifier.model.config.id2label[best], float(probabilities[best])


def show_gaps(language_model: LanguageModel, held_out: Sequence[str]) -> dict[str, float]:
    """Fill the gaps; then the share of hidden tokens that the model restores in unseen text."""
    from transformers import pipeline

    fill = pipeline("fill-mask", model=language_model.model, tokenizer=language_model.tokenizer)
    for text in GAPS:
        guesses = fill(text, top_k=3)
        shown = ", ".join(f"{guess['token_str']} ({guess['score']:.0%})" for guess in guesses)
        print(f"  {text}\n      {shown}")
    ids = language_model.tokenizer(list(held_out), add_special_tokens=False)["input_ids"]
    counts = Counter(token for row in ids for token in row)
    (token, most), total = counts.most_common(1)[0], counts.total()
    accuracy = gap_accuracy(language_model, held_out)
    word = language_model.tokenizer.convert_ids_to_tokens(token)
    print(f"Hidden tokens restored in unseen sentences: {accuracy:.1%}")
    print(f"  (always guessing '{word}' would restore {most / total:.1%})")
    return {"gap_accuracy": accuracy, "gap_baseline": most / total}


def batch_speeds(pipe: Any, texts: list[str], sizes: Sequence[int]) -> dict[int, float]:
    """Sentences per second for each batch size, the best of two runs."""
    speeds = {}
    for size in sizes:
        seconds = []
        for _ in range(2):
            start = time.perf_counter()
            pipe(texts, batch_size=size)
            seconds.append(time.perf_counter() - start)
        speeds[size] = len(texts) / min(seconds)
    return speeds


def plot_speeds(speeds: dict[int, float], path: Path) -> None:
    """A bar for each batch size."""
    figure = new_figure(8.0, 3.2)
    axes = figure.subplots()
    axes.bar([str(size) for size in speeds], list(speeds.values()), color=COLOURS[0])
    axes.set_xlabel("batch size (sentences per call of the model)")
    axes.set_ylabel("sentences per second")
    axes.set_title("Batches share the fixed cost of a call, until the processor is busy")
    axes.grid(axis="y", alpha=0.3)
    save_plot(figure, path)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    """Classify, fill gaps, measure batches; returns what was measured."""
    args = lesson_parser("06_hf_transformers", __doc__).parse_args(argv)
    seed_everything(args.seed)
    split = split_by_scene(load_sentences(), seed=args.seed)
    texts = [sentence.text for sentence in split.test]

    print("1. A language model fills gaps")
    base = pretrained_language_model(args.output_dir, seed=args.seed, smoke=args.smoke)
    print(f"Model: {base}")
    gaps = show_gaps(base.value, texts)

    print("\n2. A classifier says who is talking: a character or the narrator")
    from transformers import pipeline

    classifier = fine_tuned_classifier(base, split, seed=args.seed, smoke=args.smoke).classifier
    pipe = pipeline("text-classification", model=classifier.model, tokenizer=classifier.tokenizer)
    answers = pipe(texts, batch_size=16)
    for text, answer in list(zip(texts, answers, strict=True))[::25]:
        print(f"  {answer['label']:9} {answer['score']:4.0%}  {text}")
    label, score = classify_by_hand(classifier, texts[0])
    difference = abs(score - pipe(texts[0])[0]["score"])
    print(
        f"By hand the first is {label} with {score:.6f}; the pipeline differs by {difference:.1e}."
    )
    right = [a["label"] == LABELS[s.label] for a, s in zip(answers, split.test, strict=True)]
    rows = [f"{a['label']}\t{a['score']:.4f}\t{t}" for a, t in zip(answers, texts, strict=True)]
    header = "label\tscore\ttext\n"
    atomic_write_text(args.output_dir / "predictions.tsv", header + "\n".join(rows) + "\n")

    print("\n3. Batches")
    speeds = batch_speeds(pipe, texts[:32] if args.smoke else texts, [1, 2, 4, 8, 16, 32])
    for size, speed in speeds.items():
        print(f"  {size:2} at a time: {speed:7.0f} sentences per second")
    plot_speeds(speeds, args.output_dir / "inference_speed.png")
    print(f"\nWritten: predictions.tsv and inference_speed.png in {args.output_dir}")
    return {
        "source": base.source,
        **gaps,
        "accuracy": sum(right) / len(right),
        "hand_difference": difference,
        "sentences_per_second": {str(size): speed for size, speed in speeds.items()},
    }


# Try this next
#  1. Put sentences of your own into GAPS. What does a model put into a gap whose word it has
#     never seen?
#  2. Sort `texts` by length before the speed is measured. Padding is work too: which batch sizes
#     gain most?
#  3. Delete the folder small_bert_seed0 in the output folder and train with --seed 1: how much do
#     the guesses move?

if __name__ == "__main__":
    run_lesson(main)
