"""EPUB: reading order, chapters, what is not read aloud, and files that mean harm."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from book_utils import FRONT_MATTER, Book, read_book
from book_utils.epub_markup import read_page
from env_utils import InputError

CONTAINER = (
    '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
    'version="1.0"><rootfiles><rootfile full-path="OEBPS/book.opf" '
    'media-type="application/oebps-package+xml"/></rootfiles></container>'
)
PAGE = (
    '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml" '
    'xmlns:epub="http://www.idpf.org/2007/ops"><head><title>not read</title></head><body>{}</body>'
    "</html>"
)


def package(pages: dict[str, str], extra: str = "", title: str = "The Lamp") -> str:
    """A package document whose spine has ``pages`` (id -> file) in this order."""
    items = "".join(
        f'<item id="{key}" href="{name}" media-type="application/xhtml+xml"/>'
        for key, name in pages.items()
    )
    spine = "".join(f'<itemref idref="{key}"/>' for key in pages)
    return (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title>'
        f"</metadata><manifest>{items}{extra}</manifest><spine>{spine}</spine></package>"
    )


def write(path: Path, members: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def book(path: Path, pages: dict[str, str], nav: str = "", **members: str | bytes) -> Path:
    """An EPUB of ``pages`` (file -> body), with the ``nav`` list as its table of contents."""
    ids = {f"p{number}": name for number, name in enumerate(pages)}
    extra = ""
    files: dict[str, str | bytes] = {"META-INF/container.xml": CONTAINER}
    if nav:
        extra = (
            '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
        )
        files["OEBPS/nav.xhtml"] = PAGE.format(f'<nav epub:type="toc"><ol>{nav}</ol></nav>')
    files["OEBPS/book.opf"] = package(ids, extra)
    files |= {f"OEBPS/{name}": PAGE.format(body) for name, body in pages.items()}
    return write(path, {**files, **members})


def line(href: str, title: str, below: str = "") -> str:
    return f'<li><a href="{href}">{title}</a>{f"<ol>{below}</ol>" if below else ""}</li>'


def titles(read: Book) -> list[str]:
    return [chapter.title for chapter in read.chapters]


def test_chapters_come_from_the_contents_in_the_order_of_the_spine(tmp_path: Path) -> None:
    pages = {
        "z.xhtml": "<h1>The Lamp</h1><p>by Nobody</p>",
        "a.xhtml": "<h2>I</h2><h2>The Storm</h2><p>It was late.</p>",
        "b.xhtml": "<p>And it went on.</p>",
        "c.xhtml": "<h2>The Road</h2><p>They walked.</p>",
    }
    nav = line("a.xhtml", "I. The Storm") + line("c.xhtml", "The Road")
    read = read_book(book(tmp_path / "x.epub", pages, nav))
    assert read.title == "The Lamp"
    assert titles(read) == [FRONT_MATTER, "I. The Storm", "The Road"]
    # the headings that say the title are not said again; a page without an entry goes on
    assert [c.text for c in read.chapters] == [
        "The Lamp\n\nby Nobody",
        "It was late.\n\nAnd it went on.",
        "They walked.",
    ]


def test_several_chapters_of_one_page_are_told_apart_by_their_anchors(tmp_path: Path) -> None:
    body = '<h2 id="one">One</h2><p>First.</p><div><a id="two"/><h2>Two</h2><p>Second.</p></div>'
    nav = line("a.xhtml#one", "One") + line("a.xhtml#two", "Two")
    read = read_book(book(tmp_path / "x.epub", {"a.xhtml": body}, nav))
    assert [(c.title, c.text) for c in read.chapters] == [("One", "First."), ("Two", "Second.")]


def test_parts_go_before_their_chapters_and_sections_stay_inside_them(tmp_path: Path) -> None:
    pages = {
        "part.xhtml": "<h1>Part One</h1>",
        "a.xhtml": '<h2>Rain</h2><p>It rained.</p><h3 id="s">Later</h3><p>It stopped.</p>',
    }
    section = line("a.xhtml#s", "Later")
    nav = line("part.xhtml", "Part One", line("a.xhtml", "Rain", section))
    read = read_book(book(tmp_path / "x.epub", pages, nav))
    assert titles(read) == ["Part One, Rain"]
    assert read.chapters[0].text == "It rained.\n\nLater\n\nIt stopped."


def test_an_epub_2_has_its_contents_in_an_ncx(tmp_path: Path) -> None:
    ncx = (
        '<?xml version="1.0"?><!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" '
        '"http://www.daisy.org/z3986/2005/ncx-2005-1.dtd">'
        '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel>'
        '<text>One</text></navLabel><content src="a%20b.html"/></navPoint></navMap></ncx>'
    )
    extra = '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
    members = {
        "META-INF/container.xml": CONTAINER,
        "OEBPS/book.opf": package({"a": "a%20b.html"}, extra),
        "OEBPS/toc.ncx": ncx,
        "OEBPS/a b.html": PAGE.format("<h1>One</h1><p>Caf&eacute;&nbsp;&amp; tea.</p>"),
    }
    read = read_book(write(tmp_path / "x.epub", members))
    assert [(c.title, c.text) for c in read.chapters] == [("One", "Café & tea.")]


def test_without_contents_pages_with_headings_are_chapters(tmp_path: Path) -> None:
    pages = {
        "a.xhtml": "<h1>Chapter 4</h1><p>One.</p>",
        "b.xhtml": "<p>More.</p>",
        "c.xhtml": "<h1>End</h1><p>Two.</p>",
    }
    read = read_book(book(tmp_path / "x.epub", pages))
    assert [(c.title, c.number) for c in read.chapters] == [("Chapter 4", 4), ("End", None)]
    assert read.chapters[0].text == "One.\n\nMore."


def test_what_is_not_meant_to_be_read_is_left_out() -> None:
    body = (
        "<style>p {}</style><p>He waited<a epub:type='noteref' href='#n'>1</a> and "
        "<span class='pagenum'>[12]</span>wai<span epub:type='pagebreak' id='p13'/>ted.</p>"
        "<script>alert(1)</script><hr/><p>A<br/>B<ruby>C<rt>d</rt></ruby></p>"
        "<section class='pg-boilerplate'><p>The licence.</p></section><p>End</p>"
    )
    page = read_page(PAGE.format(body).encode())
    assert [b.text for b in page.blocks] == [
        "He waited and waited.",
        "* * *",
        "A BC",
        "End",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_pages_are_decoded_as_they_say(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><html><body><p>Café</p></body></html>'
    if encoding == "utf-8-sig":
        text = text.replace("-sig", "")
    assert [b.text for b in read_page(text.encode(encoding)).blocks] == ["Café"]


def test_a_book_without_a_title_is_called_as_its_file(tmp_path: Path) -> None:
    path = book(tmp_path / "my_diary.epub", {"a.xhtml": "<p>Nothing happened.</p>"})
    members = {"META-INF/container.xml": CONTAINER, "OEBPS/a.xhtml": PAGE.format("<p>Hm.</p>")}
    members["OEBPS/book.opf"] = package({"a": "a.xhtml"}, title="")
    write(path, members)
    read = read_book(path)
    assert (read.title, [(c.title, c.text) for c in read.chapters]) == ("my diary", [("", "Hm.")])


# --- files that are no book, are broken, or mean harm ---------------------------------------------


def refused(path: Path, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        read_book(path)
    assert str(path) in str(caught.value)


def test_another_archive_is_no_epub(tmp_path: Path) -> None:
    refused(write(tmp_path / "x.docx", {"word/document.xml": "<w/>"}), "not an EPUB")


@pytest.mark.parametrize("kept", [4, 40, 0.5, 0.9])
def test_a_truncated_book_is_damaged(tmp_path: Path, kept: float) -> None:
    path = book(tmp_path / "x.epub", {"a.xhtml": "<p>Text.</p>" * 500})
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data)) if kept < 1 else int(kept)])
    refused(path, "damaged")


def test_a_flipped_byte_in_a_page_is_found(tmp_path: Path) -> None:
    path = book(tmp_path / "x.epub", {"a.xhtml": "<p>" + "Some words here. " * 100 + "</p>"})
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("OEBPS/a.xhtml")
    data[entry.header_offset + 60] ^= 0xFF
    path.write_bytes(bytes(data))
    refused(path, "damaged")


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    pages = {f"{n}.xhtml": "<p>" + "a" * 2**24 + "</p>" for n in range(5)}
    path = book(tmp_path / "x.epub", pages)
    assert path.stat().st_size < 2**20
    refused(path, "more than 64 MiB")


def test_a_size_that_lies_does_not_help(tmp_path: Path) -> None:
    path = book(tmp_path / "x.epub", {"a.xhtml": "<p>" + "a" * 2**22 + "</p>"})
    data = path.read_bytes()
    true = (len(PAGE.format("<p></p>")) + 2**22).to_bytes(4, "little")
    assert data.count(true) == 2  # in the local header and in the directory
    path.write_bytes(data.replace(true, (100).to_bytes(4, "little")))
    refused(path, "damaged")


def test_entities_are_refused(tmp_path: Path) -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    path = book(tmp_path / "x.epub", {"a.xhtml": "<p>Text.</p>"})
    for doctype in (laughs, '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'):
        for name in ("OEBPS/book.opf", "META-INF/container.xml"):
            with zipfile.ZipFile(path) as archive:
                members = {n: archive.read(n) for n in archive.namelist() if n != "mimetype"}
            members[name] = doctype.encode() + members[name].removeprefix(b'<?xml version="1.0"?>')
            refused(write(tmp_path / "y.epub", members), "declares entities")


def test_copy_protection_is_named_but_mangled_fonts_are_not(tmp_path: Path) -> None:
    template = (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
        'xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:EncryptedData>'
        '<e:EncryptionMethod Algorithm="{}"/></e:EncryptedData></encryption>'
    )
    pages = {"a.xhtml": "<p>Text.</p>"}
    aes = template.format("http://www.w3.org/2001/04/xmlenc#aes256-cbc")
    path = book(tmp_path / "x.epub", pages, **{"META-INF/encryption.xml": aes})
    refused(path, "copy-protected")
    fonts = template.format("http://www.idpf.org/2008/embedding")
    path = book(tmp_path / "x.epub", pages, **{"META-INF/encryption.xml": fonts})
    assert read_book(path).chapters[0].text == "Text."


def test_a_page_outside_of_the_archive_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.xhtml").write_text(PAGE.format("<p>Secret.</p>"))
    for name in ("../../secret.xhtml", str(tmp_path / "secret.xhtml"), "missing.xhtml"):
        members = {"META-INF/container.xml": CONTAINER}
        members["OEBPS/book.opf"] = package({"a": name})
        refused(write(tmp_path / "x.epub", members), "is missing")


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"META-INF/container.xml": "<container/>"}, "does not say where"),
        ({"META-INF/container.xml": "not xml"}, "is not XML"),
        ({"META-INF/container.xml": CONTAINER}, "is missing"),
        (
            {"META-INF/container.xml": CONTAINER, "OEBPS/book.opf": package({})},
            "list of pages is empty",
        ),
        (
            {
                "META-INF/container.xml": CONTAINER,
                "OEBPS/book.opf": package({"a": "a.xhtml"}),
                "OEBPS/a.xhtml": PAGE.format("<img src='a.png'/>"),
            },
            "no text",
        ),
        (
            {
                "META-INF/container.xml": CONTAINER,
                "OEBPS/book.opf": package({"a": "a.xhtml"}),
                "OEBPS/a.xhtml": b"<p>\xff\xfe\xfa</p>",
            },
            "cannot be decoded",
        ),
    ],
)
def test_broken_books_say_what_is_wrong(
    tmp_path: Path, members: dict[str, str | bytes], reason: str
) -> None:
    refused(write(tmp_path / "x.epub", members), reason)
