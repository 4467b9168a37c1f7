"""03.4  A whole text in one go

What you will learn: how a long text becomes speech without ever being lost: cut into sentences, one
    file a sentence, pauses where the text has them, and a second run that goes on where the first
    one stopped.
Needs: nothing but the installation
Writes to outputs/03_tts_systems/: chapter.wav, chapter.json, chapter.png, chapter.html and the
    folder sentences/ with one WAV a sentence
Look for: the second run. It speaks only the sentences whose file is missing or whose text changed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from book_utils import (
    FRONT_MATTER,
    read_text,
    sample_book_path,
    split_chapters,
    split_paragraphs,
)
from dl_utils import COLOURS, new_figure, save_plot
from env_utils import InputError, atomic_write_json, lesson_parser, run_lesson
from tts_utils import (
    Audio,
    Clip,
    join_with_pauses,
    load_engine,
    save_wav,
    split_pieces,
    write_listening_page,
)
from tts_utils.batch import SpokenSentence, speak_sentences
from tts_utils.pictures import draw_wave

PAUSE_SENTENCE = 0.35  # seconds of silence after a sentence,
PAUSE_PARAGRAPH = 0.8  # and after the last one of a paragraph
SMOKE_SENTENCES = 6


@dataclass(frozen=True)
class Line:
    """A sentence, and how long the reader is silent after it."""

    text: str
    pause_seconds: float


def read_chapter(path: Path, number: int) -> tuple[str, list[Line]]:
    """Title and sentences of one chapter of a text file; 1 is the first after the front matter."""
    chapters = [c for c in split_chapters(read_text(path)) if c.title != FRONT_MATTER]
    if not 1 <= number <= len(chapters):
        raise InputError(f"{path}: --chapter {number}, but it has chapters 1 to {len(chapters)}.")
    chapter = chapters[number - 1]
    lines = []
    for paragraph in split_paragraphs(chapter.text):
        pieces = [p for p in split_pieces(paragraph) if any(map(str.isalnum, p))]
        pauses = [PAUSE_SENTENCE] * (len(pieces) - 1) + [PAUSE_PARAGRAPH]
        lines += [Line(*pair) for pair in zip(pieces, pauses, strict=False)]
    return chapter.title, lines


def read_aloud(
    lines: Sequence[Line], engine_name: str, voice: str | None, folder: Path
) -> tuple[list[SpokenSentence], float]:
    """Every line to a file of its own; also how many seconds that took."""
    engine = load_engine(engine_name)
    chosen = voice or engine.voices()[0]
    started = time.perf_counter()
    spoken = speak_sentences([line.text for line in lines], engine, chosen, folder)
    return spoken, time.perf_counter() - started


def report(name: str, spoken: Sequence[SpokenSentence], seconds: float) -> None:
    """One line about a run."""
    reused = sum(sentence.reused for sentence in spoken)
    print(f"{name}: {len(spoken) - reused} spoken, {reused} kept, in {seconds:.2f} s")


def timetable(lines: Sequence[Line], spoken: Sequence[SpokenSentence]) -> list[dict[str, object]]:
    """Where every sentence lies in the chapter file; what captions are made from."""
    rows, now = [], 0.0
    for line, sentence in zip(lines, spoken, strict=True):
        end = now + sentence.audio.seconds
        rows.append({"start": round(now, 3), "end": round(end, 3), "text": line.text})
        now = end + line.pause_seconds
    return rows


def draw_chapter(chapter: Audio, rows: Sequence[dict[str, object]], path: Path) -> None:
    """The first half minute as a wave, with the sentences marked."""
    figure = new_figure(8.0, 2.6)
    axes = figure.subplots()
    shown = Audio(chapter.samples[: 30 * chapter.sample_rate], chapter.sample_rate)
    draw_wave(axes, shown, colour="black")
    seconds = shown.seconds
    for index, row in enumerate(rows):
        start, end = float(str(row["start"])), float(str(row["end"]))
        if start < seconds:
            axes.axvspan(start, min(end, seconds), color=COLOURS[index % 2], alpha=0.25)
    axes.set(xlabel="time (s)", xlim=(0, seconds))
    axes.set_title("Sentences (coloured) and the silence between them")
    save_plot(figure, path, dpi=100)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    parser = lesson_parser("03_tts_systems", __doc__)
    parser.add_argument("--input", type=Path, help="a text file (default: the sample book)")
    parser.add_argument("--chapter", type=int, default=1, help="which chapter (default: 1)")
    parser.add_argument("--engine", default="espeak-ng", help="who reads (see 01_basic_tts.py)")
    parser.add_argument("--voice", help="one of the engine's voices (default: its first)")
    args = parser.parse_args(argv)
    folder = args.output_dir

    title, lines = read_chapter(args.input or sample_book_path(), args.chapter)
    lines = lines[:SMOKE_SENTENCES] if args.smoke else lines
    print(f"“{title}”: {len(lines)} sentences")
    spoken, seconds = read_aloud(lines, args.engine, args.voice, folder / "sentences")
    report("First run ", spoken, seconds)

    # What a crash, a full disk or an edited sentence leaves behind: one file less.
    spoken[len(spoken) // 2].path.unlink()
    spoken, again_seconds = read_aloud(lines, args.engine, args.voice, folder / "sentences")
    report("Second run", spoken, again_seconds)

    chapter = join_with_pauses(
        [sentence.audio for sentence in spoken], [line.pause_seconds for line in lines]
    )
    rows = timetable(lines, spoken)
    save_wav(folder / "chapter.wav", chapter)
    atomic_write_json(folder / "chapter.json", {"title": title, "sentences": rows})
    draw_chapter(chapter, rows, folder / "chapter.png")
    clips = [Clip(title, chapter.samples, chapter.sample_rate, picture=folder / "chapter.png")]
    clips += [Clip(s.path.name, s.audio.samples, s.audio.sample_rate, s.text) for s in spoken[:3]]
    write_listening_page(
        folder / "chapter.html", f"Read aloud: {title}", "The chapter, and its first files.", clips
    )
    print(
        f"Chapter: {chapter.seconds / 60:.1f} minutes of sound, made "
        f"{chapter.seconds / max(seconds, 1e-9):.0f} times as fast as it lasts"
        f"\n\nListen: {folder / 'chapter.html'}\nFiles:  {folder / 'sentences'}"
    )
    return {
        "sentences": len(spoken),
        "spoken_in_second_run": sum(not sentence.reused for sentence in spoken),
        "chapter_seconds": chapter.seconds,
        "speech_seconds": sum(sentence.audio.seconds for sentence in spoken),
        "pause_seconds": sum(line.pause_seconds for line in lines),
        "sample_rate": chapter.sample_rate,
    }


# Try this next
#  1. Stop it in the middle with Ctrl-C (--engine voiceclone gives you time to), and start it again.
#  2. --input with a book of your own, --chapter 2. Where does split_pieces cut wrongly? Floor 05
#     has a better splitter; count how many cuts change.
#  3. Make the pause after a question longer than after a full stop. Can you hear why narrators
#     do that?

if __name__ == "__main__":
    run_lesson(main)
