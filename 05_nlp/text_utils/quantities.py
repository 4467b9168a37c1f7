"""Money, measures, shares, fractions, telephone numbers, ordinals and plain numbers in words."""

from __future__ import annotations

import re

from text_utils.abbreviations import closes_sentence
from text_utils.numbers import cardinal, digits, number, ordinal, year
from text_utils.units import CURRENCIES, SCALES, UNITS, plural_unit

_NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
_FREE = r"(?<![\w.,])"  # not the tail of another number or word
_SIGN = "|".join(re.escape(sign) for sign in sorted(CURRENCIES, key=len, reverse=True))
_SCALE = (
    r"(?:\s?(?P<scale>hundred|thousand|million|billion|trillion)\b|(?P<short>bn|tn|mn|[KkMmBT])\b)?"
)
_PER = r"(?:/(?P<per>[a-z]+)\b)?"
_UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))

_PHONE = re.compile(
    r"(?<![\w.,/$-])(?:\+(?P<country>[0-9]{1,3})[ .-]?)?(?:\((?P<area>[0-9]{3})\) ?)?"
    r"(?P<groups>[0-9]{1,5}(?:[ .-][0-9]{1,7}){1,5})(?![\w/:%]|[.,-][0-9])"
)
_MONEY_RANGE = re.compile(rf"(?P<sign>{_SIGN})(?P<low>{_NUMBER})(?:-| - )(?:{_SIGN})?(?={_NUMBER})")
_MONEY = re.compile(rf"(?P<minus>-)?(?P<sign>{_SIGN})\s?(?P<amount>{_NUMBER}){_SCALE}{_PER}")
_MONEY_AFTER = re.compile(rf"{_FREE}(?P<amount>{_NUMBER}){_SCALE}\s?(?P<sign>[€£¥₹¢$]|USD|EUR|GBP)")
_RANGE = re.compile(rf"(?<![\w.,/-])({_NUMBER})(?:-| - )(?={_NUMBER}(?![-/:]?[0-9]))")
_PERCENT = re.compile(rf"{_FREE}({_NUMBER})\s?%")
_FEET_INCHES = re.compile(rf"{_FREE}([0-9]{{1,2}})' ?([0-9]{{1,2}})(?:\"|'')")
_FRACTION = re.compile(
    rf"(?<![\w.,/])(?:([0-9]{{1,4}}) )?([0-9]{{1,4}})/([0-9]{{1,4}})(?![\w/]|[.,][0-9])"
    rf"(?: ?(?P<unit>{_UNIT})(?!\w))?"
)
_MEASURE = re.compile(
    rf"{_FREE}(?P<amount>{_NUMBER})(?P<gap> ?|-)(?P<unit>{_UNIT})(?P<power>\^?[23])?"
    rf"(?:/(?P<per>{_UNIT})(?P<per_power>\^?[23])?)?(?![\w'])(?P<dot>\.(?!\w))?"
)
_ORDINAL = re.compile(
    r"(?<![\w.])([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,15})(?:st|nd|rd|th|ST|ND|RD|TH)\b"
)
_SIZE = re.compile(rf"{_FREE}({_NUMBER}) ?[xX] ?({_NUMBER})")
_TIMES = re.compile(rf"{_FREE}({_NUMBER})x(?= (?!plus|minus|times|equals)[a-z])")
_RATIO = re.compile("(?<=[0-9]):(?=[0-9])")
_TOLL_FREE = re.compile(r"\b1-(8[0-9]{2})-(?=[A-Z])")
_EMERGENCY = re.compile(r"(?<![\w.,$£€-])911(?![\w.,-]|,[0-9])")
_SPACED = re.compile(r"(?<![0-9.,])([1-9][0-9]{0,2})((?: 000)+)(?! ?[0-9])")
_POWER = re.compile(r"(?<=[\w)])\^(-?)([0-9]{1,3})")
_EXPONENT = re.compile(rf"{_FREE}({_NUMBER})[eE]([+-]?)([0-9]{{1,3}})\b")
_VERSION = re.compile(r"(?<![0-9.])[0-9]+(?:\.[0-9]+){2,}")
_MINUS = re.compile(r"(?<![\w)\-])-(?=\.?[0-9])")
_ROOM = re.compile(
    r"\b(Room|Flight|Route|Highway|Channel|Suite|Apartment|Interstate) ([1-9])([0-9]{2})\b"
)
_PLAIN = re.compile(_NUMBER)
_ARTICLE = re.compile(r"\b[Aa]n? $")


