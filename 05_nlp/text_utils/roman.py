"""Roman numerals: "Chapter IV", "Henry VIII", "World War II"."""

from __future__ import annotations

import re

from text_utils.numbers import cardinal, ordinal

_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_NUMERAL = r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})(?<=[IVXLCDM])"
_DIVISIONS = "chapter|chap|act|scene|canto|psalm|volume|vol|section|appendix"
_HEADINGS = (
    f"{_DIVISIONS}|part|book|article|war|apollo|bowl|lesson|verse|title|phase|type|class|grade|stage|"
    "level|figure|table|plate|unit|page|number|olympiad|schedule|annex|amendment|corps|gemini|mark|"
    "rocky|rambo|fantasy|episode|letter|sonnet"
)
_RULERS = (
    "Henry|Edward|George|William|Charles|James|Richard|John|Mary|Elizabeth|Louis|Philip|Francis|"
    "Frederick|Nicholas|Alexander|Peter|Catherine|Ivan|Paul|Pius|Leo|Clement|Gregory|Benedict|"
    "Innocent|Urban|Boniface|Sixtus|Julius|Adrian|Napoleon|Wilhelm|Leopold|Albert|Ferdinand|"
    "Alfonso|Juan|Carlos|Umberto|Victor|Emmanuel|Gustav|Gustavus|Adolphus|Christian|Haakon|Olaf|"
    "Otto|Maximilian|Rudolf|Joseph|Franz|Ptolemy|Ramesses|Rameses|Thutmose|Amenhotep|Darius|"
    "Xerxes|Cyrus|Theodosius|Constantine|Justinian|Malcolm|David|Robert|Stephen|Matilda|Harold|"
    "Cleopatra|Margaret|Isabella|Eric|Sigismund|Casimir|Stanislaus|Vladimir|Michael|Theodore|"
    "Antiochus|Seleucus|Mithridates|Tiberius|Claudius|Baldwin|Pedro|Manuel|Selim|Suleiman|Mehmed|"
    "Murad|Abdul|Thomas|Martin|Anthony|Harry|Edwin|Walter|Howard|Samuel|Donald|Ronald"
)
_AFTER_HEADING = re.compile(
    rf"\b(?P<head>(?i:{_HEADINGS})\.? )(?P<numeral>(?=[IVXLCDM]+\b){_NUMERAL})\b(?!')(?!\.[A-Z])"
)
_AFTER_NAME = re.compile(
    rf"\b(?P<name>(?:{_RULERS})(?: [A-Z][a-z]+)? )(?P<numeral>(?=[IVXL]+\b){_NUMERAL})\b(?!\.[A-Z])"
)
_RULER_I = re.compile(
    r"\b(?P<name>(?:King|Queen|Pope|Emperor|Empress|Tsar|Czar|Kaiser|Prince|Sultan) [A-Z][a-z]+ )"
    r"(?P<numeral>I|V|X)\b"
)
_AFTER_WORD = re.compile(
    r"\b(?P<before>[A-Za-z]+ )(?P<numeral>(?=[IVX]{2,}\b)X{0,3}(?:IX|IV|V?I{0,3}))(?<=[IVX])\b(?!')"
)
_ALONE = re.compile(
    rf"(?:(?<=\n\n)|^)[ \n]*(?P<numeral>(?=[IVXL]{{2,}}\b){_NUMERAL})(?=\.?[ ]*(?:\n|$))"
)
_SMALL = re.compile(
    r"\b(?P<head>(?i:chapter|act|scene|part|section|book|volume|page|canto|line) )"
    r"(?P<numeral>(?=[ivxl]{2,}\b)(?:xl|l?x{0,3})(?:ix|iv|v?i{0,3}))(?<=[ivxl])\b"
)
_AFTER_FIRST = re.compile(r"'s\b| (?:of|died|reigned|ruled|became)\b|[.,;:?!)]|\s*$")


def value_of(numeral: str) -> int:
    """``"XIV" -> 14``; the numeral must be made of I, V, X, L, C, D and M."""
    values = [_VALUES[char] for char in numeral]
    following = [*values[1:], 0]
    return sum(v if v >= after else -v for v, after in zip(values, following, strict=True))


def expand_roman(text: str) -> str:
    """``text`` with roman numerals in words, where what stands before them shows what they are."""
    if not re.search(r"[IVXLCDM]|[ivxl]{2}\b", text):
        return text
    text = _ALONE.sub(lambda found: f"{cardinal(value_of(found['numeral']))}", text)
    text = _AFTER_HEADING.sub(_after_heading, text)
    text = _SMALL.sub(lambda f: f["head"] + cardinal(value_of(f["numeral"].upper())), text)
    text = _RULER_I.sub(_the, text)
    text = _AFTER_NAME.sub(_after_name, text)
    return _AFTER_WORD.sub(_after_word, text)


def _after_heading(found: re.Match[str]) -> str:
    """A number in "Chapter IV" and "Part I", none in "the part I like" and "Class C"."""
    head, numeral = found["head"], found["numeral"]
    name = head.strip(" .").lower()
    after = found.string[found.end() : found.end() + 2]
    if len(numeral) == 1:
        division = name in _DIVISIONS.split("|")
        ends = not after.strip() or not after.strip()[0].isalnum()
        titled = head[0].isupper() and (ends or after[1:].isupper())
        if numeral in "CDLM" or (numeral == "I" and not (titled or (division and ends))):
            return found.group()
        if numeral != "I" and name not in _HEADINGS.split("|title|")[0].split("|"):
            return found.group()
    value = value_of(numeral)
    return head + (str(value) if "." in head else cardinal(value))  # "vol. II" -> "vol. 2"


def _the(found: re.Match[str]) -> str:
    return f"{found['name']}the {ordinal(value_of(found['numeral']))}"


def _after_name(found: re.Match[str]) -> str:
    """An ordinal in "Henry VIII", none in "Charles I think" and "Malcolm X"."""
    numeral = found["numeral"]
    rest = found.string[found.end() : found.end() + 20]
    initial = len(numeral) == 1 and re.match(r"\. [A-Z]", rest)  # "George V. Allen"
    if initial or numeral in ("L", "X") or (numeral == "I" and not _AFTER_FIRST.match(rest)):
        return found.group()
    return _the(found)


def _after_word(found: re.Match[str]) -> str:
    """Two letters and more after a capitalized word ("Type XIV"), but not "an IV"."""
    if not found["before"][0].isupper() and found["numeral"] not in ("II", "III"):
        return found.group()
    return found["before"] + cardinal(value_of(found["numeral"]))
