"""What a new voice reads: ten short and ten long sentences, written for this project.

Together they hold every phoneme of American English several times (a test counts them), and
statements, questions, exclamations, lists and clauses, so that a voice learns more than one melody.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data_utils.corpus_files import read_text
from env_utils import InputError

SHORT = (
    "Good morning, the coffee is ready.",
    "Which road leads to the harbor?",
    "Joy filled the whole house.",
    "We usually measure everything twice.",
    "Five yellow birds sang outside.",
    "Watch out, the stove is hot!",
    "Could you push the door shut?",
    "Both brothers enjoy long walks.",
    "Their ship arrived at noon.",
    "Thank you, that was very kind.",
)
LONG = (
    "On the way home she stopped at the bakery, bought two warm loaves, and gave one of them to "
    "the boy who sweeps the yard.",
    "Nobody in the village could say how old the bridge was, but everyone agreed that it would "
    "outlast the new road.",
    "If the weather stays clear until Thursday, we will take the small boat out, anchor near the "
    "island, and cook lunch on the beach.",
    "The engineer checked each valve, wrote down the pressure, and then, with a quiet smile, "
    "turned the great machine on again.",
    "Why would anyone choose to live on a mountain where the snow lies for half the year, and the "
    "nearest shop is an hour away?",
    "My grandfather kept a box of foreign coins, and on rainy afternoons he told us how he had "
    "come by every single one.",
    "She usually reads the newspaper from back to front, because the puzzles, in her opinion, are "
    "the only pages that never lie.",
    "What a beautiful view: vineyards, orchards, a thin blue river, and beyond it all the white "
    "towers of the city!",
    "The choir had practiced for months, yet when the lights went down and the audience fell "
    "silent, their voices shook with joy.",
    "Please put the heavy books on the lower shelf, the lamps on the table, and leave the glass "
    "vases where they are.",
)
MAX_PROMPT_CHARACTERS = 400  # about 25 s: what is longer is hard to read without a mistake


@dataclass(frozen=True)
class Prompt:
    """A sentence to read; ``id`` names its recording."""

    id: str
    text: str


def standard_prompts() -> list[Prompt]:
    """The twenty sentences, short ones first."""
    short = [Prompt(f"short_{n:02d}", text) for n, text in enumerate(SHORT, start=1)]
    return short + [Prompt(f"long_{n:02d}", text) for n, text in enumerate(LONG, start=1)]


def read_prompts(path: Path) -> list[Prompt]:
    """One sentence a line; empty lines are passed over. ``InputError`` names file and line."""
    if not path.is_file():
        raise InputError(f"{path}: there is no such file of prompts.")
    prompts: list[Prompt] = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        text = " ".join(line.split())
        if len(text) > MAX_PROMPT_CHARACTERS:
            raise InputError(
                f"{path}, line {number}: {len(text)} characters are too many to read in one go; "
                f"at most {MAX_PROMPT_CHARACTERS}. Cut the line into sentences."
            )
        if text:
            prompts.append(Prompt(f"prompt_{len(prompts) + 1:03d}", text))
    if not prompts:
        raise InputError(f"{path}: there is no sentence in it. Write one a line.")
    return prompts
