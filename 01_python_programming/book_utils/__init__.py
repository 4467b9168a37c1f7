"""Floor 01: a book as data. Reading, chapters, paragraphs, dialogue, counting."""

from book_utils.chapters import Chapter, split_chapters, split_paragraphs
from book_utils.dialogue import Line, Part, extract_dialogue, split_dialogue
from book_utils.reading import read_text
from book_utils.statistics import TextStatistics, count_words, text_statistics

__all__ = [
    "Chapter",
    "Line",
    "Part",
    "TextStatistics",
    "count_words",
    "extract_dialogue",
    "read_text",
    "split_chapters",
    "split_dialogue",
    "split_paragraphs",
    "text_statistics",
]
