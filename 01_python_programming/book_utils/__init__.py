"""Floor 01: books. Reading text files, chapters, paragraphs, dialogue, statistics."""

from book_utils.books import BOOK_SUFFIXES, Book, read_book
from book_utils.chapters import FRONT_MATTER, Chapter, split_chapters, strip_gutenberg
from book_utils.dialogue import DialogueLine, extract_dialogue
from book_utils.paragraphs import is_scene_break, split_paragraphs
from book_utils.reading import read_text
from book_utils.sample import KnownSpeech, sample_book_path, sample_book_speakers
from book_utils.statistics import TextStatistics, count_words, text_statistics

__all__ = [
    "BOOK_SUFFIXES",
    "FRONT_MATTER",
    "Book",
    "Chapter",
    "DialogueLine",
    "KnownSpeech",
    "TextStatistics",
    "count_words",
    "extract_dialogue",
    "is_scene_break",
    "read_book",
    "read_text",
    "sample_book_path",
    "sample_book_speakers",
    "split_chapters",
    "split_paragraphs",
    "strip_gutenberg",
    "text_statistics",
]
