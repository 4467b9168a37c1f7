"""05.1  Tokenize text

What you will learn: how byte-pair encoding learns a vocabulary by counting pairs, why no text is
    unknown to it, and what a larger vocabulary buys.
Needs: nothing but the installation (the `tokenizers` library, if it is there, trains beside us)
Writes to outputs/05_nlp/: bpe_merges.tsv, bpe_tokenizer.json, tokens_per_word.png
Look for: the first merges are letters that English puts together all the time; whole words come
    later, then names of this one book. On a chapter that was not trained on, the gain levels off.
"""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from book_utils import read_text, sample_book_path, split_chapters
from dl_utils import COLOURS, new_figure, save_plot
from env_utils import (
    atomic_write_json,
    atomic_write_text,
    lesson_parser,
    run_lesson,
)
from text_utils import BytePairTokenizer, train_bpe
from text_utils.bpe import BASE, PIECE, Pair, merge, pieces

FIRST = "low low low low low lower lower newest newest newest newest newest newest"


# --- Byte-pair encoding by hand -----------------------------------------------------------------


def count_pairs(split: dict[str, list[bytes]], frequency: Counter[str]) -> Counter[Pair]:
    """How often each pair of neighbouring tokens occurs in all pieces together."""
    counts: Counter[Pair] = Counter()
    for piece, parts in split.items():
        for pair in pairwise(parts):
            counts[pair] += frequency[piece]  # a piece that occurs 7 times counts 7 times
    return counts


def train_by_hand(text: str, merges: int) -> list[tuple[Pair, int]]:
    """The first ``merges`` merges and their counts. Everything is counted anew after each one."""
    frequency = Counter(pieces(text))
    split = {piece: [bytes([b]) for b in piece.encode("utf-8")] for piece in frequency}
    number = {token: index for index, token in enumerate(BASE)}
    learned: list[tuple[Pair, int]] = []
    for _ in range(merges):
        counts = count_pairs(split, frequency)
        if not counts:
            break
        # The most frequent pair; among equals the one whose tokens were there first.
        best = min(counts, key=lambda p: (-counts[p], number[p[0]], number[p[1]]))
        learned.append((best, counts[best]))
        number.setdefault(best[0] + best[1], len(number))
        split = {piece: merge(parts, best) for piece, parts in split.items()}
    return learned


def shown(token: bytes) -> str:
    """A token for the screen: a space as an underscore, half a character as its bytes."""
    try:
        return token.decode("utf-8").replace(" ", "_").replace("\n", "\\n")
    except UnicodeDecodeError:
        return repr(token)[2:-1]


def first_example() -> None:
    """Five merges on thirteen words: small enough to check with a pencil."""
    print(f"Text: {FIRST}")
    for (left, right), count in train_by_hand(FIRST, 5):
        new = shown(left + right)
        print(f"  {shown(left):>5} + {shown(right):<5} occurs {count:2} times -> {new}")


# --- The same with a library --------------------------------------------------------------------


def train_with_library(text: str, vocabulary_size: int) -> list[int] | None:
    """Ids of ``text`` by a byte-level BPE of the ``tokenizers`` library trained on it here."""
    if importlib.util.find_spec("tokenizers") is None:
        print('The tokenizers library is not installed: pip install "voice-cloning-pipeline[hf]".')
        return None
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECE), behavior="isolated"),  # cut where we cut
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),  # text to bytes
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([text], trainer)
    ids: list[int] = tokenizer.encode(text).ids
    return ids


# --- What a vocabulary buys ---------------------------------------------------------------------


def tokens_per_word(tokenizer: BytePairTokenizer, text: str) -> float:
    """How many tokens a word of ``text`` costs, punctuation and spaces included."""
    return len(tokenizer.encode(text)) / len(text.split())


