"""05.5  Dialogue speakers

What you will learn: by which cues a reader knows who speaks, what each cue is worth when it is
    counted, and how the mistakes of one step (finding names) become those of the next.
Needs: spaCy (in the extra "course") for the names
Writes to outputs/05_nlp/: dialogue.json, speaker_accuracy.png, dialogue.html
Look for: the pronouns. More than half of the speeches carry no name; "he said" then helps most, and
    only someone who knows the cast can use it. Compare the last two columns of the table.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from book_utils import (
    FRONT_MATTER,
    Chapter,
    extract_dialogue,
    read_text,
    sample_book_path,
    split_chapters,
)
from dl_utils import COLOURS, new_figure, save_plot
from env_utils import InputError, atomic_write_json, lesson_parser, run_lesson
from text_utils import (
    Character,
    attribute_speakers,
    find_cast,
    find_entities,
    rule_pipeline,
    tag_dialogue,
    trained_pipeline,
)
from text_utils.entities import people_in
from text_utils.speakers import CUES
from tts_utils import Audio, Clip, EspeakEngine, join_with_pauses, write_listening_page

GOLD = Path(__file__).with_name("gold")
NOBODY = "-"  # in the gold files: words in quotation marks that nobody says
NARRATOR = "en-us"
VOICES = ("en-us+f2", "en-us+m3", "en-us+f4", "en-us+m7", "en-gb+m1", "en-gb+f3")
Method = Callable[[str], list[str | None]]  # text of a chapter -> a speaker for each speech


# --- The first idea, by hand --------------------------------------------------------------------

_AFTER = re.compile(r",?\s*(?:said|asked) ((?:Mr\.|Mrs\.|Miss)? ?[A-Z]\w+)")


def said_name(text: str) -> list[str | None]:
    """The name in "said NAME" or "asked NAME" right behind a speech, else nobody."""
    found = (_AFTER.match(text[line.end : line.end + 60]) for line in extract_dialogue(text))
    return [match[1] if match else None for match in found]


# --- Measuring ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Story:
    """A text, its chapters, and who really says each speech of each chapter (None: nobody)."""

    chapters: list[Chapter]
    truth: list[list[str | None]]

    @property
    def text(self) -> str:
        return "\n\n".join(chapter.text for chapter in self.chapters)


def load_story(path: Path, gold: Path, most_chapters: int | None = None) -> Story:
    """A story with its gold labels. ``InputError`` if the labels belong to another text."""
    chapters = [c for c in split_chapters(read_text(path)) if c.title != FRONT_MATTER]
    rows = [line.split("\t") for line in read_text(gold).splitlines()[1:]]
    truth: list[list[str | None]] = []
    for number, chapter in enumerate(chapters[:most_chapters], start=1):
        own = [(name, start) for chapter_, name, start in rows if int(chapter_) == number]
        spoken = [" ".join(line.text.split()) for line in extract_dialogue(chapter.text)]
        fits = len(own) == len(spoken) and all(
            text.startswith(start) for text, (_, start) in zip(spoken, own, strict=True)
        )
        if not fits:
            raise InputError(f"{gold.name} does not belong to chapter {number} of {path.name}.")
        truth.append([None if name == NOBODY else name for name, _ in own])
    return Story(chapters[:most_chapters], truth)


def machine_cast(story: Story) -> list[Character]:
    """The cast as lesson 05.2 finds it."""
    pipeline = trained_pipeline() or rule_pipeline(story.text)
    names: Counter[str] = Counter()
    for chapter in story.chapters:
        names += people_in(find_entities(pipeline, chapter.text), chapter.text)
    return find_cast(names, story.text)


def accuracy(story: Story, cast: Sequence[Character], method: Method) -> float:
    """The share of speeches with the right speaker; different names of one person are equal."""
    owner = {form: person.name for person in cast for form in person.forms}
    right = total = 0
    for chapter, truth in zip(story.chapters, story.truth, strict=True):
        for true, answer in zip(truth, method(chapter.text), strict=True):
            right += owner.get(str(true), true) == owner.get(str(answer), answer)
            total += 1
    return right / total


def with_cues(cast: Sequence[Character], cues: Sequence[str]) -> Method:
    """``attribute_speakers`` as a method that uses only some cues."""
    return lambda text: [found.speaker for found in attribute_speakers(text, cast, cues)]


def turns(text: str) -> list[str | None]:
    """``tag_dialogue``: names beside the speech, and turns."""
    return [span.speaker for span in tag_dialogue(text) if span.kind == "dialogue"]


def worth_of_cues(story: Story, cast: Sequence[Character]) -> dict[str, float]:
    """Accuracy by method: the simple ones, then one cue after the other added."""
    results = {
        "said NAME, by hand": accuracy(story, cast, said_name),
        "tag_dialogue": accuracy(story, cast, turns),
    }
    steps = ("tag", "pronoun", "action", "called", "turn", "quoted")
    for count in range(1, len(steps) + 1):
        name = f"{'' if count == 1 else '+ '}{steps[count - 1]}"
        results[name] = accuracy(story, cast, with_cues(cast, steps[:count]))
    return results


def cue_table(story: Story, cast: Sequence[Character]) -> None:
    """How often each cue decided, and how often it was right."""
    owner = {form: person.name for person in cast for form in person.forms}
    used: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for chapter, truth in zip(story.chapters, story.truth, strict=True):
        for true, found in zip(truth, attribute_speakers(chapter.text, cast), strict=True):
            used[found.cue] += 1
            right[found.cue] += owner.get(str(true), true) == found.speaker
    print("\nWhich cue decided, and how often it was right")
    for cue in (*CUES, "none"):
        print(f"  {cue:<8} {used[cue]:3} speeches, {right[cue]:3} right")


# --- What the narrator gets ---------------------------------------------------------------------


def script_of(chapter: Chapter, cast: Sequence[Character]) -> list[dict[str, str | None]]:
    """The chapter as a script: narration and speeches in order, each speech with its speaker."""
    script: list[dict[str, str | None]] = []
    place = 0
    for found in attribute_speakers(chapter.text, cast):
        before = " ".join(chapter.text[place : found.line.start].split())
        if before:
            script.append({"kind": "narration", "speaker": None, "text": before})
        script.append({"kind": "dialogue", "speaker": found.speaker, "text": found.line.text})
        place = found.line.end
    rest = " ".join(chapter.text[place:].split())
    return [*script, {"kind": "narration", "speaker": None, "text": rest}] if rest else script


def read_aloud(script: Sequence[dict[str, str | None]], cast: Sequence[Character]) -> Audio:
    """The parts of a script, every speaker with a voice of their own, by espeak-ng."""
    voices = {person.name: VOICES[i % len(VOICES)] for i, person in enumerate(cast)}
    engine = EspeakEngine()
    spoken = (p for p in script if re.search(r"\w", str(p["text"])))
    clips = [
        engine.synthesize(str(part["text"]), voices.get(str(part["speaker"]), NARRATOR))
        for part in spoken
    ]
    return join_with_pauses(clips, [0.25] * len(clips))


def draw(results: dict[str, dict[str, float]], path: Path) -> None:
    """Accuracy of every method on every story."""
    figure = new_figure(7.3, 4.0)
    axes = figure.subplots()
    names = list(next(iter(results.values())))
    height = 0.8 / len(results)
    for i, (story, values) in enumerate(results.items()):
        places = [n + (i - (len(results) - 1) / 2) * height for n in range(len(names))]
        shares = [100 * values[name] for name in names]
        axes.barh(places, shares, height=0.9 * height, color=COLOURS[i], label=story)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("speeches with the right speaker (%)")
    axes.set_title("What each cue adds; and what is left when the cast is incomplete")
    axes.legend(frameon=False, loc="upper right", fontsize=9)
    save_plot(figure, path)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    args = lesson_parser("05_nlp", __doc__).parse_args(argv)
    most = 2 if args.smoke else None
    book = load_story(sample_book_path(), GOLD / "speakers.tsv", most)
    other = load_story(GOLD / "unseen.txt", GOLD / "unseen_speakers.tsv")
    cast, other_cast = machine_cast(book), machine_cast(other)
    # What anybody would write down after one reading of the second story.
    by_hand = [
        Character("Ruth", ("Ruth", "Ruth Okafor"), 8, "she"),
        Character("Samuel Okafor", ("Samuel Okafor", "Samuel"), 2, "he"),
        Character("Vane", ("Vane", "Idris Vane", "Mr. Vane", "the old man"), 6, "he"),
    ]
    results = {
        "sample book": worth_of_cues(book, cast),
        "second story, cast found": worth_of_cues(other, other_cast),
        "second story, cast given": worth_of_cues(other, by_hand),
    }
    speeches = sum(len(truth) for truth in book.truth)
    print(f"{speeches} speeches in the sample book, {len(other.truth[0])} in the second story")
    print(f"{'':<20} {'  '.join(results)}")
    for name in results["sample book"]:
        row = "  ".join(f"{values[name]:>{len(story)}.0%}" for story, values in results.items())
        print(f"{name:<20} {row}")
    found = ", ".join(f"{p.name} ({p.pronoun or '?'})" for p in other_cast)
    print(f"Cast found in the second story: {found}. Who is missing?")
    cue_table(book, cast)

    scripts = {chapter.title: script_of(chapter, cast) for chapter in book.chapters}
    atomic_write_json(args.output_dir / "dialogue.json", scripts)
    draw(results, args.output_dir / "speaker_accuracy.png")
    opening = scripts[book.chapters[0].title][: 8 if args.smoke else 24]
    samples, rate = read_aloud(opening, cast)
    note = "Every speaker has a voice; listen for a speech in the wrong one."
    write_listening_page(
        args.output_dir / "dialogue.html",
        "Who says what",
        "The beginning of the sample book by espeak-ng, with the speakers that the program found.",
        [Clip("Chapter 1, opening", samples, rate, note)],
    )
    print(f"\nWritten to {args.output_dir}: dialogue.json, speaker_accuracy.png, dialogue.html")
    last = list(results["sample book"])[-1]
    return {
        "speeches": speeches,
        "by_hand": results["sample book"]["said NAME, by hand"],
        "tag_dialogue": results["sample book"]["tag_dialogue"],
        "all_cues": results["sample book"][last],
        "second_story": results["second story, cast found"][last],
        "second_story_cast_given": results["second story, cast given"][last],
    }


# Try this next
#  1. Miss Garrick writes on a slate and later speaks through a box. Add "the box" to her forms in
#     the cast. What does that gain, and could a program have known?
#  2. Swap "called" and "turn" in attribute_speakers. Which speeches change their speaker?
#  3. Let the narrator of dialogue.html read "he said" in a lower voice, or leave such tags out.

if __name__ == "__main__":
    run_lesson(main)
