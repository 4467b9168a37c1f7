"""01.e4  From straight quotes to curly ones

Task: fill in `curl_quotes`. A straight quote " opens (“) at the start of the text, after a space or
a line end, after an opening bracket or a dash (( [ — –), and closes (”) everywhere else. A straight
apostrophe ' becomes ’ everywhere: in this text single quotes do not mark speech.

    curl_quotes('"Come in," said Ada. "It\\'s late."')  ->  “Come in,” said Ada. “It’s late.”
    curl_quotes('He read ("twice") aloud.')            ->  He read (“twice”) aloud.
"""

from __future__ import annotations


def curl_quotes(text: str) -> str:
    """`text` with typographic quotation marks and apostrophes."""
    raise NotImplementedError("look at the character before each quotation mark")
