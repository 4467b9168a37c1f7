"""Letter-to-sound rules: a first guess for words that no dictionary holds."""

from __future__ import annotations

from text_utils.lexicon import Phones

# Longest spelling first; the digit on a vowel is filled in by `guess`.
_RULES: tuple[tuple[str, str], ...] = (
    ("tion", "SH AH N"), ("sion", "ZH AH N"), ("ough", "AO"), ("augh", "AO"), ("eigh", "EY"),
    ("igh", "AY"), ("tch", "CH"), ("dge", "JH"), ("sch", "S K"), ("eau", "OW"),
    ("ch", "CH"), ("sh", "SH"), ("th", "TH"), ("ph", "F"), ("wh", "W"), ("ck", "K"), ("ng", "NG"),
    ("qu", "K W"), ("gh", "G"), ("kn", "N"), ("wr", "R"), ("ee", "IY"), ("ea", "IY"), ("oo", "UW"),
    ("ou", "AW"), ("ow", "OW"), ("oi", "OY"), ("oy", "OY"), ("ai", "EY"), ("ay", "EY"),
    ("au", "AO"), ("aw", "AO"), ("ew", "UW"), ("ie", "IY"), ("ei", "EY"), ("oa", "OW"),
    ("ar", "AA R"), ("er", "ER"), ("ir", "ER"), ("ur", "ER"), ("or", "AO R"),
    ("bb", "B"), ("dd", "D"), ("ff", "F"), ("gg", "G"), ("ll", "L"), ("mm", "M"), ("nn", "N"),
    ("pp", "P"), ("rr", "R"), ("ss", "S"), ("tt", "T"), ("zz", "Z"),
    ("a", "AE"), ("b", "B"), ("c", "K"), ("d", "D"), ("e", "EH"), ("f", "F"), ("g", "G"),
    ("h", "HH"), ("i", "IH"), ("j", "JH"), ("k", "K"), ("l", "L"), ("m", "M"), ("n", "N"),
    ("o", "AA"), ("p", "P"), ("q", "K"), ("r", "R"), ("s", "S"), ("t", "T"), ("u", "AH"),
    ("v", "V"), ("w", "W"), ("x", "K S"), ("y", "IY"), ("z", "Z"),
)  # fmt: skip
_VOWEL_INITIALS = "AEIOU"


def guess(word: str) -> Phones:
    """Phones of a lower-case ``word`` of the letters a-z; stress on the first vowel."""
    rest = word[:-1] if len(word) > 3 and word.endswith("e") else word
    phones: list[str] = []
    while rest:
        spelling, sound = next((r for r in _RULES if rest.startswith(r[0])), ("", ""))
        phones.extend(sound.split())
        rest = rest[len(spelling) or 1 :]
    stressed = [i for i, phone in enumerate(phones) if phone[0] in _VOWEL_INITIALS]
    for order, index in enumerate(stressed):
        phones[index] += "1" if order == 0 else "0"
    return tuple(phones)
