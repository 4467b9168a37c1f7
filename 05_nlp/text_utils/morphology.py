"""Words that a dictionary lacks although it has what they are made of.

"daylight's" is *daylight* + *'s*, "unready" is *un-* + *ready*, "stablekeeper" two words in one,
"favourable" is *favorable* in another spelling. Only those parts are used that proved more reliable
than the trained model of ``g2p.py`` on words that both had never seen; endings like *-er* and *-y*
were not (half of the words that look like it are names), and the model knows them anyway.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from text_utils.lexicon import Phones, lookup
from text_utils.wordsets import words

Lookup = Callable[[str], tuple[Phones, ...]]

_SIBILANTS = frozenset(("S", "Z", "SH", "ZH", "CH", "JH"))
_VOICELESS = frozenset(("P", "T", "K", "F", "TH", "S", "SH", "CH"))
_SHORTEST_STEM = 3

_SUFFIXES: tuple[tuple[str, str], ...] = (
    ("nesses", "N AH0 S IH0 Z"), ("ness", "N AH0 S"), ("lessly", "L AH0 S L IY0"),
    ("less", "L AH0 S"), ("fulness", "F AH0 L N AH0 S"), ("fully", "F AH0 L IY0"),
    ("ful", "F AH0 L"), ("ship", "SH IH2 P"), ("hood", "HH UH2 D"), ("like", "L AY2 K"),
    ("wards", "W ER0 D Z"), ("ward", "W ER0 D"), ("wise", "W AY2 Z"), ("in'", "IH0 N"),
)  # fmt: skip

_PREFIXES: tuple[tuple[str, str], ...] = (
    ("under", "AH2 N D ER0"), ("over", "OW2 V ER0"), ("inter", "IH2 N T ER0"),
    ("super", "S UW2 P ER0"), ("fore", "F AO2 R"), ("non", "N AA2 N"), ("out", "AW2 T"),
    ("mis", "M IH0 S"), ("un", "AH0 N"),
)  # fmt: skip

_LAST_PARTS = words(
    "tree trees keeper keepers house houses breast long stone stones water light lights room rooms "
    "yard yards side sides work works worker workers master masters book books berry bird birds "
    "board boards boat boats bone bones box boxes bridge brook chair cloth cloths coat coats craft "
    "dale door doors fall field fields fire fish flower flowers foot fowl gate gates glass glow "
    "grass ground guard guards hand hands head heads heart hole holes hook horn horns horse horses "
    "hound lady line lines load lock looking maker makers making mate mates meat mill moon mouth "
    "night paper path piece pike place plate point pool post pot root roots rope sail seat seed "
    "shed ship ships shoe shoes shop shops sick skin smith song songs spring staff star stars step "
    "steps stick stock storm stream stroke tail thing throat time tower trail wall walls ware weed "
    "weeds well wheel wind window wood woods woman women word words worm yarn down from after with "
    "upon like cake faring giver holder holders leader"
)
"""Words that often end a compound; with them a cut in two is safer than the model's guess."""

_AMERICAN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(british), american)
    for british, american in (
        ("is(?=(?:e[drs]?|ers|ing|ations?)$)", "iz"),
        ("ys(?=(?:e[drs]?|ing)$)", "yz"),
        ("our(?=(?:s|ed|ers?|ing|abl[ey]|ites?|y|ful|less|hood)?$)", "or"),
        ("ll(?=(?:ed|ers?|ing|ously|ous)$)", "l"),
        ("bre(?=ly$|s?$)", "ber"),
        ("tre(?=s?$)", "ter"),
        ("ogue(?=s?$)", "og"),
        ("mould", "mold"),
        ("plough", "plow"),
        ("grey", "gray"),
        ("gaol", "jail"),
        ("cheque", "check"),
        ("fence(?=s?$)", "fense"),
        ("^gayety$", "gaiety"),
        ("^whirr", "whir"),
    )
)

_CONTRACTIONS = {
    "'ll": ("AH0", "L"), "'ve": ("V",), "'re": ("ER0",), "'m": ("M",), "n't": ("AH0", "N", "T"),
}  # fmt: skip


