"""Addresses of web pages and mail, handles, hashtags and file names, as people say them."""

from __future__ import annotations

import re

from text_utils.wordsets import words

_URL = re.compile(r"\b(?:(?:https?|ftp|file)://|www\.)[^\s<>\"]+", re.IGNORECASE)
_DOMAIN = re.compile(
    r"(?<![\w@./-])(?:[A-Za-z0-9-]{1,63}\.){1,5}(?:com|org|net|edu|gov|mil|info|io|ai|dev|app|"
    r"co\.uk|org\.uk|ac\.uk|gov\.uk)\b(?:/[^\s<>\"]*)?"
)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_HANDLE = re.compile(r"(?<![\w@])@(?=\w)")
_HASHTAG = re.compile(r"(?<![\w#])#(?=[A-Za-z_])")
_FILE = re.compile(
    r"(?<![\w.])(?P<name>[\w-]{1,64})\.(?P<extension>txt|pdf|py|js|html?|csv|json|xml|zip|exe|docx?|"
    r"xlsx?|pptx?|jpe?g|png|gif|svg|mp[34]|wav|flac|ogg|md|ya?ml|toml|cpp|sh|ipynb|epub)\b"
)
_SPOKEN = {
    "com": "com", "org": "org", "net": "net", "info": "info", "gov": "gov", "dev": "dev",
    "app": "app", "mil": "mil", "co": "co", "zip": "zip", "doc": "doc", "gif": "gif",
    "wav": "wave", "flac": "flack", "toml": "tommel", "json": "Jason", "jpeg": "jay peg",
    "jpg": "jay peg", "yaml": "yammel", "yml": "yammel", "ogg": "ogg", "www": "W W W",
}  # fmt: skip
_MARKS = {
    ".": " dot ", "-": " dash ", "_": " underscore ", "/": " slash ", ":": " colon ",
    "+": " plus ", "~": " tilde ", "@": " at ", "%": " percent ", "=": " equals ",
}  # fmt: skip


def expand_addresses(text: str) -> str:
    """``text`` with addresses in words; the query and fragment of a URL are left out."""
    if "." in text:
        text = _MAIL.sub(lambda found: _say(found.group().rstrip(".-_")), text)
        text = _URL.sub(_url, text)
        text = _DOMAIN.sub(_url, text)
        text = _FILE.sub(lambda f: f"{_say(f['name'])} dot {_label(f['extension'])}", text)
    text = _HANDLE.sub("at ", text)
    return _HASHTAG.sub("hashtag ", text)


def _url(found: re.Match[str]) -> str:
    address = found.group()
    kept = address.rstrip(".,;:!?)('*_")
    end = address[len(kept) :]
    kept = re.sub("^[a-z]+://", "", kept, flags=re.IGNORECASE)
    kept = re.split("[?#]", kept)[0].removeprefix("www.").rstrip("/")
    return _say(kept) + end


def _say(address: str) -> str:
    """Words and marks of an address: ``"a.example.com/b-c"`` is "a dot example dot com ..."."""
    parts = re.split(r"([^\w]|_)", address)
    spoken = [_MARKS.get(part, " ") if i % 2 else _label(part) for i, part in enumerate(parts)]
    return " ".join("".join(spoken).split())


def _label(label: str) -> str:
    """A part of an address: a word, or letter by letter when it has no vowel or is short."""
    known = _SPOKEN.get(label.lower())
    if known:
        return known
    letters = re.sub("[^A-Za-z]", "", label)
    if letters == label and (
        (len(label) <= 2 and label.lower() not in _SMALL_WORDS)
        or not re.search("[aeiouyAEIOUY]", label)
        or label in _SPELLED
    ):
        return " ".join(label.upper())
    return label


_SMALL_WORDS = words("to of in on at by is it my me we us go do no so or an as be he up if")
_SPELLED = frozenset(
    ("edu", "uk", "ai", "io", "html", "pdf", "exe", "epub", "svg", "api", "url", "ipynb")
)
