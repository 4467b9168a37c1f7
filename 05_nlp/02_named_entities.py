"""05.2  Named entities

What you will learn: how a program finds names, places, dates and sums of money; how good it is, in
    precision and recall; and how the names of a book become its cast.
Needs: spaCy (in the extra "course"). A trained English pipeline is used if one is installed:
    python -m spacy download en_core_web_sm
Writes to outputs/05_nlp/: entities.json, cast.json, cast.png
Look for: the second score. The rules were written with the first story at hand and find nearly
    everything in it; a second story, written afterwards, shows what they are really worth.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from book_utils import FRONT_MATTER, Chapter, read_text, sample_book_path, split_chapters
from dl_utils import COLOURS, new_figure, save_plot
from env_utils import atomic_write_json, lesson_parser, run_lesson
from text_utils import (
    Character,
    Entity,
    Scores,
    find_cast,
    find_entities,
    rule_pipeline,
    score_sets,
    trained_pipeline,
)
from text_utils.entities import LABELS, learn_names, people_in

GOLD = Path(__file__).with_name("gold")
SENTENCE = "Mr. Pym paid $40 in Boston on May 3, 1986."
Found = set[tuple[int, str, str]]  # chapter, label, text


def naive_names(text: str) -> set[str]:
    """The first idea: whatever is written with a capital is a name."""
    words = (word.strip(".,;:!?“”‘’()").removesuffix("’s") for word in text.split())
    return {word for word in words if word[:1].isupper()}


def body(text: str) -> list[Chapter]:
    """The chapters of a book without its front matter."""
    return [chapter for chapter in split_chapters(text) if chapter.title != FRONT_MATTER]


def entities_by_chapter(pipeline: Any, chapters: Iterable[Chapter]) -> dict[int, list[Entity]]:
    """The entities of each chapter, by the chapter's place in the book (from 1)."""
    return {i: find_entities(pipeline, c.text) for i, c in enumerate(chapters, start=1)}


def distinct(found: dict[int, list[Entity]]) -> Found:
    """Each entity once a chapter: that is what the gold files list."""
    return {(chapter, e.label, e.text) for chapter, list_ in found.items() for e in list_}


def read_gold(name: str) -> Found:
    """What was found by hand: a table of chapter, label and entity."""
    rows = (line.split("\t") for line in read_text(GOLD / name).splitlines()[1:])
    return {(int(chapter), label, entity) for chapter, label, entity in rows}


def report(title: str, truth: Found, answer: Found) -> Scores:
    """Print the scores of each label and of all together, and the mistakes."""
    print(f"\n{title}\n  label    there  found  precision  recall    F1")
    for label in LABELS:
        own = ({x for x in side if x[1] == label} for side in (truth, answer))
        _line(label, score_sets(*own))
    scores = score_sets(truth, answer)
    _line("all", scores)
    for name, mistakes in (("missed", truth - answer), ("false", answer - truth)):
        shown = "; ".join(f"{text} ({label})" for _, label, text in sorted(mistakes))
        print(f"  {name}: {shown or '-'}")
    return scores


def _line(label: str, scores: Scores) -> None:
    there = scores.true_positives + scores.false_negatives
    found = scores.true_positives + scores.false_positives
    numbers = f"{scores.precision:9.2f}  {scores.recall:6.2f}  {scores.f1:4.2f}"
    print(f"  {label:<8} {there:5}  {found:5}  {numbers}")


def cast_of(found: dict[int, list[Entity]], chapters: Sequence[Chapter]) -> list[Character]:
    """The persons of a book, each with all names."""
    names: Counter[str] = Counter()
    for number, chapter in enumerate(chapters, start=1):
        names += people_in(found[number], chapter.text)
    return find_cast(names, "\n\n".join(chapter.text for chapter in chapters))


