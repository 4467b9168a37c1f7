"""The archive that an EPUB is: opened with limits, because anybody may have made it.

An EPUB is a ZIP archive of web pages. A few kilobytes of ZIP can unpack to gigabytes, and XML can
ask its reader to fetch other files; neither happens here.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.parsers import expat

from env_utils import InputError

LARGEST = 64 * 2**20  # bytes of text that are unpacked; the longest novels have five million
MOST_FILES = 20_000
ENCRYPTION = "META-INF/encryption.xml"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # all that the standard allows
# Not a protection: readers are told how to undo it, and it is used on fonts only.
_FONT_MANGLING = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


class EpubArchive:
    """The files of the EPUB at ``path``. Every method raises ``InputError`` naming ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._left = LARGEST
        try:
            self._zip = zipfile.ZipFile(path)
        except FileNotFoundError as error:
            raise InputError(f"{path}: there is no such file. Check the name.") from error
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            self.fail(f"the archive is damaged ({error}). Get the file again", error)
        self.names = frozenset(self._zip.namelist())
        if len(self.names) > MOST_FILES:
            self.fail(f"there are {len(self.names):,} files in it, which no book has")

    def __enter__(self) -> EpubArchive:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def fail(self, reason: str, cause: BaseException | None = None) -> NoReturn:
        """Raise ``InputError`` with ``reason`` as the rest of the sentence."""
        raise InputError(f"{self.path}: {reason}.") from cause

    def read(self, name: str) -> bytes:
        """The bytes of the file ``name``; all that is read together has at most 64 MiB."""
        try:
            entry = self._zip.getinfo(name)
        except KeyError as error:
            self.fail(f"the file '{name}' that it mentions is missing. Get the book again", error)
        if entry.flag_bits & 1:
            self.fail("it is protected with a password, so it cannot be read here")
        if entry.compress_type not in _METHODS:
            self.fail(f"'{name}' is packed in a way that EPUB does not know")
        try:
            with self._zip.open(entry) as stream:
                data = stream.read(self._left + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
            self.fail(f"'{name}' is damaged ({error}). Get the book again", error)
        self._left -= len(data)
        if self._left < 0:
            self.fail(f"it unpacks to more than {LARGEST // 2**20} MiB of text, which no book has")
        return data

    def xml(self, name: str) -> ElementTree.Element:
        """The file ``name`` as XML; names of elements and attributes without their namespaces.

        A document that declares entities is refused: they could fetch files or grow without end.
        """
        builder = ElementTree.TreeBuilder()
        parser = expat.ParserCreate(namespace_separator="}")

        def start(tag: str, attributes: dict[str, str]) -> None:
            builder.start(_local(tag), {_local(key): value for key, value in attributes.items()})

        def refuse(*_: object) -> None:
            self.fail(f"'{name}' declares entities of its own, which is not read here")

        parser.StartElementHandler = start
        parser.EndElementHandler = lambda tag: builder.end(_local(tag))
        parser.CharacterDataHandler = builder.data
        parser.EntityDeclHandler = refuse
        try:
            parser.Parse(self.read(name), True)
            return builder.close()
        except (expat.ExpatError, LookupError, ValueError, AssertionError) as error:
            self.fail(f"'{name}' is not XML ({error}). Get the book again", error)

    def require_no_protection(self) -> None:
        """``InputError`` if the text is encrypted (DRM)."""
        if ENCRYPTION not in self.names:
            return
        for item in self.xml(ENCRYPTION).iter("EncryptedData"):
            method = item.find("EncryptionMethod")
            if method is None or method.get("Algorithm") not in _FONT_MANGLING:
                self.fail("it is copy-protected (DRM), so its text cannot be read")


def resolve(base: str, reference: str) -> tuple[str, str]:
    """``(file, fragment)`` in the archive that ``reference`` in the file ``base`` means."""
    target, _, fragment = reference.partition("#")
    folder = posixpath.dirname(base)
    file = posixpath.normpath(posixpath.join(folder, unquote(target))) if target else base
    return file, unquote(fragment)


def _local(name: str) -> str:
    return name.rpartition("}")[2]
