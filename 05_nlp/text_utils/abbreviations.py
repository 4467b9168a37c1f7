"""Abbreviations, initials and dotted letters; and whether a period after one ends a sentence.

"Dr." never ends a sentence, "etc." often does. The period is kept where what follows looks like a
new sentence, and dropped where it does not, so that it is never heard as a pause in the middle.
"""

from __future__ import annotations

import re

from text_utils.wordsets import words

TITLES = {
    "Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Messrs": "Messers", "Mme": "Madame",
    "Mlle": "Mademoiselle", "Dr": "Doctor", "Drs": "Doctors", "Prof": "Professor",
    "Rev": "Reverend", "Hon": "Honorable", "Fr": "Father", "Gen": "General", "Col": "Colonel",
    "Maj": "Major", "Capt": "Captain", "Lt": "Lieutenant", "Sgt": "Sergeant", "Cpl": "Corporal",
    "Pvt": "Private", "Adm": "Admiral", "Cmdr": "Commander", "Gov": "Governor", "Sen": "Senator",
    "Rep": "Representative", "Pres": "President", "Supt": "Superintendent", "St": "Saint",
    "Ste": "Sainte", "Mt": "Mount", "Ft": "Fort", "Msgr": "Monsignor",
}  # fmt: skip
"""Stand before a name; their period never ends a sentence."""

WITHOUT_PERIOD = (
    "Mr",
    "Mrs",
    "Ms",
    "Messrs",
    "Mme",
    "Mlle",
    "Dr",
    "Prof",
    "St",
    "Mt",
    "Sgt",
    "Capt",
)
"""Titles that British English writes without the period."""

_ALWAYS_TITLES = ("Mr", "Mrs", "Ms", "Dr", "Prof", "Capt", "Lt", "Sgt", "Col", "Rev", "Gov", "Sen")

STREETS = {
    "St": "Street", "Dr": "Drive", "Ave": "Avenue", "Blvd": "Boulevard", "Rd": "Road", "Ln": "Lane",
    "Hwy": "Highway", "Pl": "Place", "Sq": "Square", "Pkwy": "Parkway",
}  # fmt: skip

BEFORE_NUMBERS = {
    "No": "number", "Nos": "numbers", "no": "number", "nos": "numbers", "Nr": "number",
    "p": "page", "pp": "pages", "vol": "volume", "Vol": "Volume", "vols": "volumes",
    "ch": "chapter", "Ch": "Chapter",
    "chap": "chapter", "Chap": "Chapter", "sec": "section", "Sec": "Section",
    "fig": "figure", "Fig": "Figure", "figs": "figures", "Figs": "Figures", "eq": "equation",
    "Eq": "Equation", "pt": "part", "Pt": "Part",
    "c": "circa", "ca": "circa", "ext": "extension", "Ext": "Extension", "tel": "telephone",
    "Tel": "Telephone", "op": "opus", "Op": "Opus",
}  # fmt: skip

OTHERS = {
    "etc": "et cetera", "vs": "versus", "v": "versus", "e.g": "for example", "eg": "for example",
    "i.e": "that is", "ie": "that is", "cf": "compare", "viz": "namely", "al": "al",
    "approx": "approximately", "appt": "appointment", "Apt": "Apartment",
    "assn": "association", "assoc": "association", "Assoc": "Association", "Assn": "Association",
    "Jr": "Junior", "Sr": "Senior", "Esq": "Esquire", "Inc": "Incorporated",
    "Corp": "Corporation", "Co": "Company", "Ltd": "Limited", "Bros": "Brothers",
    "dept": "department", "Dept": "Department", "est": "established", "Est": "Established",
    "govt": "government", "Govt": "Government", "intl": "international", "Intl": "International",
    "misc": "miscellaneous", "Univ": "University", "univ": "university", "Inst": "Institute",
    "max": "maximum", "min": "minimum", "avg": "average", "ed": "edition", "eds": "editors",
    "bldg": "building", "Bldg": "Building", "mfg": "manufacturing",
    "E.g": "For example", "I.e": "That is", "a.k.a": "A K A",
    "Ave": "Avenue", "Blvd": "Boulevard", "Rd": "Road", "Hwy": "Highway", "Pkwy": "Parkway",
    "Feb": "February", "Apr": "April", "Jul": "July", "Aug": "August", "Sept": "September",
    "Sep": "September", "Oct": "October",
    "Nov": "November", "Dec": "December", "Mon": "Monday", "Tue": "Tuesday", "Tues": "Tuesday",
    "Wed": "Wednesday", "Thur": "Thursday", "Thurs": "Thursday", "Thu": "Thursday",
    "Fri": "Friday",
}  # fmt: skip
_WITH_PERIOD_ONLY = OTHERS.keys() - {"vs", "etc"}

WORD_ACRONYMS = words(
    "NASA NATO UNESCO UNICEF OPEC AIDS SARS RADAR LASER SCUBA SWAT NAFTA ASEAN FEMA OSHA NOAA PETA "
    "FIFA UEFA COVID RAM ROM PIN SIM GIF JPEG ASCII YAML JSON WASP NIMBY YOLO"
)
"""Acronyms that are read as a word."""

