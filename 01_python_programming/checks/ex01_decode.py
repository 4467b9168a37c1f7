"""Checks 01.e1: marks, both kinds of letters, and line ends."""

from types import ModuleType

from course.expect import expect_equal

CASES = [
    ("plain ASCII", b"hello", ("hello", "utf-8")),
    ("UTF-8 letters", "“Café,” said Zoë.".encode(), ("“Café,” said Zoë.", "utf-8")),
    ("Windows letters", "“Café,” said Zoë.".encode("cp1252"), ("“Café,” said Zoë.", "cp1252")),
    ("a UTF-8 mark", b"\xef\xbb\xbfCaf\xc3\xa9", ("Café", "utf-8-sig")),
    ("UTF-16, little end first", b"\xff\xfea\x00\xe9\x00", ("aé", "utf-16")),
    ("UTF-16, big end first", b"\xfe\xff\x00a\x00\xe9", ("aé", "utf-16")),
    ("line ends of Windows", b"one\r\ntwo\r\n", ("one\ntwo\n", "utf-8")),
    ("line ends of an old Mac", b"one\rtwo\r\rthree", ("one\ntwo\n\nthree", "utf-8")),
    ("no bytes", b"", ("", "utf-8")),
    ("the euro of Windows", b"5 \x80", ("5 €", "cp1252")),
]


def check(exercise: ModuleType) -> None:
    """Every case; a text that still holds its mark differs at position 0."""
    for what, data, wanted in CASES:
        got = exercise.decode(data)
        expect_equal(
            got,
            wanted,
            what=f"decode({data!r}), {what},",
            hint="A mark at the start of the text is U+FEFF. In Latin-1 the byte 80 is a control "
            "character; in Windows-1252 it is the euro sign.",
        )
