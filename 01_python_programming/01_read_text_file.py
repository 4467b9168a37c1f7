"""01.1  Read a text file

What you will learn: that a file holds bytes and not letters, what an encoding is, what goes wrong
  when it is guessed wrongly, what a byte-order mark is, and how to fail with a sentence.
Needs: nothing but the installation
Writes to outputs/01_python_programming/: readings.json, book_utf8.txt, book_windows.txt
Look for: Latin-1 never fails and is often wrong; UTF-8 fails on nearly everything that is not
  UTF-8. That is why one tries UTF-8 first.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from pathlib import Path

from book_utils import read_text, sample_book_path
from env_utils import (
    InputError,
    atomic_write_bytes,
    atomic_write_json,
    atomic_write_text,
    lesson_parser,
    run_lesson,
)

SENTENCE = "“Café, crème and 5 € change,” said Zoë."
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1")


def decode(data: bytes) -> str:
    """The text in ``data``, by hand: the mark if there is one, else UTF-8, else Windows-1252.

    The order matters. UTF-8 goes first because it is strict: a letter outside ASCII is a run of
    bytes in a fixed pattern, which text in another encoding almost never happens to follow.
    """
    if data.startswith(codecs.BOM_UTF8):
        return data[len(codecs.BOM_UTF8) :].decode("utf-8")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")  # the mark says which of the two bytes of a unit comes first
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252")


def show_bytes(text: str) -> None:
    """How many bytes a few letters take in two encodings."""
    for letter in text:
        as_utf8 = letter.encode("utf-8")
        try:
            as_latin = letter.encode("latin-1").hex(" ")
        except UnicodeEncodeError:
            as_latin = "can not be written"
        print(f"   {letter}  U+{ord(letter):04X}   UTF-8: {as_utf8.hex(' '):9} Latin-1: {as_latin}")


def wrong_readings(sentence: str) -> dict[str, str]:
    """What a reader sees who takes one encoding for another: "mojibake"."""
    return {
        "UTF-8 read as Windows-1252": sentence.encode("utf-8").decode("cp1252", errors="replace"),
        "Windows-1252 read as Latin-1": sentence.encode("cp1252").decode("latin-1"),
        "Windows-1252 read as UTF-8": sentence.encode("cp1252").decode("utf-8", errors="replace"),
    }


def round_trips(folder: Path) -> dict[str, bool]:
    """Write the sentence in every encoding, and read it back with ``book_utils.read_text``.

    Latin-1 has neither curly quotes nor the euro sign; they are written as it can: straight, EUR.
    """
    kept = {}
    for encoding in ENCODINGS:
        text = SENTENCE
        if encoding == "latin-1":
            text = text.replace("“", '"').replace("”", '"').replace("€", "EUR")
        path = folder / f"sentence_{encoding}.txt"
        path.write_bytes(text.encode(encoding))
        kept[encoding] = read_text(path) == text == decode(path.read_bytes())
        path.unlink()
    return kept


def refusals(folder: Path) -> dict[str, str]:
    """What is said about files that can not be read: the file, what is wrong, what to do."""
    bad = {
        "empty.txt": b"",
        "only_a_mark.txt": codecs.BOM_UTF8,
        "book.pdf": b"%PDF-1.7 ...",
        "sound.txt": bytes(range(256)) * 8,
        "no_such_file.txt": None,
    }
    messages = {}
    for name, data in bad.items():
        path = folder / name
        if data is not None:
            path.write_bytes(data)
        try:
            read_text(path)
        except InputError as error:
            messages[name] = str(error).replace(str(folder), "").lstrip("/\\")
        path.unlink(missing_ok=True)
    return messages


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    """Letters as bytes, wrong and right readings, bad files, and a book in two encodings."""
    parser = lesson_parser("01_python_programming", __doc__)
    parser.add_argument("--book", type=Path, default=None, help="a text file of your own")
    args = parser.parse_args(argv)

    print("1. A letter is a number; an encoding says which bytes stand for it.")
    show_bytes("aé“€")
    mojibake = wrong_readings(SENTENCE)
    print(f"2. {SENTENCE}")
    for name, text in mojibake.items():
        print(f"   {name:29} {text!r}")

    kept = round_trips(args.output_dir)
    print("3. written and read back:", ", ".join(f"{name} {ok}" for name, ok in kept.items()))
    messages = refusals(args.output_dir)
    print("4. files that can not be read:")
    for message in messages.values():
        print(f"   {message}")

    book = read_text(args.book or sample_book_path())
    atomic_write_text(args.output_dir / "book_utf8.txt", book)
    windows = book.encode("cp1252", errors="replace")
    atomic_write_bytes(args.output_dir / "book_windows.txt", windows)
    same = read_text(args.output_dir / "book_windows.txt") == read_text(
        args.output_dir / "book_utf8.txt"
    )
    sizes = {"characters": len(book), "utf-8": len(book.encode("utf-8")), "cp1252": len(windows)}
    print(f"5. the book: {sizes['characters']} characters, {sizes['utf-8']} bytes in UTF-8,")
    print(f"   {sizes['cp1252']} in Windows-1252; both files hold the same text: {same}")
    unusual = {letter: book.count(letter) for letter in sorted(set(book)) if ord(letter) > 127}
    print(f"   characters outside ASCII: {unusual}")

    measured: dict[str, object] = {
        "round_trips": kept,
        "messages": messages,
        "mojibake": mojibake,
        "sizes": sizes,
        "same_book": same,
        "outside_ascii": unusual,
    }
    atomic_write_json(args.output_dir / "readings.json", measured)
    print(f"The results and both books are in {args.output_dir}.")
    return measured


# Try this next
#  1. --book a file of your own, saved by a word processor as "plain text". Which encoding is it in?
#  2. Put an emoji into SENTENCE. Which encodings can not write it, and how many bytes has it in
#     UTF-16?
#  3. Let decode() try cp1252 before UTF-8. Which lines of the output change, and does any fail?

if __name__ == "__main__":
    run_lesson(main)