def compare_sizes(training: str, unseen: str, sizes: Sequence[int]) -> dict[str, list[float]]:
    """Tokens per word for several vocabularies, on the training text and on another one."""
    full = train_bpe(training, max(sizes))
    curves: dict[str, list[float]] = {"trained on": [], "not seen before": []}
    for size in sizes:
        # Merges are learned one after the other, so a smaller tokenizer is the larger one's start.
        tokenizer = BytePairTokenizer(full.merges[: size - len(BASE)])
        curves["trained on"].append(tokens_per_word(tokenizer, training))
        curves["not seen before"].append(tokens_per_word(tokenizer, unseen))
        print(f"  {size:5}  {curves['trained on'][-1]:6.2f}  {curves['not seen before'][-1]:6.2f}")
    return curves


def draw(sizes: Sequence[int], curves: dict[str, list[float]], path: Path) -> None:
    """Tokens per word over the size of the vocabulary."""
    figure = new_figure(7.3, 3.6)
    axes = figure.subplots()
    for colour, marker, (name, values) in zip(COLOURS, "os", curves.items(), strict=False):
        axes.plot(sizes, values, marker=marker, color=colour, label=f"chapters {name}")
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.set_xlabel("size of the vocabulary (tokens)")
    axes.set_ylabel("tokens per word")
    axes.set_title("A larger vocabulary: fewer tokens, but less gain on text not seen before")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    save_plot(figure, path)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    parser = lesson_parser("05_nlp", __doc__)
    parser.add_argument("--book", type=Path, default=None, help="another text (default: our story)")
    args = parser.parse_args(argv)
    first_example()

    chapters = [c.text for c in split_chapters(read_text(args.book or sample_book_path()))]
    training, unseen = "\n\n".join(chapters[:-1]) or chapters[0], chapters[-1]
    if args.smoke:
        training = training[:6000]
    sizes = [256, 300, 400, 512] if args.smoke else [256, 300, 400, 512, 768, 1024, 1536, 2048]
    sizes = [min(size, len(train_bpe(training, max(sizes)))) for size in sizes]

    merges = 60
    learned = train_by_hand(training, merges)
    tokenizer = train_bpe(training, sizes[-1])
    agrees = [pair for pair, _ in learned] == list(tokenizer.merges[:merges])
    print(
        f"\nThe first merges of the book: {', '.join(shown(a + b) for (a, b), _ in learned[:16])}"
    )
    print(f"By hand and text_utils learn the same {merges} merges: {agrees}")

    library = train_with_library(training, sizes[-1])
    same = None if library is None else library == tokenizer.encode(training)
    if same is not None:
        print(f"The tokenizers library gives the same {len(library or [])} ids: {same}")

    sample = "Nell soldered the naïve clock’s wire 🙂"
    ids = tokenizer.encode(sample)
    parts = " | ".join(shown(tokenizer.tokens[i]) for i in ids)
    print(f"\n{sample}\n  {len(ids)} tokens: {parts}\n  decoded again: {tokenizer.decode(ids)}")

    print("\nTokens per word\n  size   trained  unseen")
    curves = compare_sizes(training, unseen, sizes)

    rows = [f"{rank}\t{shown(a)}\t{shown(b)}" for rank, (a, b) in enumerate(tokenizer.merges, 1)]
    atomic_write_text(args.output_dir / "bpe_merges.tsv", "\n".join(["rank\tleft\tright", *rows]))
    atomic_write_json(args.output_dir / "bpe_tokenizer.json", tokenizer.to_dict())
    draw(sizes, curves, args.output_dir / "tokens_per_word.png")
    print(
        f"\nWritten to {args.output_dir}: bpe_merges.tsv, bpe_tokenizer.json, tokens_per_word.png"
    )
    return {
        "vocabulary": len(tokenizer),
        "by_hand_agrees": agrees,
        "library_agrees": same,
        "round_trip": tokenizer.decode(ids) == sample,
        "tokens_per_word_bytes": curves["not seen before"][0],
        "tokens_per_word": curves["not seen before"][-1],
    }


# Try this next
#  1. Encode a sentence in another language with the tokenizer of the story. How many tokens does a
#     word cost now, and why is no token unknown?
#  2. In train_by_hand, break ties the other way (the larger ids first). Which merge is the first to
#     differ from the library's?
#  3. Leave out pieces(): treat the whole text as one piece. Which merges reach across words now?

if __name__ == "__main__":
    run_lesson(main)