STARTERS = words(
    "The This That These Those There Then Thus They He She It We You I His Her Its Our My Your "
    "Their A An And But Or So Yet If When While Where Who What Why How After Before In On At For "
    "From With Without As Because Since Although Though However Moreover Meanwhile Not No Yes "
    "Nobody Everyone Some Many Most All Both Each One Two Let Please Once Now Later Soon Today "
    "Tomorrow Yesterday Perhaps Maybe Did Do Does Is Are Was Were Can Could Would Will Have Has "
    "Had Upon Under Over Until Only Even Instead Finally Suddenly Then Such Another Other Our By"
)
"""Words that open a sentence much more often than they are a name."""

_NEXT_WORD = re.compile(r"[\s\"'()\]“”‘’]*([A-Za-z]+)")


def closes_sentence(rest: str) -> bool:
    """Whether a period that belongs to an abbreviation also ends its sentence.

    It does at the end of a paragraph and before a capitalized word that usually opens a sentence
    ("... at 5 p.m. He left"), not before a name ("... the U.S. Army").
    """
    if rest.startswith("\n\n") or not rest.strip("\"')”’ \n\t"):
        return True
    found = _NEXT_WORD.match(rest)
    return bool(found and not rest[0].isalnum() and found.group(1) in STARTERS)


def _alternatives(table: dict[str, str] | tuple[str, ...] | set[str]) -> str:
    return "|".join(re.escape(key) for key in sorted(table, key=lambda k: (-len(k), k)))


_STREET = re.compile(rf"\b(?P<name>[A-Z][a-z]+ )(?P<key>{_alternatives(STREETS)})\b(?P<dot>\.?)")
_NAME_FOLLOWS = re.compile(r"\s+[\"']?[A-Z]")
_TITLE = re.compile(
    rf"\b(?:(?P<dotted>{_alternatives(TITLES)})\.(?=\s+\"?[A-Z])|(?P<always>{_alternatives(_ALWAYS_TITLES)})\."
    rf"|(?P<bare>{_alternatives(WITHOUT_PERIOD)})(?=\s+[A-Z][a-z]))"
)
_BEFORE_NUMBER = re.compile(rf"\b(?P<key>{_alternatives(BEFORE_NUMBERS)})\. ?(?=[0-9])")
_OTHER = re.compile(
    rf"(?<![\w.])(?:(?P<dotted>{_alternatives(set(_WITH_PERIOD_ONLY))})\.|(?P<bare>vs|etc)\b\.?)"
    r"(?![\w])"
)
_LETTERS = re.compile(
    r"(?<![\w.'])(?P<letters>(?:[A-Za-z]\. ?(?=[A-Za-z]\.)){1,9}[A-Za-z])\.(?!\w)"
)
_DEGREE = re.compile(r"\b(?P<head>Ph|Ed|Psy|Litt)\.? ?D\.(?P<plural>'?s\b)?(?!\w)")
_INITIAL = re.compile(r"(?<![\w.'])(?P<letter>[A-HJ-Z]|I(?=\. [A-Z]\.))\.(?=\s+[A-Z])")


def expand_before_numbers(text: str) -> str:
    """``"No. 5" -> "number 5"``; goes first, while the digits are still digits."""
    return _BEFORE_NUMBER.sub(lambda found: BEFORE_NUMBERS[found["key"]] + " ", text)


def expand_abbreviations(text: str) -> str:
    """``text`` with abbreviations in words and initials without their periods."""
    if "." not in text:
        return _TITLE.sub(_title, text)
    text = _STREET.sub(_street, text)
    text = _TITLE.sub(_title, text)
    text = _DEGREE.sub(_degree, text)
    text = _OTHER.sub(_other, text)
    text = _LETTERS.sub(_letters, text)
    return _INITIAL.sub(_initial, text)


def _stop(found: re.Match[str]) -> str:
    """The period, if the sentence ends after ``found``."""
    return "." if closes_sentence(found.string[found.end() : found.end() + 80]) else ""


def _degree(found: re.Match[str]) -> str:
    return " ".join(found["head"].upper()) + (" D's" if found["plural"] else " D" + _stop(found))


def _street(found: re.Match[str]) -> str:
    """A street ("Elm St.") unless a name follows ("Then St. Peter came")."""
    rest = found.string[found.end() : found.end() + 80]
    closes = closes_sentence(rest)
    if found["name"].strip() in STARTERS or (_NAME_FOLLOWS.match(rest) and not closes):
        return found.group()
    return found["name"] + STREETS[found["key"]] + ("." if found["dot"] and closes else "")


def _title(found: re.Match[str]) -> str:
    return TITLES[found["dotted"] or found["always"] or found["bare"]]


def _other(found: re.Match[str]) -> str:
    key = found["dotted"] or found["bare"]
    return OTHERS[key] + (_stop(found) if found.group().endswith(".") else "")


def _letters(found: re.Match[str]) -> str:
    letters = [char.upper() for char in found["letters"] if char.isalpha()]
    joined = "".join(letters)
    return (joined if joined in WORD_ACRONYMS else " ".join(letters)) + _stop(found)


def _initial(found: re.Match[str]) -> str:
    rest = found.string[found.end() : found.end() + 40]
    opener = rest.split()[0].strip("\"'()") if rest.split() else ""
    return found["letter"] + ("." if opener in STARTERS and len(opener) > 1 else "")
