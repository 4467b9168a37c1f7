"""The voices of this machine: enrolled ones in ``VOICECLONE_HOME/voices``, and the samples.

    voices/NAME/             one folder a voice (see ``voice_files``)
    server/derived/NAME/     what the studio made from it; goes when the voice goes

A voice appears, is replaced and disappears in one step: its folder is filled under a temporary
name and then renamed. A crash leaves at most a folder whose name starts with a dot, which the next
use of the store removes, or puts back if the crash hit between the two renames of a replacement.
Threads and processes may use one home at the same time: those that change it take turns.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from env_utils import InputError, folder_lock, voiceclone_home

from voice_replication import voice_files
from voice_replication.home import sample_voices_folder
from voice_replication.voice import (
    Consent,
    Statistics,
    Voice,
    VoiceExistsError,
    VoiceNotFoundError,
    VoiceReadOnlyError,
    check_name,
)

__all__ = ["Consent", "Statistics", "Voice", "VoiceStore"]

LEFTOVER_SECONDS = 600.0  # what is younger may belong to another process that is still writing
LOCK = ".voices.lock"  # held for two renames


class VoiceStore:
    """Enrolled voices under ``home`` (default: ``VOICECLONE_HOME``) plus the shipped samples."""

    def __init__(self, home: Path | None = None, samples: Path | None = None) -> None:
        self.home = home or voiceclone_home()
        self.folder = self.home / "voices"
        self.samples = samples or sample_voices_folder()

    def names(self) -> Sequence[str]:
        """Names of all voices, enrolled ones first, each group sorted."""
        self._recover()
        return [*_subfolders(self.folder), *_subfolders(self.samples)]

    def list(self) -> Sequence[Voice]:
        """All voices; a damaged one raises ``InputError`` (read one by one to step over it)."""
        return [self.get(name) for name in self.names()]

    def get(self, name: str) -> Voice:
        """The voice called ``name``; ``VoiceNotFoundError`` listing the names if there is none."""
        folder = self.get_folder(name)
        identity = _identity(folder)
        try:
            voice = self._read(folder)
        except InputError:  # it is damaged, or was changed while it was read
            if not os.access(self.folder, os.W_OK):
                raise
        else:
            if identity == _identity(folder):
                return voice
        with self._changing():  # nobody replaces or deletes it now
            return self._read(self._find(name))

    def get_folder(self, name: str) -> Path:
        """The folder of a voice, even of a damaged one; ``VoiceNotFoundError`` if there is none."""
        try:
            return self._find(name)
        except VoiceNotFoundError:
            if not os.access(self.folder, os.W_OK):
                raise
        with self._changing():  # it may be missing only while it is being replaced
            return self._find(name)

    def derived(self, name: str) -> Path:
        """Where what is made from the voice ``name`` is kept, so that it is deleted with it."""
        return self.home / "server" / "derived" / check_name(name)

    def add(self, voice: Voice, replace: bool = False) -> Voice:
        """Store ``voice`` (its delta and recorded consent are copied); return it as stored.

        Raises ``VoiceExistsError`` if the name is taken, unless ``replace`` and it is an enrolled
        one.
        """
        self.require_free(voice.name, replace)
        with self._staging(voice.name) as staged:
            voice_files.write_folder(staged, voice)
            with self._changing():
                self.require_free(voice.name, replace)  # another one may have been quicker
                self._move_into_place(staged, self.folder / voice.name)
                shutil.rmtree(self.derived(voice.name), ignore_errors=True)
        return self.get(voice.name)

    def update(self, voice: Voice) -> Voice:
        """Put a changed ``voice`` in the place of itself.

        Raises ``VoiceNotFoundError`` if it was deleted, or replaced by another, in the meantime.
        """
        self.require_free(voice.name, replace=True)
        with self._staging(voice.name) as staged:
            voice_files.write_folder(staged, voice)
            with self._changing():
                if self._read(self._find(voice.name)).created != voice.created:
                    raise VoiceNotFoundError(
                        f"voice '{voice.name}' was replaced in the meantime; the new one is as it "
                        "was."
                    )
                self._move_into_place(staged, self.folder / voice.name)
                shutil.rmtree(self.derived(voice.name), ignore_errors=True)
        return self.get(voice.name)

    def require_free(self, name: str, replace: bool = False) -> None:
        """``InputError`` unless a voice may be stored as ``name`` (checked before long work)."""
        check_name(name)
        if name in _subfolders(self.samples):
            raise VoiceReadOnlyError(f"'{name}' is a sample voice that ships; choose another name.")
        for other in _subfolders(self.folder):
            if other == name and not replace:
                raise VoiceExistsError(
                    f"there is already a voice '{name}'; add --replace to put the new one in its "
                    "place, or choose another name."
                )
            if other != name and other.lower() == name.lower():  # one folder on some systems
                raise VoiceExistsError(
                    f"'{name}' differs from the voice '{other}' only in capitals."
                )

    def delete(self, name: str) -> None:
        """Remove the voice and everything derived from it that is kept under ``home``."""
        with self._changing():
            if self._find(name).parent == self.samples:
                raise VoiceReadOnlyError(
                    f"'{name}' is a sample voice that ships; it cannot be deleted."
                )
            gone = self.folder / f".{name}.deleted"
            shutil.rmtree(gone, ignore_errors=True)
            (self.folder / name).rename(gone)  # in one step; what follows may be interrupted
            shutil.rmtree(gone, ignore_errors=True)
            shutil.rmtree(self.derived(name), ignore_errors=True)

    @contextmanager
    def unchanged(self, voice: Voice) -> Iterator[bool]:
        """Hold ``voice`` as it is while something derived from it is stored; False if it is gone.

        False also if it was replaced or fine-tuned since ``voice`` was read.
        """
        with self._changing():
            try:
                now = self._read(self._find(voice.name))
            except InputError:
                yield False
                return
            same = now.created == voice.created and np.array_equal(now.embedding, voice.embedding)
            yield same

    def export(self, name: str, target: Path) -> Path:
        """Write the voice to ``target`` as one file; the suffix ``.voice`` is added if missing."""
        target = target if target.suffix == ".voice" else target.with_name(target.name + ".voice")
        voice_files.pack(self.get(name), target)
        return target

    def import_voice(
        self, source: Path, encoder: str, name: str | None = None, replace: bool = False
    ) -> Voice:
        """Check the ``.voice`` file ``source`` and store its voice, under ``name`` if given.

        ``encoder`` is the fingerprint of the installed speaker encoder: an embedding of any other
        is refused (``CheckpointError``), and so is whatever else does not fit, with the reason.
        """
        with tempfile.TemporaryDirectory() as scratch:
            voice = voice_files.unpack(source, Path(scratch))
            voice.require_encoder(encoder)
            _require_audio_spec(voice, source)
            return self.add(dataclasses.replace(voice, name=name or voice.name), replace)

    def _find(self, name: str) -> Path:
        check_name(name)
        for root in (self.folder, self.samples):
            if name in _subfolders(root):
                return root / name
        names = self.names()
        close = difflib.get_close_matches(name, names, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        known = ", ".join(names) or "none yet; make one with `voiceclone enroll NAME FILE...`"
        raise VoiceNotFoundError(f"there is no voice '{name}'.{hint} Voices: {known}.")

    def _read(self, folder: Path) -> Voice:
        return voice_files.read_folder(folder, sample=folder.parent == self.samples)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """One thread of one process at a time; not to be entered twice."""
        self._recover()
        with folder_lock(self.home, LOCK, wait=True):
            yield

    @contextmanager
    def _staging(self, name: str) -> Iterator[Path]:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # voices are private
        staged = Path(tempfile.mkdtemp(prefix=f".{name}.", suffix=".part", dir=self.folder))
        try:
            yield staged
        finally:
            shutil.rmtree(staged, ignore_errors=True)

    def _move_into_place(self, staged: Path, target: Path) -> None:
        old = target.with_name(f".{target.name}.old")
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
            target.rename(old)
        staged.rename(target)
        shutil.rmtree(old, ignore_errors=True)

    def _recover(self) -> None:
        """Finish what a crash interrupted: put back a voice that was being replaced.

        While somebody is changing a voice, what looks left over is theirs.
        """
        if not any(self._leftovers()):
            return
        with suppress(InputError), folder_lock(self.home, LOCK):
            for left in self._leftovers():
                target = self.folder / left.name[1 : -len(".old")]
                if left.suffix == ".old" and not target.exists():
                    left.rename(target)
                else:
                    shutil.rmtree(left, ignore_errors=True)

    def _leftovers(self) -> Iterator[Path]:
        if not self.folder.is_dir():
            return
        for path in self.folder.iterdir():
            if path.name.startswith(".") and (
                path.suffix in (".old", ".deleted")
                or (path.suffix == ".part" and _age_seconds(path) > LEFTOVER_SECONDS)
            ):
                yield path


def _age_seconds(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:  # its process finished just now
        return 0.0


def _identity(folder: Path) -> tuple[int, int] | None:
    """Changes when a folder is replaced, even if its inode is used again; None when it is gone."""
    try:
        found = folder.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def _subfolders(root: Path) -> Sequence[str]:
    if not root.is_dir():
        return []
    return sorted(p.name for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))


def _require_audio_spec(voice: Voice, source: Path) -> None:
    from audio_utils import DEFAULT_SPEC, AudioSpec

    DEFAULT_SPEC.require_match(AudioSpec.from_dict(voice.audio), str(source))
