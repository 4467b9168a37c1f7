"""05.4  Summarize

What you will learn: TextRank, which finds the sentences of a chapter that the others resemble; how
    a summary is judged; and how choosing sentences differs from writing new ones.
Needs: nothing but the installation (net: a small BART writes a summary too, if it can be had)
Writes to outputs/05_nlp/: summaries.md, sentence_ranks.png
Look for: TextRank shares more words with a summary written by hand than the first, the longest or
    random sentences do, and yet it does not tell the story. It chooses what is typical of a
    chapter, not what happens in it; the number cannot see the difference, you can.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from book_utils import FRONT_MATTER, Chapter, read_text, sample_book_path, split_chapters
from dl_utils import COLOURS, new_figure, save_plot
from env_utils import MissingDependencyError, atomic_write_text, lesson_parser, run_lesson
from numpy.typing import NDArray
from text_utils import cosine_similarity, fit_tfidf, rank_sentences, split_sentences
from text_utils.pretrained import load_summarizer
from text_utils.summarize import content_words, summarize

Floats = NDArray[np.float64]
LENGTH = 3  # sentences of a summary
DAMPING = 0.85
WRITTEN = {  # a summary of each chapter, written by hand: the yardstick
    1: "Nell Harrow begins work at the telephone company of Petrel Island. Mr. Pym, the engineer, "
    "shows her the clock in the cellar: a machine with three steel drums that tells the time on "
    "the telephone in seventy-nine recorded pieces of a woman's voice. Nell hears that the voice "
    "smiles when it says seven.",
    2: "On the paper tape Nell finds that line 214 calls the clock at 9:15 every evening for three "
    "minutes. She visits the house and meets Miss Garrick, a teacher who lost her voice in an "
    "operation and writes on a slate. Nell understands that she is the voice of the clock.",
    3: "A letter says that the company was bought and the old clock will be scrapped for digital "
    "equipment from Boston. Mr. Crane comes with a tape measure. In a storm the sea floods the "
    "cellar and destroys the two large drums; the voice stops. Nell tells Miss Garrick.",
    4: "Mr. Pym brings five reels of tape from 1951 on which Miss Garrick recorded the voice. They "
    "will not make her say words without asking, so they ask her. They build a box with "
    "ninety-six keys, one word each, and she chooses the words; one has to be made from pieces.",
    5: "Mr. Crane wants the tapes, but a contract of 1951 allows the voice to be used only for the "
    "time of day, and Miss Garrick answers him through the box. The island celebrates the new "
    "drums at nine fifteen. In the end the voice says the ninety-sixth word: Nell.",
}


# --- TextRank by hand ---------------------------------------------------------------------------


def walk(weights: Floats, steps: int, rng: np.random.Generator) -> Floats:
    """How often a random walker stands on each sentence: PageRank without any algebra.

    At each step the walker goes to a sentence that resembles this one (the more similar the
    likelier), or, with probability 1 - DAMPING, to any sentence at all.
    """
    number = len(weights)
    visits = np.zeros(number)
    votes = weights.copy()
    np.fill_diagonal(votes, 0.0)
    here = 0
    for _ in range(steps):
        total = votes[here].sum()
        if total > 0 and rng.random() < DAMPING:
            here = int(np.searchsorted(np.cumsum(votes[here]), rng.random() * total))
        else:
            here = int(rng.integers(number))
        visits[here] += 1
    shares: Floats = visits / steps
    return shares


# --- Judging a summary --------------------------------------------------------------------------


def overlap(summary: str, written: str) -> float:
    """ROUGE-1 F1 on content words: how many words a summary shares with the one written by hand.

    Precision is the share of the summary's words that the other has as well, recall the share of
    the other's words that the summary has; F1 is their harmonic mean.
    """
    ours, theirs = content_words(summary), content_words(written)
    shared = (ours & theirs).total()
    return 2 * shared / (ours.total() + theirs.total()) if shared else 0.0


def candidates(text: str, rng: np.random.Generator) -> dict[str, str]:
    """Summaries of one chapter by four methods, three of which do not read it."""
    sentences = split_sentences(text)
    random = sorted(rng.choice(len(sentences), LENGTH, replace=False))
    return {
        "random": " ".join(sentences[i] for i in random),
        "first": " ".join(sentences[:LENGTH]),
        "longest": " ".join(sorted(sentences, key=len)[-LENGTH:]),
        "TextRank": " ".join(summarize(text, LENGTH)),
    }


def draw(chapters: Sequence[Chapter], path: Path) -> None:
    """The rank of every sentence in the order of the book, the chosen ones marked."""
    figure = new_figure(7.3, 1.3 * len(chapters) + 0.8)
    panels = figure.subplots(len(chapters), 1, squeeze=False)[:, 0]
    for number, (axes, chapter) in enumerate(zip(panels, chapters, strict=True), start=1):
        sentences = split_sentences(chapter.text)
        rank = rank_sentences(sentences) * len(sentences)
        chosen = [sentences.index(sentence) for sentence in summarize(chapter.text, LENGTH)]
        places = np.arange(1, len(sentences) + 1)
        axes.bar(places, rank, color="0.7", width=1.0)
        axes.bar(places[chosen], rank[chosen], color=COLOURS[1], width=1.0)
        axes.set_ylabel(f"chapter {number}", fontsize=9)
    panels[0].set_title("Rank of each sentence (1 = average); orange ones make the summary")
    panels[-1].set_xlabel("sentence of the chapter")
    save_plot(figure, path)


def write_anew(chapters: Sequence[Chapter]) -> dict[int, str] | None:
    """Summaries that BART writes in its own words, if it can be had."""
    try:
        write = load_summarizer()
    except MissingDependencyError as error:
        print(f"\nBART is left out: {error}")
        return None
    return {number: write(chapter.text, 80) for number, chapter in enumerate(chapters, start=1)}


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    args = lesson_parser("05_nlp", __doc__).parse_args(argv)
    rng = np.random.default_rng(args.seed)
    chapters = [
        c for c in split_chapters(read_text(sample_book_path())) if c.title != FRONT_MATTER
    ][: 2 if args.smoke else None]

    sentences = split_sentences(chapters[0].text)
    weights = cosine_similarity(fit_tfidf(sentences, count=content_words).vectors(sentences))
    steps = 20_000 if args.smoke else 200_000
    walked, solved = walk(weights, steps, rng), rank_sentences(sentences)
    difference = float(np.abs(walked - solved).max())
    correlation = float(np.corrcoef(walked, solved)[0, 1])
    print(f"{len(sentences)} sentences in chapter 1; a walker of {steps} steps and the equation")
    print(f"agree: correlation {correlation:.3f}, largest difference {difference:.5f}")

    scores: dict[str, list[float]] = {}
    page = ["# Summaries of the sample book", ""]
    anew = write_anew(chapters)
    for number, chapter in enumerate(chapters, start=1):
        made = candidates(chapter.text, rng)
        if anew is not None:
            made["BART"] = anew[number]
        trials = [candidates(chapter.text, rng)["random"] for _ in range(50)]
        for name, summary in made.items():
            texts = trials if name == "random" else [summary]
            score = float(np.mean([overlap(text, WRITTEN[number]) for text in texts]))
            scores.setdefault(name, []).append(score)
        print(f"\n{chapter.title}\n  TextRank: {made['TextRank']}")
        page += [f"## {chapter.title}", "", f"TextRank: {made['TextRank']}", ""]
        page += [f"By hand: {WRITTEN[number]}", ""]
        page += [f"BART: {made['BART']}", ""] if "BART" in made else []

    print("\nWords shared with a summary written by hand (ROUGE-1 F1 on content words)")
    means = {name: float(np.mean(values)) for name, values in scores.items()}
    for name, value in means.items():
        print(f"  {name:<9} {value:.3f}")
    atomic_write_text(args.output_dir / "summaries.md", "\n".join(page))
    draw(chapters, args.output_dir / "sentence_ranks.png")
    print(f"\nWritten to {args.output_dir}: summaries.md, sentence_ranks.png")
    return {"rouge": means, "correlation": correlation, "largest_difference": difference}


# Try this next
#  1. Use the whole book as one text, three sentences in all. From which chapters do they come?
#  2. Leave the function words in (count=count_words in rank_sentences). Which sentences win now?
#  3. Forbid two chosen sentences whose cosine is above 0.3. Does the overlap grow?

if __name__ == "__main__":
    run_lesson(main)
