"""01.e4  From straight quotes to curly ones.  One answer."""

from __future__ import annotations

import re

OPENING = re.compile(r"(^|[\s(\[—–])\"")


def curl_quotes(text: str) -> str:
    """`text` with typographic quotation marks and apostrophes."""
    opened = OPENING.sub(r"\1“", text)
    return opened.replace('"', "”").replace("'", "’")