def expand_telephone_numbers(text: str) -> str:
    """``text`` with telephone and card numbers digit by digit; goes before dates and ranges."""
    text = _SPACED.sub(lambda found: found[1] + found[2].replace(" ", ""), text)
    text = _TOLL_FREE.sub(r"1 \1 ", _EMERGENCY.sub("nine one one", text))
    return _PHONE.sub(_phone, text)


def expand_quantities(text: str) -> str:
    """``text`` with every digit turned into words; expects dates and years to be words already."""
    if not any(char.isdigit() for char in text):
        return text
    text = _MONEY_RANGE.sub(r"\g<low> to \g<sign>", text)
    text = _MONEY.sub(_money, text)
    text = _MONEY_AFTER.sub(_money, text)
    text = _RATIO.sub(" to ", _RANGE.sub(r"\1 to ", text))
    text = _FEET_INCHES.sub(lambda f: f"{_counted(f[1], 'foot')} {_counted(f[2], 'inch')}", text)
    text = _SIZE.sub(lambda f: f"{_side(f[1])} by {_side(f[2])}", text)
    text = _PERCENT.sub(r"\1 percent", text)
    text = _FRACTION.sub(_fraction, text)
    text = _MEASURE.sub(_measure, text)
    text = _EXPONENT.sub(_scientific, text)
    text = _POWER.sub(_power, text)
    text = _TIMES.sub(r"\1 times", text)
    text = _ORDINAL.sub(lambda found: ordinal(int(found[1].replace(",", ""))), text)
    return _expand_plain(text)


def _expand_plain(text: str) -> str:
    text = _ROOM.sub(lambda f: f"{f[1]} {cardinal(int(f[2]))} {_room_end(f[3])}", text)
    text = _VERSION.sub(_version, text)
    text = _MINUS.sub("minus ", text)
    return _PLAIN.sub(_plain, text)


def _plain(found: re.Match[str]) -> str:
    """A number in words, apart from letters that touch it ("B12", "4K")."""
    before = found.string[found.start() - 1 : found.start()]
    after = found.string[found.end() : found.end() + 1]
    return (
        (" " if before.isalnum() else "") + number(found.group()) + (" " if after.isalnum() else "")
    )


def _room_end(text: str) -> str:
    return f"oh {cardinal(int(text))}" if text[0] == "0" else cardinal(int(text))


def _counted(amount: str, unit: str) -> str:
    """``amount`` in words and its unit, singular for "1"."""
    return f"{number(amount)} {unit if amount == '1' else plural_unit(unit)}"


def _phone(found: re.Match[str]) -> str:
    """Digit by digit with a comma after each group; other numbers with separators stay."""
    groups = re.split("[ .-]", found["groups"])
    lengths = [len(group) for group in groups]
    separators = set(re.sub("[0-9]", "", found["groups"]))
    likely = found["country"] or found["area"] or (lengths == [3, 4] and separators == {"-"})
    if len(groups) >= 3 and sum(lengths) >= 9 and len(separators) == 1:
        likely = likely or separators == {"-"} or min(lengths) >= 3
    if not likely:
        return found.group()
    parts = [part for part in (found["country"], found["area"], *groups) if part]
    plus = "plus " if found["country"] else ""
    return plus + ", ".join(digits(part) for part in parts)


def _money(found: re.Match[str]) -> str:
    """``"$12.50" -> "twelve dollars and fifty cents"``, ``"$3M" -> "three million dollars"``."""
    unit, cent = CURRENCIES[found["sign"]]
    amount, scale = found["amount"], found["scale"] or SCALES.get(found["short"] or "", "")
    minus = "minus " if found.groupdict().get("minus") else ""
    whole, _, fraction = amount.replace(",", "").partition(".")
    adjective = _adjective(found)
    per = f" per {found['per']}" if found.groupdict().get("per") else ""
    if scale or (fraction and (len(fraction) != 2 or not cent)):
        words = f"{number(amount)} {scale}".strip()
        return f"{minus}{words} {unit if adjective else _plural_money(unit)}{per}"
    parts = []
    if int(whole or "0") or not fraction or not int(fraction):
        one = whole == "1" or adjective
        parts.append(f"{number(whole or '0')} {unit if one else _plural_money(unit)}")
    if fraction and int(fraction):
        parts.append(
            f"{number(str(int(fraction)))} {cent if int(fraction) == 1 else _plural_money(cent)}"
        )
    return minus + " and ".join(parts) + per


