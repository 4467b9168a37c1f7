"""Names, places, dates and sums of money in a text, found with spaCy.

Where one of spaCy's trained English pipelines is installed, it is used. Where none is, a blank
pipeline gets rules: patterns over tokens for what has a form (dates, money, titles, streets,
companies), and the names that the text itself gives away by standing beside a title or a verb of
saying. Both report the same five labels, so that they can be compared.
"""

from __future__ import annotations

import importlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from book_utils import extract_dialogue
from env_utils import InputError, MissingDependencyError

from text_utils.cast import TITLES, split_title
from text_utils.wordsets import words

LABELS = ("PERSON", "PLACE", "ORG", "DATE", "MONEY")
TRAINED = ("en_core_web_trf", "en_core_web_lg", "en_core_web_md", "en_core_web_sm")
_COARSE = {
    **{label: label for label in LABELS},
    **dict.fromkeys(("GPE", "LOC", "FAC"), "PLACE"),
}
MONTHS = words(
    "January February March April May June July August September October November December"
)
_SHORT_MONTHS = words("Jan. Feb. Mar. Apr. Jun. Jul. Aug. Sept. Sep. Oct. Nov. Dec.")
DAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
_PLACES = words(
    "Island Street St. Avenue Ave. Road Rd. Lane Square Bay Harbor Harbour River Lake Hill Bridge "
    "Park Castle County City"
)
_COMPANIES = words("Company Co. Inc. Ltd. Corp. Bank University College Society Institute School")
_COUNTS = words(
    "one two three four five six seven eight nine ten twenty thirty forty fifty sixty seventy "
    "eighty ninety hundred thousand million"
)
_NO_NAMES = (
    words("The A An He She It They We You I His Her In On At By And But So If No Yes When Out Good")
    | MONTHS
    | DAYS
    | {month.rstrip(".") for month in _SHORT_MONTHS}
)
_NO_PERSONS = _NO_NAMES | _PLACES | _COMPANIES | {title.capitalize() for title in TITLES}
_IN_PLACE = re.compile(r"(?<![.!?] )\b(?:in|from|near|to|at|of) ([A-Z][a-z]{2,})\b(?! [A-Z])")
_FULL_NAME = re.compile(r"\b([A-Z][a-z]+) ([A-Z][a-z]+)\b(?!\.)")

Pattern = dict[str, Any]


@dataclass(frozen=True)
class Entity:
    """A piece ``source[start:end]`` of a text; a person's ``text`` comes without the title."""

    text: str
    label: str  # one of LABELS
    start: int
    end: int


def trained_pipeline() -> Any | None:
    """The largest of spaCy's trained English pipelines that is installed, or ``None``."""
    spacy = _spacy()
    for name in TRAINED:
        if spacy.util.is_package(name):
            return spacy.load(name)
    return None


def rule_pipeline(text: str = "") -> Any:
    """A blank English pipeline: sentences by punctuation, entities by rules.

    ``text`` is read beforehand for the names that it gives away (:func:`learn_names`).
    """
    pipeline = _spacy().blank("en")
    pipeline.add_pipe("sentencizer")
    ruler = pipeline.add_pipe("entity_ruler")
    learned = [
        {"label": label, "pattern": [{"TEXT": part} for part in name.split()]}
        for name, label in learn_names(text).items()
    ]
    ruler.add_patterns([*_form_patterns(), *learned])
    return pipeline


def find_entities(pipeline: Any, text: str) -> list[Entity]:
    """The entities of ``text`` with a label of :data:`LABELS`, in order.

    What the pipeline calls GPE, LOC or FAC is a PLACE here; other labels are left out. A person's
    title is cut off. ``InputError`` for a text that the pipeline is too small for.
    """
    if len(text) > pipeline.max_length:
        raise InputError(f"The text has {len(text)} characters; give it chapter by chapter.")
    found: list[Entity] = []
    for span in pipeline(text).ents:
        label = _COARSE.get(span.label_)
        if label is None:
            continue
        bare = split_title(span.text)[1] if label == "PERSON" else span.text
        start = span.end_char - len(bare)
        found.append(Entity(bare, label, start, span.end_char))
    return found


