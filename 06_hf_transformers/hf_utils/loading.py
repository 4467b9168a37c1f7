"""A model from wherever it can be had: kept from last time, the cache, the hub, or built here."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, TypeVar

from hf_utils.hub import HubError, cached_snapshot, download_snapshot

T = TypeVar("T")
Source = Literal["cache", "hub", "kept", "built"]

_WORDS = {
    "cache": "from the cache of this machine",
    "hub": "from the Hugging Face hub",
    "kept": "built here earlier and kept",
    "built": "built here",
}


@dataclass(frozen=True)
class Loaded(Generic[T]):
    """What :func:`load_or_build` found. A result of one source must not be told as another's."""

    value: T
    name: str  # the model that was asked for
    source: Source

    @property
    def pretrained(self) -> bool:
        """Whether these are the published weights rather than something built here."""
        return self.source in {"cache", "hub"}

    def __str__(self) -> str:
        what = self.name if self.pretrained else f"a small stand-in for {self.name}"
        return f"{what}, {_WORDS[self.source]}"


def load_or_build(
    name: str,
    load: Callable[[Path], T],
    build: Callable[[], T],
    *,
    keep: Path | None = None,
    save: Callable[[T, Path], None] | None = None,
    say: Callable[[str], None] = print,
) -> Loaded[T]:
    """The model ``name`` of the hub, or the small one that ``build`` makes and trains.

    In this order: the library's cache; the hub (bounded: about five seconds to learn that there is
    none); ``keep``, a folder where ``save`` put an earlier build; ``build()``, whose result goes
    to ``keep`` when both are given. ``load(folder)`` reads from a folder on the disk, as every
    ``from_pretrained`` does, and raises ``OSError`` when something is missing there.
    One line says why the published model is not used.
    """
    folder = cached_snapshot(name)
    if folder is not None:
        with contextlib.suppress(OSError):  # an interrupted download: let the hub complete it
            return Loaded(load(folder), name, "cache")
    try:
        return Loaded(load(download_snapshot(name)), name, "hub")
    except OSError as error:
        reason = str(error) if isinstance(error, HubError) else f"{name} came without all its files"
    if keep is not None and keep.is_dir():
        say(f"({reason}: using the small model kept in {keep})")
        return Loaded(load(keep), name, "kept")
    say(f"({reason}: building a small model of the same kind here)")
    value = build()
    if keep is not None and save is not None:
        with atomic_folder(keep) as temporary:
            save(value, temporary)
    return Loaded(value, name, "built")


@contextlib.contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder beside ``target`` that takes its place when all went well.

    A crash or Ctrl-C leaves what was there before; there is never half a model.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        made = temporary / "new"
        made.mkdir()
        yield made
        if target.exists():
            target.rename(temporary / "old")
        made.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextlib.contextmanager
def quiet_transformers() -> Iterator[None]:
    """No progress bars and no tables about new layers while a small model is loaded or saved."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
