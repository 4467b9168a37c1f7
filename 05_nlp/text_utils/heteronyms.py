"""Words whose pronunciation depends on their part of speech, decided by their neighbours.

"They *record* a *record*": the word before says most (a determiner promises a noun, "to" or "will"
a verb), the word after the rest. No tagger is needed for this; a few sets of words are right in the
great majority of cases, and where they say nothing the commoner reading is taken.

Three families follow a rule and need only a list of their members: stress pairs (noun REcord, verb
reCORD), words in -ate (adjective "separAHt", verb "separEYt") and words whose verb is voiced
("use"). The others have rules of their own in ``heteronym_rules.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from text_utils.heteronym_rules import RULES, Rule
from text_utils.lexicon import Phones
from text_utils.wordsets import words

BEFORE_VERB = words(
    "to will would shall should can could may might must do does did don't doesn't didn't won't "
    "can't cannot couldn't wouldn't shouldn't let's please i you we they who i'll you'll he'll "
    "she'll we'll they'll it'll i'd you'd he'd she'd we'd they'd not help never"
)
BEFORE_NOUN = words(
    "a an the this that these those my your his her its our their no some any every each "
    "another what which whose of in on at by for with from into without under per about through "
    "new old own first second third last next other same such more most many much few several "
    "both one two three four five six ten good bad great big small little long short high low "
    "public private special very so too quite rather ex"
)
AFTER_VERB = words(
    "the a an it them him me us my your his her our their this that these those himself herself "
    "itself themselves yourself myself ourselves everything something anything nothing"
)
AFTER_NOUN = words("of is was are were has had will would in and or between")
BE = words(
    "be am is are was were been being i'm you're we're they're he's she's it's isn't wasn't "
    "seem seems seemed feel feels felt looked became become remain remained"
)
THIRD_PERSON = words("he she it who which one everyone somebody someone nobody everybody")
_NOT_VERB_TO = words("due according owing prior opposed regard reference access subject")
_ADJECTIVE_ENDINGS = ("al", "ive", "ous", "ful", "less", "able", "ible", "ary", "'s", "s'")
_ADVERBS = words("always often also just already then now still ever even soon")

_STRESS_PAIRS = words(
    "address affix attribute combat compact compound compress conduct conflict construct "
    "contest contract contrast converse convert convict decrease defect desert dictate digest "
    "discharge discount escort essay exploit extract impact implant import impress imprint "
    "incense incline increase insert insult intrigue misprint object offset overflow perfect "
    "permit pervert present produce progress project protest purport rebel recess record "
    "redress refill refund refuse reject remake rerun retake rewrite segment subject survey "
    "suspect torment transfer transport upgrade update upset"
)
_VERB_FIRST = words(
    "address attribute compress converse convert dictate digest discharge exploit impress "
    "incline insert permit produce purport refuse reject suspect upset extract conduct"
)
_ATE = words(
    "advocate aggregate alternate animate appropriate approximate articulate associate "
    "consummate coordinate degenerate delegate deliberate duplicate elaborate estimate graduate "
    "intimate laminate moderate separate subordinate syndicate"
)
_VOICED = words("use excuse abuse misuse diffuse")
_ALL = _STRESS_PAIRS | _ATE | _VOICED
_DEPENDENT = _ALL | {f"{word}s" for word in _ALL} | RULES.keys()


def needs_context(word: str) -> bool:
    """Whether a lower-case ``word`` is a heteronym."""
    return word in _DEPENDENT


@dataclass(frozen=True)
class Context:
    """What stands around a word, in lower case; "" where a sentence or clause begins or ends.

    ``capital`` says that the word is written with a capital although no sentence begins with it,
    ``sentence`` holds all words of its sentence.
    """

    before: str = ""
    before2: str = ""
    after: str = ""
    after2: str = ""
    capital: bool = False
    sentence: Sequence[str] = ()


def choose(word: str, variants: Sequence[Phones], context: Context) -> Phones:
    """The one of the dictionary's ``variants`` of a lower-case ``word`` that fits its context."""
    for rule in RULES.get(word, ()):
        if _applies(rule, word, context):
            return tuple(rule.phones.split())
    stem = word if word in _ALL else word.removesuffix("s")
    if stem not in _ALL or len(variants) < 2:
        return variants[0] if variants else ()
    verb = _reads_as_verb(context, third_person=stem != word)
    if verb is None:
        verb = stem in _VERB_FIRST or (stem in ("use", "diffuse") and stem == word)
    fitting = [phones for phones in variants if _is_verb_form(stem, phones) == verb]
    return fitting[0] if fitting else variants[0]


def _is_verb_form(stem: str, phones: Phones) -> bool:
    """Whether ``phones`` are those of the verb: late stress, -EYt, or a voiced end."""
    if stem in _VOICED:
        return "S" not in (phones[-1], phones[-3] if phones[-1] == "Z" else "")
    if stem in _ATE:
        last = [phone for phone in phones if phone[-1].isdigit()][-1]
        return last.startswith("EY")
    vowels = [phone for phone in phones if phone[-1].isdigit()]
    return not vowels[0].endswith("1")


def _reads_as_verb(context: Context, third_person: bool) -> bool | None:
    """Whether a word between these neighbours is a verb; ``None`` if they do not say."""
    before, after = context.before, context.after
    if before.endswith("ly") or before in _ADVERBS:
        before = context.before2
    if third_person:
        if before in THIRD_PERSON:
            return True
        return False if _precedes_noun(before) else after in AFTER_VERB or None
    if before == "to" and context.before2 in _NOT_VERB_TO and after not in AFTER_VERB:
        return False
    if before in BEFORE_VERB:
        return True
    if _precedes_noun(before) or before in BE:
        return False
    if after in AFTER_VERB:
        return True
    return False if after in AFTER_NOUN else None


def _precedes_noun(before: str) -> bool:
    return before in BEFORE_NOUN or before.endswith(_ADJECTIVE_ENDINGS)


def _applies(rule: Rule, word: str, context: Context) -> bool:
    """Whether every condition that ``rule`` states holds."""
    before, after = context.before, context.after
    if rule.before and before not in rule.before:
        return False
    if rule.not_before and (before in rule.not_before or before.endswith("'s")):
        return False
    if rule.before2 and context.before2 not in rule.before2:
        return False
    if rule.after and after not in rule.after:
        return False
    if rule.anywhere and not any(w in rule.anywhere for w in context.sentence if w != word):
        return False
    if rule.capital is not None and rule.capital != context.capital:
        return False
    if rule.past is not None and rule.past != _speaks_of_past(word, context.sentence):
        return False
    third = word.endswith("s") and word != "bass"
    return rule.verb is None or rule.verb == _reads_as_verb(context, third_person=third)


_PAST = words(
    "yesterday ago last once was were had did then said went came saw took gave told thought "
    "knew found sat stood when earlier before"
)


def _speaks_of_past(word: str, sentence: Sequence[str]) -> bool:
    return any(w in _PAST or (w.endswith("ed") and len(w) > 4) for w in sentence if w != word)