def derive(word: str, known: Lookup = lookup) -> Phones:
    """Phones of a lower-case ``word`` made of words that ``known`` has, or ``()``."""
    for attempt in (_contracted, _respelled, _prefixed, _inflected, _suffixed, _compound):
        phones = attempt(word, known)
        if phones:
            return phones
    return ()


def add_s(stem: Phones) -> Phones:
    """``stem`` with the plural, possessive or third-person ending."""
    if stem[-1] in _SIBILANTS:
        return (*stem, "IH0", "Z")
    return (*stem, "S" if stem[-1] in _VOICELESS else "Z")


def _add_ed(stem: Phones) -> Phones:
    if stem[-1] in ("T", "D"):
        return (*stem, "IH0", "D")
    return (*stem, "T" if stem[-1] in _VOICELESS else "D")


def _find(word: str, known: Lookup) -> Phones:
    """Phones of a part: from the dictionary, or its American spelling, or with a prefix."""
    found = known(word)
    return found[0] if found else _respelled(word, known) or _prefixed(word, known)


def _contracted(word: str, known: Lookup) -> Phones:
    """Genitives and short forms: "steward's", "companions'", "there'll"."""
    if "'" not in word[1:]:
        return ()
    if word.endswith("'"):
        return _find(word[:-1], known)
    if word.endswith("'s"):
        stem = _find(word[:-2], known)
        return add_s(stem) if stem else ()
    for ending, phones in _CONTRACTIONS.items():
        stem = _find(word.removesuffix(ending), known) if word.endswith(ending) else ()
        if stem:
            return stem + phones
    if word.endswith("'d"):
        stem = _find(word[:-2], known)
        return _add_ed(stem) if stem else ()
    return ()


def _before_ed(word: str) -> Iterator[str]:
    """Spellings that a past tense may come from: "tried", "stopped", "barrelled", "moved"."""
    if word.endswith("ied"):
        yield word[:-3] + "y"
        return
    if word[-3] == word[-4] and word[-3] not in "s":
        yield word[:-3]
    yield word[:-1]
    yield word[:-2]


def _inflected(word: str, known: Lookup) -> Phones:
    """Plural, third person and past tense."""
    if word.endswith("s") and not word.endswith("ss"):
        stems = [word[:-1]] if word[-2:-1] not in ("u", "i") else []
        if word.endswith("es"):
            stems.append(word[:-2])
        if word.endswith("ies"):
            stems.insert(0, word[:-3] + "y")
        for stem in stems:
            phones = _find(stem, known) if len(stem) >= _SHORTEST_STEM else ()
            if phones:
                return add_s(phones)
    if word.endswith("ed") and len(word) > _SHORTEST_STEM + 2:
        for stem in _before_ed(word):
            phones = _find(stem, known)
            if phones:
                return _add_ed(phones)
    return ()


def _respelled(word: str, known: Lookup) -> Phones:
    """The American spelling: "labour" -> "labor"."""
    for british, american in _AMERICAN:
        respelled = british.sub(american, word)
        found = known(respelled) if respelled != word else ()
        if found:
            return found[0]
    return ()


def _suffixed(word: str, known: Lookup) -> Phones:
    for ending, sound in _SUFFIXES:
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < _SHORTEST_STEM:
            continue
        restored = stem + "ing" if ending == "in'" else stem[:-1] + "y" if stem[-1] == "i" else stem
        phones = _find(restored, known)
        if phones and ending == "in'":
            return (*phones[:-1], "N") if phones[-1] == "NG" else ()
        if phones:
            return phones + tuple(sound.split())
    return ()


def _prefixed(word: str, known: Lookup) -> Phones:
    for beginning, sound in _PREFIXES:
        stem = word.removeprefix(beginning)
        if stem != word and len(stem) > _SHORTEST_STEM:
            found = known(stem)
            if found:
                return tuple(sound.split()) + found[0]
    return ()


def _compound(word: str, known: Lookup) -> Phones:
    """Two words in one, the second one with less stress: "nightglow"."""
    for cut in range(3, len(word) - 3):
        if word[cut:] in _LAST_PARTS:
            first, second = known(word[:cut]), known(word[cut:])
            if first and second:
                return first[0] + tuple(phone.replace("1", "2") for phone in second[0])
    return ()