def _adjective(found: re.Match[str]) -> bool:
    """Whether the amount stands before a noun: "a $20 bill" is "a twenty dollar bill"."""
    before = found.string[max(0, found.start() - 4) : found.start()]
    after = found.string[found.end() : found.end() + 2]
    return bool(_ARTICLE.search(before) and after[:1] in (" ", "-") and after[1:].isalpha())


def _plural_money(unit: str) -> str:
    return {"penny": "pence", "yen": "yen", "yuan": "yuan"}.get(unit, unit + "s")


def _fraction(found: re.Match[str]) -> str:
    """``"1/2" -> "one half"``, ``"2 3/4" -> "two and three quarters"``, "9/11" as it is said."""
    whole, top, bottom = found[1], int(found[2]), int(found[3])
    unit = UNITS[found["unit"]] if found["unit"] else ""
    if (top, bottom) in ((24, 7), (9, 11), (50, 50)) or not 2 <= bottom <= 1000 or top >= bottom:
        joint = " " if (top, bottom) in ((24, 7), (9, 11), (50, 50)) else " over "
        words = f"{cardinal(top)}{joint}{cardinal(bottom)}"
        return " ".join(part for part in (number(whole) if whole else "", words, unit) if part)
    name = {2: "half", 4: "quarter"}.get(bottom) or ordinal(bottom)
    if whole:
        part = f"a {name}" if top == 1 and bottom in (2, 4) else _part(top, name)
        return f"{number(whole)} and {part}" + (f" {plural_unit(unit)}" if unit else "")
    article = "an" if unit[:1] in "aeiou" else "a"
    return _part(top, name) + (f" of {article} {unit}" if unit else "")


def _part(top: int, name: str) -> str:
    names = name if top == 1 else "halves" if name == "half" else name + "s"
    return f"{cardinal(top)} {names}"


def _measure(found: re.Match[str]) -> str:
    """``"5 km/h" -> "five kilometers per hour"``, ``"3 m^2" -> "three square meters"``."""
    unit, amount = found["unit"], found["amount"]
    if (unit == "in" and found["gap"] == " " and not found["dot"]) or (unit, found["gap"]) == (
        "s",
        "",
    ):
        return found.group()  # "5 in the morning", "the iPhone 5s"
    one = amount == "1" or found["gap"] == "-"
    name = UNITS[unit] if one else plural_unit(UNITS[unit])
    words = f"{amount} {_squared(found['power'])}{name}"
    if found["per"]:
        words += f" per {_squared(found['per_power'])}{UNITS[found['per']]}"
    closes = found["dot"] and closes_sentence(found.string[found.end() : found.end() + 80])
    return words + ("." if closes else "")


def _squared(power: str | None) -> str:
    return {"2": "square ", "3": "cubic "}.get((power or "").strip("^"), "")


def _side(text: str) -> str:
    """One side of "1920x1080": four digits are said like a year."""
    return year(int(text)) if text.isdigit() and len(text) == 4 else number(text)


def _scientific(found: re.Match[str]) -> str:
    sign = "minus " if found[2] == "-" else ""
    return f"{number(found[1])} times ten to the {sign}{cardinal(int(found[3]))}"


def _power(found: re.Match[str]) -> str:
    if not found[1] and found[2] in ("2", "3"):
        return " squared" if found[2] == "2" else " cubed"
    return f" to the power of {'minus ' if found[1] else ''}{cardinal(int(found[2]))}"


def _version(found: re.Match[str]) -> str:
    """A version ("3.11.2") has points, an address ("192.168.0.1") has dots."""
    groups = found.group().split(".")
    return (" dot " if len(groups) > 3 else " point ").join(number(group) for group in groups)
