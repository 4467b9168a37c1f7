"""Units and currencies: how they are written, and how they are said."""

from __future__ import annotations

_PREFIXED = {
    "m": "meter", "g": "gram", "l": "liter", "L": "liter", "W": "watt", "V": "volt", "Hz": "hertz",
    "J": "joule", "Pa": "pascal", "s": "second", "Wh": "watt hour",
}  # fmt: skip
_PREFIXES = {
    "k": "kilo",
    "c": "centi",
    "m": "milli",
    "u": "micro",
    "n": "nano",
    "M": "mega",
    "G": "giga",
}
_BYTES = {"K": "kilo", "k": "kilo", "M": "mega", "G": "giga", "T": "tera", "P": "peta"}

UNITS: dict[str, str] = {
    **{p + u: prefix + unit for u, unit in _PREFIXED.items() for p, prefix in _PREFIXES.items()},
    **_PREFIXED,
    **{p + "B": f"{prefix}byte" for p, prefix in _BYTES.items()},
    **{p + "bps": f"{prefix}bit per second" for p, prefix in _BYTES.items()},
    **{p + "b": f"{prefix}bit" for p, prefix in _BYTES.items()},
    "TW": "terawatt", "kWh": "kilowatt hour", "mAh": "milliampere hour", "mA": "milliampere",
    "hPa": "hectopascal", "ha": "hectare", "t": "ton", "dB": "decibel", "bps": "bit per second",
    "in": "inch", "ft": "foot", "yd": "yard", "yds": "yard", "mi": "mile", "lb": "pound",
    "lbs": "pound", "oz": "ounce", "pt": "pint", "qt": "quart", "gal": "gallon", "cc": "C C",
    "mph": "mile per hour", "kph": "kilometer per hour", "kmh": "kilometer per hour",
    "rpm": "R P M", "fps": "frame per second", "dpi": "D P I", "px": "pixel", "psi": "P S I",
    "cal": "calorie", "kcal": "kilocalorie", "hp": "horsepower", "sq ft": "square foot",
    "sq. ft": "square foot", "sq mi": "square mile", "cu ft": "cubic foot", "fl oz": "fluid ounce",
    "sec": "second", "secs": "second", "min": "minute", "mins": "minute", "h": "hour", "hr": "hour",
    "hrs": "hour", "yr": "year", "yrs": "year", "wk": "week", "wks": "week", "tsp": "teaspoon",
    "tbsp": "tablespoon", "doz": "dozen", "°C": "degree Celsius", "° C": "degree Celsius",
    "°F": "degree Fahrenheit", "° F": "degree Fahrenheit", "°": "degree", "ohms": "ohm",
}  # fmt: skip
"""Unit as written -> its name in the singular. Single capitals (K, A, C ...) are not among them."""

CURRENCIES: dict[str, tuple[str, str]] = {
    "$": ("dollar", "cent"), "US$": ("dollar", "cent"), "A$": ("Australian dollar", "cent"),
    "C$": ("Canadian dollar", "cent"), "£": ("pound", "penny"), "€": ("euro", "cent"),
    "¥": ("yen", ""), "₹": ("rupee", "paisa"), "¢": ("cent", ""), "USD": ("dollar", "cent"),
    "EUR": ("euro", "cent"), "GBP": ("pound", "penny"),
}  # fmt: skip
"""Sign -> the unit and its hundredth, in the singular."""

SCALES = {
    "K": "thousand", "k": "thousand", "M": "million", "m": "million",
    "mn": "million", "B": "billion",
    "bn": "billion", "T": "trillion", "tn": "trillion",
}  # fmt: skip
"""Letters after an amount of money."""


def plural_unit(unit: str) -> str:
    """``"kilometer per hour" -> "kilometers per hour"``, ``"foot" -> "feet"``."""
    head, per, rest = unit.partition(" per ")
    first, space, last = head.rpartition(" ")
    if first == "degree":
        return f"degrees {last}{per}{rest}"
    if last.isupper() or last in ("hertz", "horsepower") or last.endswith("hertz"):
        return unit
    last = {"foot": "feet", "inch": "inches", "dozen": "dozen"}.get(last, last + "s")
    return f"{first}{space}{last}{per}{rest}"
