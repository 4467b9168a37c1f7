"""Floor 05: language. Normalization, sentences, pronunciation, the symbols models read."""

from text_utils.dialogue import Span, tag_dialogue
from text_utils.normalize import normalize_text
from text_utils.pronounce import phonemize, pronounce
from text_utils.sentences import split_sentences
from text_utils.symbols import PAUSES, PHONES, Symbols, Word

__all__ = [
    "PAUSES",
    "PHONES",
    "Span",
    "Symbols",
    "Word",
    "normalize_text",
    "phonemize",
    "pronounce",
    "split_sentences",
    "tag_dialogue",
]