def draw_cast(
    cast: Sequence[Character],
    found: dict[int, list[Entity]],
    chapters: Sequence[Chapter],
    path: Path,
) -> None:
    """Who is named in which chapter, and how often."""
    table: dict[str, list[int]] = defaultdict(list)
    for number, chapter in enumerate(chapters, start=1):
        names = people_in(found[number], chapter.text)
        for person in cast:
            table[person.name].append(sum(names[form] for form in person.forms))
    figure = new_figure(7.3, 3.6)
    axes = figure.subplots()
    left = [0] * len(chapters)
    places = range(1, len(chapters) + 1)
    for i, (name, counts) in enumerate(table.items()):
        axes.barh(places, counts, left=left, color=COLOURS[i % 7], label=name)
        left = [a + b for a, b in zip(left, counts, strict=True)]
    axes.set_yticks(places, [f"chapter {number}" for number in places])
    axes.invert_yaxis()
    axes.set_xlabel("times named")
    axes.set_title("Who the book is about: names in each chapter")
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    save_plot(figure, path)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    args = lesson_parser("05_nlp", __doc__).parse_args(argv)
    book = read_text(sample_book_path())
    chapters = body(book)[: 2 if args.smoke else None]
    second = body(read_text(GOLD / "unseen.txt"))

    naive = naive_names(chapters[0].text)
    print(f"Capital letters alone find {len(naive)} 'names' in chapter 1, among them:")
    print(f"  {', '.join(sorted(naive)[:14])} ...")

    trained = trained_pipeline()
    kind = "rules on a blank pipeline" if trained is None else f"trained, {trained.meta['name']}"
    print(f"\nspaCy pipeline: {kind}")
    if trained is None:
        print("  (none is installed; python -m spacy download en_core_web_sm would bring one)")
    rules = rule_pipeline(book)
    for token in rules(SENTENCE):
        print(f"  {token.text:<8} shape {token.shape_:<6} entity {token.ent_type_ or '-'}")
    print(f"Names that the book gives away: {', '.join(learn_names(book))}")

    truth = {row for row in read_gold("entities.tsv") if row[0] <= len(chapters)}
    found = entities_by_chapter(trained or rules, chapters)
    scores = report("The sample book, against the list made by hand", truth, distinct(found))

    # The second story has its own names; the rules learn them from it, its gold list is untouched.
    other = trained or rule_pipeline(read_text(GOLD / "unseen.txt"))
    unseen = report(
        "A story written after the rules",
        read_gold("unseen_entities.tsv"),
        distinct(entities_by_chapter(other, second)),
    )

    cast = cast_of(found, chapters)
    print("\nThe cast")
    for person in cast:
        forms = ", ".join(person.forms)
        print(f"  {person.mentions:3} times  {person.pronoun or '?':<4} {person.name:<14} {forms}")
    draw_cast(cast, found, chapters, args.output_dir / "cast.png")
    atomic_write_json(args.output_dir / "cast.json", [vars(person) for person in cast])
    listed = {str(n): [vars(entity) for entity in list_] for n, list_ in found.items()}
    atomic_write_json(args.output_dir / "entities.json", listed)
    print(f"\nWritten to {args.output_dir}: entities.json, cast.json, cast.png")
    return {
        "pipeline": kind,
        "f1": scores.f1,
        "precision": scores.precision,
        "recall": scores.recall,
        "unseen_f1": unseen.f1,
        "unseen_recall": unseen.recall,
        "cast": [person.name for person in cast],
    }


# Try this next
#  1. The rules miss "Samuel Okafor" in the second story: his name never stands beside a verb
#     of saying. What else gives a person away? Teach it to learn_names, and watch the false finds.
#  2. Install a trained pipeline and run this again. Which labels gain, which lose, and where do the
#     list and the pipeline only disagree about where an entity ends?
#  3. Add "the Margaret II" with a label SHIP: one line in _form_patterns, one in LABELS.

if __name__ == "__main__":
    run_lesson(main)
