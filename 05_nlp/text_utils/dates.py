"""Dates, decades, years and times in words."""

from __future__ import annotations

import re

from text_utils.abbreviations import closes_sentence
from text_utils.numbers import cardinal, ordinal, plural, year

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
_MONTH = (
    r"(?P<month>(?i:January|February|April|June|July|August|September|October|November|December"
    r"|Jan|Feb|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)|March|MARCH|May|MAY|Mar|MAR)\b\.?"
)
_DAY = r"(?P<day>[12][0-9]|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>,? ?(?:1[0-9]{3}|20[0-9]{2})\b(?!,[0-9]))?"
_MONTH_DAY = re.compile(rf"\b{_MONTH} {_DAY}\b(?![:.,/-]?[0-9]){_YEAR}")
_MONTH_DAY_YEAR = re.compile(rf"\b{_MONTH} {_DAY}(?P<year>, ?(?:1[0-9]{{3}}|20[0-9]{{2}}))\b")
_DAY_MONTH = re.compile(rf"(?P<the>\b[Tt]he )?\b(?<![0-9:.,/$-]){_DAY}(?: of)? {_MONTH}{_YEAR}")
_MONTH_ONLY = re.compile(rf"\b{_MONTH}(?= (?:1[0-9]{{3}}|20[0-9]{{2}})\b)")
_ISO = re.compile(r"\b([12][0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(?:T(?=[0-9])|\b)")
_SLASHED = re.compile(r"(?<![\w/.])([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}|[0-9]{2})(?![\w/])")
_DOTTED = re.compile(r"(?<![\w.])([0-9]{1,2})\.([0-9]{1,2})\.([12][0-9]{3})(?![\w]|\.[0-9])")
_DECADE = re.compile(r"(?<![\w.,$£€])(?:'|\b)((?:1[0-9]|20)?)([0-9]0)'?s\b")
_SHORT_YEAR = re.compile(r"(?<![\w.,])'([0-9]{2})\b(?![':.,]?[0-9])(?!')")
_YEAR_RANGE = re.compile(
    r"(?<![\w$£€.,:/-])(1[0-9]{3}|20[0-9]{2})-((?:1[0-9]|20)?[0-9]{2})(?![\w%-])"
)
_ERA = re.compile(
    r"\b([0-9]{1,2}(?:,?[0-9]{3})?|[0-9]{3}) ?(B\.C\.E\.|B\.C\.|A\.D\.|C\.E\.|BCE|BC|AD|CE)(?!\w)"
)
_ERA_FIRST = re.compile(r"\bA\.?D\.? ?([0-9]{1,4})\b")
_PLAIN_YEAR = re.compile(r"(?<![\w$£€.,:/#+-])(1[0-9]{3}|20[0-9]{2})(?![\w%:/°]|[.,][0-9]|-[0-9])")
_BEFORE_YEAR = re.compile(
    r"\b(?:in|since|by|until|till|of|from|during|year|years|after|before|circa|to|and|early|late|"
    r"mid|spring|summer|autumn|fall|winter|around|between|through)(?: the year)?,? $",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"[ -](?!(?:is|was|has|as|this|its|his|us|thus)\b)(?:[a-z]+s|men|women|people|children)\b"
)
_CLOCK = re.compile(
    r"(?<![\w:.,])(?P<hour>[01]?[0-9]|2[0-4]):(?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9]))?"
    r"(?![0-9:])(?:\s?(?P<half>[AaPp])(?:m|M|\.\s?[mM])\b(?P<dot>\.?))?"
)
_HOUR = re.compile(
    r"(?<![\w:.,$£€-])(?P<hour>1[0-2]|0?[1-9])(?:\s?(?P<half>[AaPp])\.\s?[mM]\b(?P<dot>\.?)"
    r"|\s?(?P<plain>[ap]m|[AP]M)\b)"
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAY_NAME = r"(?:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)"
_WEEKDAY = re.compile(
    rf"\b(?P<day>{_DAY_NAME})(?:day|nesday|urday)?"
    rf"(?:\.?(?P<to>\s?-\s?)(?={_DAY_NAME})|\.(?=,? [A-Z0-9]))"
)
_CLOCK_RANGE = re.compile(r"(?<=[0-9]:[0-5][0-9])\s?-\s?(?=[0-9]{1,2}:[0-5][0-9])")
_DATE_RANGE = re.compile(rf"(?<=[0-9]) ?- ?(?={_MONTH} [0-9])")
_HALF_RANGE = re.compile(r"(?<=[0-9 ])([AaPp](?:\.\s?[Mm]\.|[Mm]))\s?-\s?(?=[0-9])")
_HOURS_RANGE = re.compile(
    r"(?<![\w:.,$£€-])((?:1[0-2]|0?[1-9])(?::[0-5][0-9])?)\s?-\s?"
    r"(?=(?:1[0-2]|0?[1-9])(?::[0-5][0-9])?\s?[AaPp]\.?\s?[Mm]\b)"
)


def expand_dates(text: str) -> str:
    """``text`` with times, dates, decades and years in words (digits elsewhere stay)."""
    if not any(char.isdigit() for char in text):
        return text
    text = _ISO.sub(lambda f: _date(int(f[1]), int(f[2]), int(f[3]), f.group()), text)
    text = _WEEKDAY.sub(_weekday, text)
    text = _DATE_RANGE.sub(" to ", _CLOCK_RANGE.sub(" to ", text))
    text = _HALF_RANGE.sub(r"\1 to ", text)
    text = _HOURS_RANGE.sub(lambda found: f"{_clock_words(found.group(1))} to ", text)
    text = _CLOCK.sub(_clock, text)
    text = _HOUR.sub(_hour, text)
    text = _SLASHED.sub(_slashed, text)
    text = _DOTTED.sub(lambda f: _date(int(f[3]), int(f[2]), int(f[1]), f.group()), text)
    text = _MONTH_DAY_YEAR.sub(_month_day, text)
    text = _MONTH_DAY.sub(_month_day, text)
    text = _DAY_MONTH.sub(_day_month, text)
    text = _MONTH_ONLY.sub(lambda found: _month_name(found["month"]), text)
    return _expand_years(text)


def _expand_years(text: str) -> str:
    text = _DECADE.sub(_decade, text)
    text = _ERA.sub(_era, text)
    text = _ERA_FIRST.sub(lambda found: f"A D {year(int(found[1]))}", text)
    text = _YEAR_RANGE.sub(_year_range, text)
    text = _SHORT_YEAR.sub(lambda found: _two_digits(found[1]), text)
    return _PLAIN_YEAR.sub(_plain_year, text)


def _weekday(found: re.Match[str]) -> str:
    name = next(day for day in _DAYS if day.startswith(found["day"]))
    return name + (" to " if found["to"] else "")


def _month_name(written: str) -> str:
    return next(month for month in MONTHS if month.lower().startswith(written[:3].lower()))


def _two_digits(text: str) -> str:
    """The end of a year: ``"05" -> "oh five"``."""
    return f"oh {cardinal(int(text))}" if text[0] == "0" and text != "00" else cardinal(int(text))


def _year_words(text: str | None) -> str:
    if not text:
        return ""
    comma = "," if "," in text else ""
    return f"{comma} {year(int(text.strip(', ')))}"


def _month_day(found: re.Match[str]) -> str:
    day = ordinal(int(found["day"]))
    return f"{_month_name(found['month'])} {day}{_year_words(found['year'])}"


def _day_month(found: re.Match[str]) -> str:
    the = found["the"] or "the "
    date = f"{ordinal(int(found['day']))} of {_month_name(found['month'])}"
    return f"{the}{date}{_year_words(found['year'])}"


def _date(year_number: int, month: int, day: int, written: str) -> str:
    """A numeric date, month first; ``written`` again if there is no such day."""
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return written
    end = " " if written.endswith("T") else ""
    return f"{MONTHS[month - 1]} {ordinal(day)}, {year(year_number)}{end}"


def _slashed(found: re.Match[str]) -> str:
    """12/25/1999 as in the United States; 25/12/1999 can only be day first."""
    month, day = int(found[1]), int(found[2])
    if month > 12:
        month, day = day, month
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return found.group()
    spoken = year(int(found[3])) if len(found[3]) == 4 else _two_digits(found[3])
    return f"{MONTHS[month - 1]} {ordinal(day)}, {spoken}"


def _decade(found: re.Match[str]) -> str:
    century, tens = found[1], found[2]
    if tens == "00":
        return plural(year(int(century + tens))) if century else found.group()
    if tens == "10":
        return f"{cardinal(int(century))} tens" if century else "tens"
    words = plural(cardinal(int(tens)))
    return f"{cardinal(int(century))} {words}" if century else words


def _year_range(found: re.Match[str]) -> str:
    first, second = found[1], found[2]
    if int(second) <= int(first[-len(second) :]):
        return found.group()
    end = year(int(second)) if len(second) == 4 else _two_digits(second)
    return f"{year(int(first))} to {end}"


def _era(found: re.Match[str]) -> str:
    letters = " ".join(found[2].replace(".", ""))
    stop = "." if found.group().endswith(".") and closes_sentence(_rest(found)) else ""
    return f"{year(int(found[1].replace(',', '')))} {letters}{stop}"


def _plain_year(found: re.Match[str]) -> str:
    """Four digits are a year unless they count something ("1234 men", but "in 1234 men ...")."""
    value = int(found[1])
    led = _BEFORE_YEAR.search(found.string[max(0, found.start() - 24) : found.start()])
    if led is None and (value < 1100 or _COUNTED.match(_rest(found))):
        return cardinal(value)
    return year(value)


def _rest(found: re.Match[str]) -> str:
    return found.string[found.end() : found.end() + 80]


def _clock_words(clock: str) -> str:
    """``"3:05" -> "three oh five"``, ``"7" -> "seven"``."""
    hour, _, minute = clock.partition(":")
    words = cardinal(int(hour))
    return f"{words} {_two_digits(minute)}" if minute.strip("0") else words


def _half(found: re.Match[str], half: str, dotted: bool) -> str:
    stop = "." if dotted and closes_sentence(_rest(found)) else ""
    return f" {half.upper()} M{stop}"


def _clock(found: re.Match[str]) -> str:
    hour, minute, second = found["hour"], found["minute"], found["second"]
    words = _clock_words(f"{hour}:{minute}")
    if minute == "00" and not second and not found["half"]:
        words += " hundred" if int(hour) > 12 or (len(hour) == 2 and hour[0] == "0") else " o'clock"
    if second and second != "00":
        words += f" and {cardinal(int(second))} second" + ("s" if second != "01" else "")
    return words + (_half(found, found["half"], bool(found["dot"])) if found["half"] else "")


def _hour(found: re.Match[str]) -> str:
    half = found["half"] or found["plain"][0]
    return cardinal(int(found["hour"])) + _half(found, half, bool(found["dot"]))
