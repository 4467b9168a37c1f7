"""05.3  Sentiment arc

What you will learn: how a classifier of moods is trained from a few hundred labelled sentences and
    judged on sentences it has not seen; how its answers over a book become an arc, and the arc a
    pace for the narrator.
Needs: nothing but the installation (net: DistilBERT is compared if it can be had)
Writes to outputs/05_nlp/: narration_pace.json, sentiment_arc.png, pace.html
Look for: two axes. How pleasant a sentence is can be learned less well than how excited it is, and
    it is the excitement that a narrator's tempo follows: fear and joy are quick, grief is slow.
    Chapters hardly differ, because each is a mixture; passages do: find the flood in the plot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from book_utils import FRONT_MATTER, Chapter, read_text, sample_book_path, split_chapters
from dl_utils import COLOURS, new_figure, save_plot
from env_utils import MissingDependencyError, atomic_write_json, lesson_parser, run_lesson
from numpy.typing import NDArray
from text_utils import MoodModel, load_mood_sentences, split_sentences, train_mood_model
from text_utils.mood import MoodSentence, mood_features
from text_utils.pretrained import load_sentiment
from tts_utils import Clip, EspeakEngine, EspeakOptions, write_listening_page

FOLDS = 5
USUAL_PACE = 165  # words a minute
PASSAGE = 12  # sentences that are judged together
STRENGTH = 0.25  # how much of a passage's energy goes into its pace
LARGEST = 0.1  # nothing is read more than 10 % faster or slower than the book


# --- Naive Bayes by hand ------------------------------------------------------------------------


def train_naive_bayes(texts: Sequence[str], labels: Sequence[int]) -> dict[str, float]:
    """For each word the logarithm of how much likelier it is in a positive text.

    Laplace's rule: every word was seen once more than it was, so that none has probability zero.
    """
    counts: dict[int, Counter[str]] = {+1: Counter(), -1: Counter()}
    for text, label in zip(texts, labels, strict=True):
        counts[label].update(mood_features(text).keys())
    words = counts[+1].keys() | counts[-1].keys()
    totals = {label: count.total() + len(words) for label, count in counts.items()}
    return {
        word: float(np.log((counts[+1][word] + 1) / totals[+1]))
        - float(np.log((counts[-1][word] + 1) / totals[-1]))
        for word in sorted(words)
    }


def naive_bayes(model: dict[str, float], text: str) -> int:
    """+1 if the words of ``text`` speak for a positive one when each is taken by itself."""
    score = sum(model.get(word, 0.0) for word in mood_features(text))  # classes equally common
    return 1 if score > 0 else -1


# --- Honest numbers -----------------------------------------------------------------------------


def folds(number: int, seed: int) -> list[NDArray[np.int64]]:
    """The indices 0 .. ``number`` - 1, shuffled and dealt into FOLDS parts."""
    return np.array_split(np.random.default_rng(seed).permutation(number), FOLDS)


def cross_validate(sentences: Sequence[MoodSentence], seed: int) -> dict[str, float]:
    """Accuracies on sentences that the model that judges them has not been trained on."""
    right: dict[str, list[bool]] = {"naive Bayes, valence": [], "valence": [], "energy": []}
    for part in folds(len(sentences), seed):
        held_out = [sentences[i] for i in part]
        training = [sentences[i] for i in sorted(set(range(len(sentences))) - set(part.tolist()))]
        bayes = train_naive_bayes([s.text for s in training], [s.valence for s in training])
        answers = train_mood_model(training).predict([s.text for s in held_out])
        for s, (valence, energy) in zip(held_out, answers, strict=True):
            right["naive Bayes, valence"].append(naive_bayes(bayes, s.text) == s.valence)
            right["valence"].append((valence > 0) == (s.valence > 0))
            right["energy"].append((energy > 0) == (s.energy > 0))
    return {name: float(np.mean(hits)) for name, hits in right.items()}


def compare_transformer(sentences: Sequence[MoodSentence]) -> float | None:
    """The valence accuracy of a transformer trained on film reviews, if it can be had."""
    try:
        classify = load_sentiment()
    except MissingDependencyError as error:
        print(f"  DistilBERT is left out: {error}")
        return None
    answers = classify([s.text for s in sentences])
    right = [(v > 0) == (s.valence > 0) for v, s in zip(answers, sentences, strict=True)]
    print(f"  DistilBERT, valence (not trained on these at all): {np.mean(right):.1%}")
    return float(np.mean(right))


# --- From sentences to a pace -------------------------------------------------------------------


@dataclass(frozen=True)
class Passage:
    """About a dozen sentences of one chapter, their mean mood, and how fast to read them."""

    chapter: int
    sentences: list[str]
    valence: float
    energy: float
    pace: float = 1.0


def read_passages(model: MoodModel, chapters: Sequence[Chapter]) -> list[Passage]:
    """The book in passages. One sentence is too short to judge, a chapter is a mixture of moods."""
    passages: list[Passage] = []
    for number, chapter in enumerate(chapters, start=1):
        sentences = split_sentences(chapter.text)
        for part in np.array_split(np.arange(len(sentences)), max(1, len(sentences) // PASSAGE)):
            texts = [sentences[i] for i in part]
            valence, energy = model.predict(texts).mean(axis=0)
            passages.append(Passage(number, texts, float(valence), float(energy)))
    usual = float(np.mean([passage.energy for passage in passages]))
    return [replace(p, pace=pace_for(p.energy - usual)) for p in passages]


def pace_for(excess: float) -> float:
    """1.0 is the usual pace; ``excess`` is how much more excited a passage is than the book."""
    return 1 + float(np.clip(STRENGTH * excess, -LARGEST, LARGEST))


def chapter_rows(
    chapters: Sequence[Chapter], passages: Sequence[Passage]
) -> list[dict[str, object]]:
    """What the narrator gets: every chapter with its pace, and the passages in it with theirs."""
    rows: list[dict[str, object]] = []
    for number, chapter in enumerate(chapters, start=1):
        own = [p for p in passages if p.chapter == number]
        mean = {
            name: float(np.mean([getattr(p, name) for p in own]))
            for name in ("valence", "energy", "pace")
        }
        parts = [{"sentences": len(p.sentences), "pace": round(p.pace, 3)} for p in own]
        rows.append({"title": chapter.title, **mean, "passages": parts})
    return rows


def draw(passages: Sequence[Passage], path: Path) -> None:
    """The arc over the passages of the book, and the pace of each."""
    figure = new_figure(7.3, 5.0)
    arc, bars = figure.subplots(2, 1, height_ratios=[2, 1], sharex=True)
    places = np.arange(1, len(passages) + 1)
    arc.plot(places, [p.valence for p in passages], "o-", color=COLOURS[0],
             label="valence (unpleasant to pleasant)")  # fmt: skip
    arc.plot(places, [p.energy for p in passages], "s--", color=COLOURS[1],
             label="energy (calm to excited)")  # fmt: skip
    chapters = [p.chapter for p in passages]
    for number in dict.fromkeys(chapters):
        own = places[[c == number for c in chapters]]
        arc.text(own.mean(), 1.01, f"chapter {number}", ha="center", va="bottom",
                 transform=arc.get_xaxis_transform(), fontsize=9)  # fmt: skip
        for axes in (arc, bars):
            axes.axvline(own[-1] + 0.5, color="0.8", linewidth=1)
    arc.set_ylabel("mean of the passage")
    arc.set_title("The mood of the book, and the pace that follows its energy", pad=18)
    arc.legend(frameon=False, fontsize=9)
    bars.bar(places, [100 * (p.pace - 1) for p in passages], color=COLOURS[1], width=0.7)
    bars.axhline(0, color="0.3", linewidth=1)
    bars.set_xlabel(f"passage (about {PASSAGE} sentences)")
    bars.set_ylabel("pace (% faster)")
    save_plot(figure, path)


def speak(passages: Sequence[Passage], path: Path) -> None:
    """A page with the beginnings of the slowest and the fastest passage, each at its own pace."""
    clips: list[Clip] = []
    slow, fast = (choose(passages, key=lambda p: p.pace) for choose in (min, max))
    for name, passage in (("the slowest passage", slow), ("the fastest passage", fast)):
        rate = round(USUAL_PACE * passage.pace)
        engine = EspeakEngine(EspeakOptions(words_per_minute=rate))
        audio = engine.synthesize(" ".join(passage.sentences[:3]))
        label = f"Chapter {passage.chapter}, {name}"
        clips.append(Clip(label, audio.samples, audio.sample_rate, f"{rate} words a minute"))
    intro = (
        f"The first three sentences of each, by espeak-ng; usual are {USUAL_PACE} words a minute."
    )
    write_listening_page(path, "Pace from mood", intro, clips)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    parser = lesson_parser("05_nlp", __doc__)
    parser.add_argument("--book", type=Path, default=None, help="another text (default: our story)")
    args = parser.parse_args(argv)
    sentences = load_mood_sentences()
    if args.smoke:
        sentences = sentences[:160]
    moods_there = ", ".join(f"{n} {m}" for m, n in Counter(s.mood for s in sentences).items())
    print(f"{len(sentences)} labelled sentences: {moods_there}")

    accuracy = cross_validate(sentences, args.seed)
    print(f"Accuracy on held-out sentences ({FOLDS} folds; guessing gets 50 %)")
    for name, value in accuracy.items():
        print(f"  {name:<22} {value:.1%}")
    transformer = compare_transformer(sentences)

    model = train_mood_model(sentences)
    order = np.argsort(model.valence.weights)
    words = [model.tfidf.vocabulary[i] for i in order]
    print(f"Most unpleasant: {', '.join(words[:8])}\nMost pleasant:   {', '.join(words[:-9:-1])}")
    for text in ("He was glad.", "He was not glad.", "The train left at nine."):
        valence, energy = model.predict([text])[0]
        print(f"  {text:<24} valence {valence:+.2f}, energy {energy:+.2f}")

    book = read_text(args.book or sample_book_path())
    chapters = [c for c in split_chapters(book) if c.title != FRONT_MATTER]
    passages = read_passages(model, chapters)
    rows = chapter_rows(chapters, passages)
    print("\nvalence  energy   pace   chapter")
    for row in rows:
        print("{valence:+7.2f} {energy:+7.2f} {pace:6.3f}   {title}".format_map(row))
    for name, end in (("calmest", min), ("most excited", max)):
        passage = end(passages, key=lambda p: p.energy)
        opening = " ".join(passage.sentences[:4])[:150]
        where = f"chapter {passage.chapter}, pace {passage.pace:.2f}"
        print(f"The {name} passage ({where}): {opening} ...")

    plan = {"words_per_minute": USUAL_PACE, "chapters": rows}
    atomic_write_json(args.output_dir / "narration_pace.json", plan)
    draw(passages, args.output_dir / "sentiment_arc.png")
    speak(passages, args.output_dir / "pace.html")
    print(f"\nWritten to {args.output_dir}: narration_pace.json, sentiment_arc.png, pace.html")
    return {
        "valence_accuracy": accuracy["valence"],
        "energy_accuracy": accuracy["energy"],
        "naive_bayes_accuracy": accuracy["naive Bayes, valence"],
        "transformer_accuracy": transformer,
        "chapter_pace": [row["pace"] for row in rows],
        "passage_pace": [passage.pace for passage in passages],
        "darkest_chapter": min(passages, key=lambda p: p.valence).chapter,
        "fastest_chapter": max(passages, key=lambda p: p.pace).chapter,
    }


# Try this next
#  1. Judge the model on its own training sentences. How much better does it look, and why is that
#     number worth nothing?
#  2. Take the negation out of mood_features. Which of the three test sentences notices?
#  3. Write ten sentences of your own, label them, and let the model answer. Then add them to
#     text_utils/mood_sentences.tsv and look at the held-out accuracy again.

if __name__ == "__main__":
    run_lesson(main)
