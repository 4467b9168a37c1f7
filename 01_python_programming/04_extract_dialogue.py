"""01.4  Extract dialogue

What you will learn: that quotation marks come in several kinds, how to walk through a text with a
  state ("inside" or "outside"), how a tag names the speaker, and how to measure a program that
  guesses: how often does it answer, and how often is the answer right?
Needs: nothing but the installation
Writes to outputs/01_python_programming/: dialogue.csv, who_speaks.png
Look for: tags name the speaker of about half of the speeches. Most of these names are right; the
  others are no names ("said the box"). The rest has "he" beside it, or nothing. Module 05 goes on
  from there.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from book_utils import (
    DialogueLine,
    extract_dialogue,
    read_text,
    sample_book_path,
    sample_book_speakers,
    split_chapters,
)
from env_utils import atomic_path, atomic_write_text, lesson_parser, run_lesson
from matplotlib.figure import Figure

BLUE, ORANGE = "#0072B2", "#D55E00"
EXAMPLES = {
    "straight quotes": '"Come in," said Ada. "It rains."',
    "curly quotes": "“Come in,” said Ada. “It rains.”",
    "a quote inside": "“She said ‘come in,’ and I came,” said Tom.",
    "two paragraphs": "“It rained all night.\n\n“It rained all day,” said Tom.",
    "British style": "‘It’s raining,’ said Ada.",
    "no speech at all": "It's 5 o'clock, and the dogs' bowls are empty.",
}


def straight_only(text: str) -> list[str]:
    """The first idea: whatever stands between two straight double quotes."""
    return re.findall(r'"([^"]*)"', text)


def speeches_by_hand(text: str) -> list[str]:
    """Walk through the text and remember whether we are inside a speech.

    A curly quote says whether it opens or closes; a straight one does the opposite of the last one.
    The end of a paragraph closes a speech: one that goes on over several paragraphs is opened again
    in each of them, and is closed only in the last (an old rule of printing).
    """
    speeches = []
    for paragraph in text.split("\n\n"):
        start: int | None = None
        for place, character in enumerate(paragraph):
            if character == "“" or (character == '"' and start is None):
                start = place + 1 if start is None else start
            elif character in '”"' and start is not None:
                speeches.append(paragraph[start:place].strip())
                start = None
        if start is not None:
            speeches.append(paragraph[start:].strip())
    return [speech for speech in speeches if speech]


def tag_by_hand(after: str) -> str | None:
    """The name in "said Mr. Pym" or "Mr. Pym said" at the start of what follows a speech."""
    name = r"((?:Mr|Mrs|Miss|Dr|Capt)\.? [A-Z]\w+|[A-Z]\w+)"
    found = re.match(rf"\s*(?:said|asked|cried) {name}|\s*{name} (?:said|asked|cried)\b", after)
    if found is None:
        return None
    named = found[1] or found[2]
    return None if named in ("He", "She", "They", "It", "I") else named


@dataclass(frozen=True)
class Score:
    """How good guesses are: the share of questions answered, and of the answers the share right."""

    answered: float
    right: float


def score(guesses: Sequence[str | None], truth: Sequence[str | None]) -> Score:
    """Compare guesses with what is known; speeches that nobody says are no question."""
    pairs = [(guess, known) for guess, known in zip(guesses, truth, strict=True) if known]
    answers = [(guess, known) for guess, known in pairs if guess]
    return Score(
        answered=len(answers) / len(pairs),
        right=sum(guess == known for guess, known in answers) / max(1, len(answers)),
    )


def dialogue_by_chapter(text: str) -> list[tuple[int, DialogueLine, str]]:
    """Chapter number, speech, and what follows it, for the whole book."""
    rows = []
    for chapter in split_chapters(text):
        if chapter.number is not None:
            for line in extract_dialogue(chapter.text):
                rows.append((chapter.number, line, chapter.text[line.end : line.end + 80]))
    return rows


def write_csv(rows: Sequence[tuple[int, DialogueLine, str]], path: Path) -> None:
    """One line for each speech. The csv module puts quotes around texts that hold commas."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["chapter", "speaker", "speech"])
    writer.writerows((number, line.speaker or "", line.text) for number, line, _ in rows)
    atomic_write_text(path, stream.getvalue())


def draw(counts: dict[str, tuple[int, int]], path: Path) -> None:
    """For each person the words that a tag names, and those that are really theirs."""
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    axes = figure.subplots()
    places = range(len(counts))
    axes.barh([place - 0.2 for place in places], [c[1] for c in counts.values()], 0.4, color=ORANGE,
              label="says in truth")  # fmt: skip
    axes.barh([place + 0.2 for place in places], [c[0] for c in counts.values()], 0.4, color=BLUE,
              label="named by a tag")  # fmt: skip
    axes.set_yticks(list(places), list(counts))
    axes.invert_yaxis()
    axes.set_xlabel("spoken words")
    axes.set_title("Tags name only a part of what everybody says")
    axes.legend(frameon=False)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=100)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    """Quotes of all kinds, the speeches of the book, their speakers, and how good the guess is."""
    parser = lesson_parser("01_python_programming", __doc__)
    parser.add_argument("--book", type=Path, default=None, help="a text file of your own")
    args = parser.parse_args(argv)
    print(f"{'':18}{'straight only':>14}{'by hand':>9}{'book_utils':>12}   (speeches found)")
    for name, example in EXAMPLES.items():
        found = straight_only(example), speeches_by_hand(example), extract_dialogue(example)
        print(f"{name:18}{len(found[0]):14}{len(found[1]):9}{len(found[2]):12}")

    rows = dialogue_by_chapter(read_text(args.book or sample_book_path()))
    write_csv(rows, args.output_dir / "dialogue.csv")
    named = Counter(line.speaker for _, line, _ in rows if line.speaker)
    print(f"the book has {len(rows)} speeches; tags name: {dict(named.most_common(6))}")
    measured: dict[str, object] = {"speeches": len(rows), "named": dict(named)}
    if args.book is None:
        known = sample_book_speakers()
        truth = [speech.speaker for speech in known]
        scores = {
            "by hand": score([tag_by_hand(after) for _, _, after in rows], truth),
            "book_utils": score([line.speaker for _, line, _ in rows], truth),
        }
        for name, value in scores.items():
            print(f"{name:10} answers {value.answered:.0%}; of these {value.right:.0%} are right")
        wrong = [
            (speech.text, line.speaker, speech.speaker)
            for speech, (_, line, _) in zip(known, rows, strict=True)
            if line.speaker and speech.speaker and line.speaker != speech.speaker
        ]
        for text, guess, right in wrong[:3]:
            print(f"   {text[:40]!r}: the tag says {guess}, it is {right}")
        words = {name: [0, 0] for name in dict.fromkeys(filter(None, truth))}
        for speech, (_, line, _) in zip(known, rows, strict=True):
            length = len(speech.text.split())
            if speech.speaker:
                words[speech.speaker][1] += length
                words[speech.speaker][0] += length if line.speaker == speech.speaker else 0
        draw({n: (w[0], w[1]) for n, w in words.items()}, args.output_dir / "who_speaks.png")
        for name, value in scores.items():
            measured[name] = {"answered": value.answered, "right": value.right}
    print(f"The table and the plot are in {args.output_dir}.")
    return measured


# Try this next
#  1. Add "whispered" and "replied" to tag_by_hand. How many more answers, and are they right?
#  2. Two people take turns. Give an unnamed speech to the one who spoke last but one, and measure.
#  3. Print the speeches of one person only. Is there a word that only she or he uses?

if __name__ == "__main__":
    run_lesson(main)
