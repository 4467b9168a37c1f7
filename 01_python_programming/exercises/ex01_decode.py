"""01.e1  What do these bytes say?

Task: fill in `decode`. Return the text that the bytes of a file hold, and the name of the encoding:

1. If they begin with the UTF-8 mark EF BB BF: "utf-8-sig", and the mark is not part of the text.
2. If they begin with FF FE or FE FF: "utf-16" (Python's "utf-16" reads the mark itself).
3. Otherwise "utf-8" if the bytes are valid UTF-8, and "cp1252" (Windows-1252) if they are not.

Line ends become "\\n", whether they were written by Windows ("\\r\\n") or by an old Mac ("\\r").

    decode(b"caf\\xc3\\xa9")  ->  ("café", "utf-8")
    decode(b"caf\\xe9")      ->  ("café", "cp1252")
"""

from __future__ import annotations


def decode(data: bytes) -> tuple[str, str]:
    """The text in `data` and the encoding that it was in."""
    raise NotImplementedError("look for a mark, then try UTF-8, then take Windows-1252")
