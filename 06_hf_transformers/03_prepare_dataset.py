"""06.3  Prepare a data set

What you will learn: how to look at labelled text before a model does, how to split it so that the
    test is honest, and how sentences become batches with a mask over the padding.
Needs: nothing but the installation
Writes to outputs/06_hf_transformers/: split.json, tokenizer/, lengths.png, leakage.png
Look for: a split that tears scenes apart shows the model their names and things before the test.
    Here that hardly changes the score, because the label is no property of a scene. Where it is
    one (a speaker, a patient, an author), the same mistake makes a bad model look excellent.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from dl_utils import COLOURS, new_figure, save_plot
from env_utils import atomic_write_json, lesson_parser, run_lesson, seed_everything
from hf_utils import LABELS, Sentence, Split, load_sentences, split_by_scene, train_tokenizer
from hf_utils.loading import atomic_folder, quiet_transformers
from hf_utils.sentences import split_by_sentence
from torch import Tensor

WORD = re.compile(r"[a-z']+")


def words_of(texts: Iterable[str]) -> Counter[str]:
    """How often each word occurs."""
    return Counter(word for text in texts for word in WORD.findall(text.lower()))


def look(sentences: Sequence[Sentence]) -> None:
    """What everybody should know about a data set: sizes, balance, duplicates, examples."""
    counts = Counter(LABELS[s.label] for s in sentences)
    texts = Counter(s.text.lower() for s in sentences)
    print(
        f"{len(sentences)} sentences in {len({s.scene for s in sentences})} scenes: {dict(counts)}"
    )
    print(f"Sentences that occur twice: {sum(n > 1 for n in texts.values())}")
    for label, name in enumerate(LABELS):
        lengths = [len(s.text.split()) for s in sentences if s.label == label]
        print(f"  {name:9} {np.mean(lengths):4.1f} words on average, at most {max(lengths)}")
        others = words_of(s.text for s in sentences if s.label != label)
        own = words_of(s.text for s in sentences if s.label == label)
        typical = sorted(own, key=lambda w: (others[w] + 1) / (own[w] + 1))[:8]
        print(f"            typical words: {', '.join(typical)}")


def scene_words(sentences: Sequence[Sentence]) -> set[str]:
    """Words that occur at least twice, and in one scene only: its people and its things."""
    counts = words_of(s.text for s in sentences)
    scenes: dict[str, set[str]] = {}
    for sentence in sentences:
        for word in words_of([sentence.text]):
            scenes.setdefault(word, set()).add(sentence.scene)
    return {word for word, where in scenes.items() if len(where) == 1 and counts[word] > 1}


def leaked(split: Split, marked: set[str]) -> float:
    """Share of the test part's ``marked`` words that the training part holds too."""
    in_test = marked & set(words_of(s.text for s in split.test))
    return len(in_test & set(words_of(s.text for s in split.train))) / len(in_test)


def naive_bayes_accuracy(split: Split) -> float:
    """Accuracy on the test part of counting words (add-one smoothing): the score to beat."""
    counts = [words_of(s.text for s in split.train if s.label == label) for label in (0, 1)]
    vocabulary = len(set(counts[0]) | set(counts[1]))
    totals = [c.total() + vocabulary for c in counts]
    right = 0
    for sentence in split.test:
        words = WORD.findall(sentence.text.lower())
        scores = [
            sum(np.log((c[w] + 1) / total) for w in words)
            for c, total in zip(counts, totals, strict=True)
        ]
        right += int(np.argmax(scores)) == sentence.label
    return right / len(split.test)


def pad_by_hand(rows: Sequence[Sequence[int]], pad_id: int) -> tuple[Tensor, Tensor]:
    """Rows of unequal length as ``input_ids (B, L)`` and ``attention_mask (B, L)`` of 0 and 1."""
    longest = max(len(row) for row in rows)
    ids = [[*row, *[pad_id] * (longest - len(row))] for row in rows]
    mask = [[1] * len(row) + [0] * (longest - len(row)) for row in rows]
    return torch.tensor(ids), torch.tensor(mask)


def show_batch(tokenizer: Any, texts: Sequence[str]) -> bool:
    """One batch by hand and by the tokenizer; whether they are equal."""
    rows = [tokenizer(text)["input_ids"] for text in texts]
    ids, mask = pad_by_hand(rows, tokenizer.pad_token_id)
    batch = tokenizer(list(texts), padding=True, return_tensors="pt")
    for row, keep in zip(ids.tolist(), mask.tolist(), strict=True):
        print("  " + " ".join(tokenizer.convert_ids_to_tokens(row)))
        print(f"      mask {''.join(map(str, keep))}")
    return bool((ids == batch["input_ids"]).all() and (mask == batch["attention_mask"]).all())


