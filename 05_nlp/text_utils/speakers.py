"""Who says what, by the cues that a reader uses.

``tag_dialogue`` knows names beside a speech and turns. Here the cast of the book is known as well,
and the cues are tried from the surest to the least sure:

====== =================================================================================
cue    example
====== =================================================================================
quoted 'the piece from "one" to "exactly"': words that are mentioned, spoken by nobody
tag    '... ,' said Mr. Pym          a name and a verb of saying beside the speech
pronoun '... ,' he said              the last person mentioned in the narration who is a "he"
action Mr. Crane nodded. '...'       who does something in the sentence right before or after
called 'Go home, Nell.' '...'        who was spoken to in the speech before
turn   '...' '...'                   in an exchange of two, the other one
====== =================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from book_utils import DialogueLine, extract_dialogue

from text_utils.cast import Character
from text_utils.sentences import split_sentences

CUES = ("quoted", "tag", "pronoun", "action", "called", "turn")
_VERBS = (
    "said|asked|replied|answered|cried|shouted|whispered|murmured|muttered|exclaimed|added|called|"
    "continued|began|remarked|observed|returned|repeated|screamed|yelled|sighed|laughed|growled|"
    "snapped|demanded|inquired|declared|announced|explained|admitted|agreed|protested|insisted|"
    "suggested|interrupted|responded|groaned|sobbed|gasped|roared|hissed|warned|pleaded|begged|"
    "told|wondered|ordered|wrote|read|went on"
)
_SAID_BY = re.compile(
    rf"^[,\s]*(?:(he|she)\s+(?:\w+ly\s+|\w+ed to )?(?:say\b|(?:{_VERBS})\b)"
    rf"|(?:{_VERBS})\s+(he|she)\b)"
)
_ENDS_IN_WORD = re.compile(r"\w\s*$")
_ENDS_IN_VERB = re.compile(rf"\b(?:{_VERBS})\s*$")
_EXCHANGE = 400  # characters of narration after which an exchange is over
_MEMORY = 600  # characters of narration in which a pronoun's person is looked for


@dataclass(frozen=True)
class Attribution:
    """A speech, who says it (the name of a :class:`Character`, or None), and what told us."""

    line: DialogueLine
    speaker: str | None
    cue: str  # one of CUES, or "none"


@dataclass(frozen=True)
class _Paragraph:
    """The speeches of one paragraph and the narration around them."""

    lines: tuple[DialogueLine, ...]
    start: int
    end: int

    def beside(self, text: str) -> list[str]:
        """The sentences of narration next to the speeches of the paragraph."""
        sentences: list[str] = []
        place = self.start
        for line in self.lines:
            between = split_sentences(text[place : line.start])
            sentences.extend(between[-1:] if place == self.start else (between[:1] + between[-1:]))
            place = line.end
        return sentences + split_sentences(text[place : self.end])[:1]


def attribute_speakers(
    text: str, cast: Sequence[Character], cues: Collection[str] = CUES
) -> list[Attribution]:
    """Every speech of ``text`` in order, with its speaker as far as ``cues`` tell.

    All speeches of a paragraph have one speaker. ``cues`` may be fewer than :data:`CUES`, to see
    what each is worth.
    """
    names = _Names(cast)
    found: list[Attribution] = []
    recent: list[str] = []  # the last two speakers, the latest last
    called: str | None = None
    end = 0
    for paragraph in _paragraphs(text):
        if len(text[end : paragraph.start].strip()) > _EXCHANGE:
            recent, called = [], None
        end = paragraph.end
        spoken = [
            line for line in paragraph.lines if "quoted" not in cues or not _is_quoted(text, line)
        ]
        speaker, cue = _decide(text, paragraph, spoken, names, cues, (recent, called))
        for line in paragraph.lines:
            by = (speaker, cue) if line in spoken else (None, "quoted")
            found.append(Attribution(line, *by))
        if spoken:
            recent = [n for n in (*(n for n in recent if n != speaker), speaker) if n][-2:]
            recent = recent if speaker else []
            called = names.addressed(" ".join(line.text for line in spoken), speaker)
    return found


def _decide(
    text: str,
    paragraph: _Paragraph,
    spoken: Sequence[DialogueLine],
    names: _Names,
    cues: Collection[str],
    exchange: tuple[list[str], str | None],
) -> tuple[str | None, str]:
    """The speaker of a paragraph and the cue: the first in the order of :data:`CUES`."""
    recent, called = exchange
    tagged = next((line.speaker for line in spoken if line.speaker), None)
    if tagged and "tag" in cues:
        return names.person(tagged) or tagged, "tag"
    pronoun = next(filter(None, (_pronoun_tag(text, line) for line in spoken)), None)
    if pronoun and "pronoun" in cues:
        before = text[max(0, paragraph.start - _MEMORY) : spoken[0].start]
        person = names.latest(before, pronoun)
        if person:
            return person, "pronoun"
    if spoken and "action" in cues:
        beside = paragraph.beside(text)
        doers = {name for sentence in beside for name in names.doer(sentence)}
        if len(doers) == 1:
            return doers.pop(), "action"
    if spoken and called and "called" in cues:
        return called, "called"
    if spoken and len(recent) == 2 and "turn" in cues:
        return recent[0], "turn"
    return None, "none"


def _paragraphs(text: str) -> Iterator[_Paragraph]:
    """The paragraphs that hold speeches, in order."""
    bounds = [0, *(m.end() for m in re.finditer(r"\n[ \t]*\n\s*", text)), len(text)]
    lines = extract_dialogue(text)
    for start, end in pairwise(bounds):
        inside = tuple(line for line in lines if start <= line.start < end)
        if inside:
            yield _Paragraph(inside, start, end)


def _is_quoted(text: str, line: DialogueLine) -> bool:
    """Whether the words are only mentioned: they stand inside a sentence of the narration."""
    before = text[max(0, line.start - 40) : line.start].rpartition("\n")[2]
    return bool(_ENDS_IN_WORD.search(before)) and not _ENDS_IN_VERB.search(before)


def _pronoun_tag(text: str, line: DialogueLine) -> str | None:
    found = _SAID_BY.match(text[line.end : line.end + 60])
    return (found[1] or found[2]) if found else None


class _Names:
    """Finds the members of a cast in a text."""

    def __init__(self, cast: Sequence[Character]) -> None:
        self._owner = {form: person for person in reversed(cast) for form in person.forms}
        forms = sorted(self._owner, key=len, reverse=True)
        either = "|".join(re.escape(form) for form in forms) or r"(?!)"
        self._form = re.compile(rf"\b({either})(?!\w)(?!['’]s)")
        self._doing = re.compile(rf"({either})(?!\w)(?!['’]s)")
        self._spoken_to = re.compile(rf"(?:^|[,.!?] )({either})(?=[,.!?]|$)")

    def person(self, form: str) -> str | None:
        """The character that a name belongs to."""
        owner = self._owner.get(form)
        return owner.name if owner else None

    def latest(self, before: str, pronoun: str) -> str | None:
        """Who was mentioned last, outside speeches, of those who are called ``pronoun``."""
        silent = re.sub(r"“[^”]*”|\"[^\"]*\"", " ", before)
        people = [self._owner[found[1]] for found in self._form.finditer(silent)]
        return next((p.name for p in reversed(people) if p.pronoun == pronoun), None)

    def doer(self, sentence: str) -> list[str]:
        """Whose name begins the sentence: one name or none."""
        found = self._doing.match(sentence)
        return [self._owner[found[1]].name] if found else []

    def addressed(self, speech: str, speaker: str | None) -> str | None:
        """Who is called by name between commas in a speech, if it is not the speaker."""
        people = [self._owner[found[1]].name for found in self._spoken_to.finditer(speech)]
        return next((name for name in people if name != speaker), None)
