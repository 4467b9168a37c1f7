"""Floor 05: language. Normalization, sentences, pronunciation, tokens, names, moods, speakers."""

from text_utils.bpe import BytePairTokenizer, train_bpe
from text_utils.cast import Character, find_cast
from text_utils.dialogue import Span, tag_dialogue
from text_utils.entities import Entity, find_entities, rule_pipeline, trained_pipeline
from text_utils.mood import MoodModel, load_mood_sentences, train_mood_model
from text_utils.normalize import normalize_text
from text_utils.pronounce import phonemize, pronounce
from text_utils.scores import Scores, confusion_matrix, score_sets
from text_utils.sentences import split_sentences
from text_utils.speakers import Attribution, attribute_speakers
from text_utils.summarize import page_rank, rank_sentences, summarize
from text_utils.symbols import PAUSES, PHONES, Symbols, Word
from text_utils.tfidf import TfIdf, cosine_similarity, fit_tfidf

# fmt: off
__all__ = [
    "Attribution", "BytePairTokenizer", "Character", "Entity", "MoodModel", "PAUSES", "PHONES",
    "Scores", "Span", "Symbols", "TfIdf", "Word", "attribute_speakers", "confusion_matrix",
    "cosine_similarity", "find_cast", "find_entities", "fit_tfidf", "load_mood_sentences",
    "normalize_text", "page_rank", "phonemize", "pronounce", "rank_sentences", "rule_pipeline",
    "score_sets", "split_sentences", "summarize", "tag_dialogue", "train_bpe", "train_mood_model",
    "trained_pipeline",
]
# fmt: on