def plot_lengths(lengths: dict[str, list[int]], path: Path) -> None:
    """A histogram of the sentence lengths in tokens for each label."""
    figure = new_figure(8.0, 3.2)
    axes = figure.subplots()
    bins = np.arange(0, max(map(max, lengths.values())) + 2) - 0.5
    for colour, (name, values) in zip(COLOURS, lengths.items(), strict=False):
        axes.hist(values, bins, histtype="step", linewidth=2, color=colour, label=name)
    axes.set_xlabel("length of a sentence (tokens, with [CLS] and [SEP])")
    axes.set_ylabel("number of sentences")
    axes.set_title("Dialogue is shorter on average, but the lengths overlap widely")
    axes.legend(frameon=False)
    save_plot(figure, path)


def plot_leakage(shared: dict[str, list[float]], path: Path) -> None:
    """Leaked words for both ways of splitting, one dot a seed."""
    figure = new_figure(8.0, 2.4)
    axes = figure.subplots()
    for row, values in enumerate(shared.values()):
        axes.plot([100 * v for v in values], [row] * len(values), "o", color=COLOURS[row])
    axes.set_yticks(range(len(shared)), shared)
    axes.set_ylim(len(shared) - 0.5, -0.5)
    axes.set_xlim(-3, 103)
    axes.set_xlabel(
        "words of one scene in the test part that training has seen (%), one dot a seed"
    )
    axes.set_title("Torn scenes leak: their names and things are on both sides")
    axes.grid(axis="x", alpha=0.3)
    save_plot(figure, path)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    """Look, split, tokenize, pad; returns what was measured."""
    args = lesson_parser("06_hf_transformers", __doc__).parse_args(argv)
    seed_everything(args.seed)
    sentences = load_sentences()
    look(sentences)

    print("\nTwo ways to split, over several seeds:")
    seeds = range(args.seed, args.seed + (3 if args.smoke else 10))
    marked = scene_words(sentences)
    ways = {"by sentence": split_by_sentence, "by scene": split_by_scene}
    shared = {n: [leaked(w(sentences, seed=i), marked) for i in seeds] for n, w in ways.items()}
    bayes = {
        n: [naive_bayes_accuracy(w(sentences, seed=i)) for i in seeds] for n, w in ways.items()
    }
    for name in ways:
        print(
            f"  {name:12} words of one scene, seen before the test: {np.mean(shared[name]):4.0%};"
            f" naive Bayes on the test: {np.mean(bayes[name]):.1%}"
        )

    split = split_by_scene(sentences, seed=args.seed)
    tokenizer = train_tokenizer([s.text for s in split.train], vocab_size=1000)
    unknown = [tokenizer(s.text)["input_ids"].count(tokenizer.unk_token_id) for s in split.test]
    print(f"\nTokenizer: {len(tokenizer)} entries, learned from the training part alone;")
    print(f"unknown tokens in the test part: {sum(unknown)}. A batch of three:")
    equal = show_batch(tokenizer, [s.text for s in split.test[:12:5]])
    print(f"Padded by hand and by the tokenizer: {'equal' if equal else 'NOT equal'}")

    folder = args.output_dir
    with atomic_folder(folder / "tokenizer") as temporary, quiet_transformers():
        tokenizer.save_pretrained(temporary)
    parts = {n: [[s.scene, LABELS[s.label], s.text] for s in p] for n, p in split.parts().items()}
    atomic_write_json(folder / "split.json", parts)
    lengths = {
        name: [len(tokenizer(s.text)["input_ids"]) for s in sentences if LABELS[s.label] == name]
        for name in LABELS
    }
    plot_lengths(lengths, folder / "lengths.png")
    plot_leakage(shared, folder / "leakage.png")
    print(f"\nWritten: split.json, tokenizer/, lengths.png, leakage.png in {folder}")
    return {
        "sizes": {name: len(part) for name, part in split.parts().items()},
        "shared_scenes": len({s.scene for s in split.train} & {s.scene for s in split.test}),
        "scene_words_seen": {name: float(np.mean(v)) for name, v in shared.items()},
        "naive_bayes": {name: float(np.mean(v)) for name, v in bayes.items()},
        "padding_equal": equal,
        "unknown_tokens": sum(unknown),
    }


# Try this next
#  1. Take away "I", "you", "my" and "your" in naive_bayes_accuracy. How much of the task was in
#     four words?
#  2. Label the sample book with extract_dialogue of floor 01 and add it to the training part. Which
#     part must it never get into, and why not?
#  3. Train the tokenizer with vocab_size=200 and 4000. What happens to the lengths?

if __name__ == "__main__":
    run_lesson(main)
