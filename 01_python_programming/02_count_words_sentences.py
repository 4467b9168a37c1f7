"""01.2  Count words and sentences

What you will learn: that "what is a word?" has several answers, why splitting at full stops finds
  too many sentences, how to count with dictionaries, and what word counts of all texts look like.
Needs: nothing but the installation
Writes to outputs/01_python_programming/: statistics.json, word_frequencies.png,
  sentence_lengths.png
Look for: the dots of the first plot lie near a straight line. By Zipf's law the second most
  frequent word occurs half as often as the first, the third a third as often; in a short book the
  common words fall off more slowly than that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from book_utils import (
    count_words,
    read_text,
    sample_book_path,
    split_chapters,
    split_paragraphs,
    text_statistics,
)
from env_utils import atomic_path, atomic_write_json, lesson_parser, run_lesson
from matplotlib.figure import Figure

BLUE, ORANGE = "#0072B2", "#D55E00"
ABBREVIATIONS = ("Mr.", "Mrs.", "Dr.", "Capt.", "St.", "No.", "Co.", "Nov.", "Inc.", "lbs.", "a.m.")
_WORD_CHARACTERS = "'’-"


def words_at_spaces(text: str) -> list[str]:
    """The first idea: whatever stands between spaces. "Hello," and "hello" are two words then."""
    return text.split()


def words_by_hand(text: str) -> list[str]:
    """Runs of letters and digits, in small letters; apostrophes and hyphens count inside a word.

    One character after the other, which a regular expression does in one line (see book_utils).
    """
    words: list[str] = []
    current = ""
    for place, character in enumerate([*text, " "]):
        following = text[place + 1] if place + 1 < len(text) else " "
        inside = current and character in _WORD_CHARACTERS and following.isalnum()
        if character.isalnum() or inside:
            current += "'" if character == "’" else character.lower()
        elif current:
            words.append(current)
            current = ""
    return words


def sentences_at_stops(text: str) -> int:
    """The first idea: count full stops, question and exclamation marks. 3.35 has one, too."""
    return sum(text.count(mark) for mark in ".!?")


def sentences_with_rules(text: str) -> int:
    """Closing marks before a space, unless an abbreviation ends there or a small letter follows."""
    ends = 0
    for found in re.finditer(r"[.!?…]+[”’\"')]*(?=\s|$)", text):
        before = text[: found.end()].split()[-1].lstrip("“‘\"'(")
        following = text[found.end() :].lstrip()[:1]
        ends += before not in ABBREVIATIONS and not following.islower()
    return ends


def sentence_lengths(text: str) -> list[int]:
    """Words in each sentence of a paragraph, by the same rules."""
    lengths = []
    for paragraph in split_paragraphs(text):
        start = 0
        for found in re.finditer(r"[.!?…]+[”’\"')]*(?=\s|$)", paragraph):
            if sentences_with_rules(paragraph[start : found.end() + 2]):
                lengths.append(len(words_by_hand(paragraph[start : found.end()])))
                start = found.end()
    return [length for length in lengths if length]


def draw_frequencies(counts: Counter[str], path: Path) -> None:
    """Rank against frequency on logarithmic axes, with the line that Zipf's law draws."""
    ordered = counts.most_common()
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    ranks = range(1, len(ordered) + 1)
    axes.loglog(ranks, [count for _, count in ordered], ".", color=BLUE, label="the book")
    axes.loglog(
        ranks, [ordered[0][1] / rank for rank in ranks], color=ORANGE, label="first count / rank"
    )
    for rank in (1, 3, 10, 30, 100):
        if rank <= len(ordered):
            word, count = ordered[rank - 1]
            axes.annotate(word, (rank, count), (4, 5), textcoords="offset points")
    axes.set_xlabel("rank of the word")
    axes.set_ylabel("occurrences")
    axes.set_title("A few words make up most of a text")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=100)


def draw_lengths(lengths: Sequence[int], path: Path) -> None:
    """How many sentences have how many words: what a narrator's breath has to last for."""
    figure = Figure(figsize=(8, 3), layout="constrained")
    axes = figure.subplots()
    axes.hist(lengths, bins=range(1, max(lengths) + 2), color=BLUE)
    axes.set_xlabel("length of the sentence (words)")
    axes.set_ylabel("sentences")
    axes.set_title("Dialogue makes short sentences; a few long ones need a breath in between")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=100)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    """Count the book in naive and in better ways, and draw it."""
    parser = lesson_parser("01_python_programming", __doc__)
    parser.add_argument("--book", type=Path, default=None, help="a text file of your own")
    args = parser.parse_args(argv)
    text = read_text(args.book or sample_book_path())
    if args.smoke:
        text = max((chapter.text for chapter in split_chapters(text)), key=len)

    counts = count_words(text)
    naive = words_at_spaces(text)
    print(f"words between spaces: {len(naive)}, of which {len(set(naive))} are different")
    print(f"words by our rules:   {counts.total()}, of which {len(counts)} are different")
    agree = Counter(words_by_hand(text)) == counts
    print(f"the loop by hand and the regular expression agree: {agree}")
    stops, rules = sentences_at_stops(text), sentences_with_rules(text)
    print(f"closing marks: {stops}; sentences by the rules: {rules}")
    hidden = [word for word in sorted(set(naive)) if word.strip("“”‘’\"'") in ABBREVIATIONS]
    print(f"abbreviations that end in a full stop here: {', '.join(hidden) or 'none'}")

    statistics = text_statistics(text)
    share = sum(count for _, count in counts.most_common(10)) / counts.total()
    once = sum(count == 1 for count in counts.values()) / len(counts)
    print(
        f"the ten most frequent words are {share:.0%} of the text;"
        f" {once:.0%} of the different words occur once"
    )
    print(f"read aloud at 150 words a minute it lasts {statistics.minutes:.0f} minutes")
    lengths = sentence_lengths(text)
    draw_frequencies(counts, args.output_dir / "word_frequencies.png")
    draw_lengths(lengths, args.output_dir / "sentence_lengths.png")
    measured: dict[str, object] = {
        "words": counts.total(),
        "distinct_words": len(counts),
        "by_hand_agrees": agree,
        "closing_marks": stops,
        "sentences": rules,
        "longest_sentence": max(lengths),
        "ten_most_common_share": share,
        "once_share": once,
        "minutes": statistics.minutes,
        "common": statistics.common,
    }
    atomic_write_json(args.output_dir / "statistics.json", measured)
    print(f"The numbers and two plots are in {args.output_dir}.")
    return measured


# Try this next
#  1. Leave out the words that every text has (the, and, a, it ...). What are the book's own words?
#  2. Print the ten longest sentences and read them aloud. Where would you breathe?
#  3. Compare two books of your own: does the share of words that occur once depend on the length?

if __name__ == "__main__":
    run_lesson(main)
