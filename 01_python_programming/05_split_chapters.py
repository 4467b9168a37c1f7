"""01.5  Split a book into chapters

What you will learn: how to find headings that books print in many ways (figures, words, Roman
  numerals, nothing but a number), how to tell a heading from the table of contents and from a
  sentence, and how to test a splitter: no word may be lost.
Needs: nothing but the installation
Writes to outputs/01_python_programming/: chapters/*.txt, contents.json, chapter_lengths.png
Look for: however its headings are printed, the book comes apart at the same five places. The
  pattern of the first try also finds the table of contents.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from book_utils import (
    FRONT_MATTER,
    Chapter,
    read_text,
    sample_book_path,
    split_chapters,
    text_statistics,
)
from env_utils import (
    atomic_path,
    atomic_write_json,
    atomic_write_text,
    lesson_parser,
    run_lesson,
)
from matplotlib.figure import Figure

BLUE, ORANGE = "#0072B2", "#D55E00"
HEADING = re.compile(r"^Chapter (\w+)(?:: (.+))?$", re.MULTILINE)
WORDS = ("One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
Style = Callable[[int, str], str]


def roman_to_int(numeral: str) -> int:
    """The value of a Roman numeral: a smaller sign before a larger one is subtracted (IX = 9)."""
    values = [ROMAN_VALUES[sign] for sign in numeral.upper()]
    return sum(
        -value if any(value < after for after in values[place + 1 : place + 2]) else value
        for place, value in enumerate(values)
    )


def int_to_roman(number: int) -> str:
    """The Roman numeral of ``number``: take the largest sign that fits, again and again."""
    signs = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC")]
    signs += [(50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]
    numeral = ""
    for value, sign in signs:
        numeral += sign * (number // value)
        number %= value
    return numeral


STYLES: dict[str, Style] = {
    "words": lambda number, title: f"Chapter {WORDS[number - 1]}: {title}",
    "capitals": lambda number, title: f"CHAPTER {WORDS[number - 1].upper()}. {title.upper()}",
    "figures": lambda number, title: f"Chapter {number}\n\n{title}",
    "Roman numerals": lambda number, title: f"CHAPTER {int_to_roman(number)}. {title}",
    "Markdown": lambda number, title: f"## Chapter {number}: {title}",
    "lone numerals": lambda number, _title: int_to_roman(number),
}


def headings_by_hand(text: str) -> list[str]:
    """The first idea: every line that begins with "Chapter" and a word. It finds too much."""
    return [found[0] for found in HEADING.finditer(text)]


def chapters_by_hand(text: str) -> list[tuple[str, str]]:
    """Cut at the headings, and drop what has no text of its own: the table of contents.

    A heading of the table of contents is followed by the next heading; one of a chapter by a story.
    """
    found = list(HEADING.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)]
    pieces = [
        (match[0], text[match.end() : end].strip()) for match, end in zip(found, ends, strict=True)
    ]
    return [(title, body) for title, body in pieces if body]


def reprinted(chapters: Sequence[Chapter], style: Style) -> str:
    """The book with its headings in another style, a table of contents in front."""
    numbered = [chapter for chapter in chapters if chapter.number is not None]
    headings = [style(c.number or 0, c.title.partition(": ")[2] or c.title) for c in numbered]
    contents = [heading.replace("\n\n", ". ").lstrip("# ") for heading in headings]
    front = "THE BOOK\n\nCONTENTS\n\n" + "\n".join(f"{line} ..... {9 * i + 1}" for i, line in
                                                     enumerate(contents))  # fmt: skip
    body = [f"{heading}\n\n{c.text}" for heading, c in zip(headings, numbered, strict=True)]
    return "\n\n\n".join([front, *body])


def words_of(chapters: Sequence[Chapter]) -> list[str]:
    """All words of titles and texts, in order: what no splitter may change."""
    text = " ".join(f"{c.title if c.title != FRONT_MATTER else ''} {c.text}" for c in chapters)
    return re.findall(r"\w+", text)


def write_chapters(chapters: Sequence[Chapter], folder: Path) -> list[dict[str, object]]:
    """One file per chapter, named so that they sort in order on every system."""
    contents: list[dict[str, object]] = []
    for place, chapter in enumerate(chapters):
        name = re.sub(r"[^a-z0-9]+", "_", (chapter.title or "book").lower()).strip("_")[:40]
        path = folder / f"{place:02}_{name}.txt"
        atomic_write_text(path, f"{chapter.title}\n\n{chapter.text}\n")
        numbers = text_statistics(chapter.text)
        contents.append(
            {
                "file": path.name,
                "title": chapter.title,
                "number": chapter.number,
                "words": numbers.words,
                "minutes": round(numbers.minutes, 1),
                "dialogue_share": round(numbers.dialogue_share, 3),
            }
        )
    return contents


def draw(contents: Sequence[dict[str, object]], path: Path) -> None:
    """Minutes of narration and of dialogue in each chapter."""
    figure = Figure(figsize=(8, 3), layout="constrained")
    axes = figure.subplots()
    titles = [str(entry["title"]) for entry in contents]
    minutes = [float(str(entry["minutes"])) for entry in contents]
    spoken = [
        m * float(str(entry["dialogue_share"])) for m, entry in zip(minutes, contents, strict=True)
    ]
    narrated = [m - s for m, s in zip(minutes, spoken, strict=True)]
    axes.barh(titles, narrated, color=BLUE, label="narration")
    axes.barh(titles, spoken, left=narrated, color=ORANGE, label="dialogue")
    axes.invert_yaxis()
    axes.set_xlabel("time to read aloud at 150 words a minute (minutes)")
    axes.set_title("How long each chapter lasts, and how much of it is dialogue")
    axes.legend(frameon=False, loc="upper right")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=100)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    """Split by hand, split well, reprint the book in six styles and split it again."""
    parser = lesson_parser("01_python_programming", __doc__)
    parser.add_argument("--book", type=Path, default=None, help="a text file of your own")
    args = parser.parse_args(argv)
    text = read_text(args.book or sample_book_path())
    chapters = split_chapters(text)
    numbered = [chapter for chapter in chapters if chapter.number is not None]
    print(f"lines that look like a heading: {len(headings_by_hand(text))}")
    by_hand = chapters_by_hand(text)
    agree = [body for _, body in by_hand] == [chapter.text for chapter in numbered]
    print(f"chapters by hand: {len(by_hand)}; the same as book_utils finds: {agree}")

    found: dict[str, bool] = {}
    for name, style in STYLES.items() if len(numbered) in range(1, len(WORDS) + 1) else ():
        again = split_chapters(reprinted(chapters, style))
        texts = [chapter.text for chapter in again if chapter.number is not None]
        found[name] = texts == [chapter.text for chapter in numbered]
        shown = next((c.title for c in again if c.number == 4), "none")
        print(f"   {name:15} chapter 4 is {shown!r:48} same places: {found[name]}")

    whole = words_of(chapters) == re.findall(r"\w+", text)
    print(f"no word was lost or added: {whole}")
    contents = write_chapters(chapters, args.output_dir / "chapters")
    for entry in contents:
        print(f"   {entry['title']!s:36}{entry['words']:6} words {entry['minutes']:5} min")
    atomic_write_json(args.output_dir / "contents.json", contents)
    draw(contents, args.output_dir / "chapter_lengths.png")
    print(f"The chapters, the contents and the plot are in {args.output_dir}.")
    return {
        "chapters": len(numbered),
        "by_hand_agrees": agree,
        "styles": found,
        "no_word_lost": whole,
        "words": [entry["words"] for entry in contents],
    }


# Try this next
#  1. Add a style of your own to STYLES: "1." alone on a line, or "- 1 -". Is it found?
#  2. Put "Chapter 5 was the best of them all, he said." into a chapter. Why does it not cut?
#  3. Download a novel from Project Gutenberg and split it (--book). Strip the licence first.

if __name__ == "__main__":
    run_lesson(main)