def learn_names(text: str) -> dict[str, str]:
    """Names without a title that ``text`` gives away, each with its label.

    A person stands beside a verb of saying ("said Nell") or behind a title; whoever shares a name
    with such a person is one too ("Tobias Pym", and then "Tobias"). A place stands behind "in",
    "from", "near", "to" or "of" and is never a person.
    """
    titles = "|".join(title.capitalize() for title in TITLES)
    titled = set(re.findall(rf"\b(?:{titles})\.? ([A-Z][a-z]+)\b", text))
    said = {split_title(line.speaker)[1] for line in extract_dialogue(text) if line.speaker}
    people = {name for name in said if name[:1].isupper()} | (
        titled - words(titles.replace("|", " "))
    )
    known = {part for name in people for part in name.split()}
    for first, last in _FULL_NAME.findall(text):
        if {first, last} & known and not {first, last} & _NO_PERSONS:
            people.update((f"{first} {last}", first))
    people = {name for name in people if not set(name.split()) & _NO_PERSONS}
    known = {part for name in people for part in name.split()}
    learned = dict.fromkeys(sorted(people), "PERSON")
    for name in sorted(set(_IN_PLACE.findall(text)) - known - _NO_PERSONS):
        learned[name] = "PLACE"
    return learned


def _form_patterns() -> list[dict[str, Any]]:
    """Patterns for what is recognized by its form alone; the longest match wins."""
    titles = sorted({t for title in TITLES for t in (title, f"{title}.")})
    title: Pattern = {"LOWER": {"IN": titles}, "IS_TITLE": True}
    name: Pattern = {"TEXT": {"REGEX": r"^([A-Z][a-z]+|[A-Z]\.)$", "NOT_IN": sorted(_NO_NAMES)}}
    capital: Pattern = {"TEXT": {"REGEX": r"^[A-Z][a-z]+$", "NOT_IN": sorted(_NO_NAMES)}}
    initial: Pattern = {"TEXT": {"REGEX": r"^[A-Z]\.$"}}
    dot: Pattern = {"TEXT": ".", "OP": "?"}
    month: Pattern = {"TEXT": {"IN": sorted(MONTHS | _SHORT_MONTHS)}}
    day: Pattern = {"TEXT": {"REGEX": r"^[0-9]{1,2}(st|nd|rd|th)?$"}}
    year: Pattern = {"TEXT": {"REGEX": r"^1[0-9]{3}$|^20[0-9]{2}$"}}
    weekday: Pattern = {"TEXT": {"IN": sorted(DAYS)}}
    comma: Pattern = {"TEXT": ",", "OP": "?"}
    amount: Pattern = {"TEXT": {"REGEX": r"^[0-9][0-9,.]*$"}}
    counted: Pattern = {"LOWER": {"REGEX": "^(" + "|".join(sorted(_COUNTS)) + ")(-[a-z]+)?$"}}
    unit: Pattern = {"LOWER": {"IN": ["dollar", "dollars", "cent", "cents", "pounds", "euros"]}}
    people = [[title, dot, name], [title, dot, name, capital], [initial, capital]]
    places = [[capital, {"TEXT": {"IN": sorted(_PLACES)}}]]
    company: Pattern = {"TEXT": {"IN": sorted(_COMPANIES)}}
    companies = [
        [{**capital, "OP": "+"}, company],
        [{**capital, "OP": "+"}, company, comma, company],
    ]
    dates: list[list[Pattern]] = [
        [month, day], [month, day, {"TEXT": ","}, year], [month, year], [month],
        [weekday], [weekday, comma, month, day], [weekday, comma, month, day, comma, year], [year],
        [{"LOWER": "the"}, {"LOWER": {"IN": ["spring", "summer", "autumn", "winter"]}},
         {"LOWER": "of"}, year],
    ]  # fmt: skip
    money = [[{"TEXT": "$"}, amount], [amount, unit], [{**counted, "OP": "+"}, unit]]
    kinds = (people, places, companies, dates, money)
    return [
        {"label": label, "pattern": pattern}
        for label, patterns in zip(LABELS, kinds, strict=True)
        for pattern in patterns
    ]


def people_in(entities: Sequence[Entity], text: str) -> Counter[str]:
    """How often each person is named, titles included: the input of ``find_cast``."""
    counts: Counter[str] = Counter()
    for entity in entities:
        if entity.label == "PERSON":
            before = re.search(r"([A-Za-z]+\.?) $", text[: entity.start][-12:])
            title = before[1] if before and before[1].rstrip(".").lower() in TITLES else ""
            counts[f"{title} {entity.text}".strip()] += 1
    return counts


def _spacy() -> Any:
    try:
        return importlib.import_module("spacy")
    except ImportError as error:
        raise MissingDependencyError(
            'spaCy is not installed; run: pip install "voice-cloning-pipeline[course]"'
        ) from error
