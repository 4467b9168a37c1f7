"""The voices of this machine: enrolled ones in ``VOICECLONE_HOME/voices``, and the samples.

    voices/NAME/             one folder a voice (see ``voice_files``); deleting it deletes all of it

A voice appears, is replaced and disappears in one step: its folder is filled under a temporary
name and then renamed. A crash leaves at most a folder whose name starts with a dot, which the next
use of the store removes, or puts back if the crash hit between the two renames of a replacement.
"""

from __future__ import annotations

import dataclasses
import difflib
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from env_utils import InputError, voiceclone_home

from voice_replication import voice_files
from voice_replication.home import sample_voices_folder
from voice_replication.voice import Consent, Statistics, Voice, check_name

__all__ = ["Consent", "Statistics", "Voice", "VoiceStore"]

LEFTOVER_SECONDS = 600.0  # what is younger may belong to another process that is still writing


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
        """The voice called ``name``; ``InputError`` listing the known names if there is none."""
        check_name(name)
        names = self.names()
        if name not in names:
            close = difflib.get_close_matches(name, names, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            known = ", ".join(names) or "none yet; make one with `voiceclone enroll NAME FILE...`"
            raise InputError(f"there is no voice '{name}'.{hint} Voices: {known}.")
        if name in _subfolders(self.folder):
            return voice_files.read_folder(self.folder / name)
        return voice_files.read_folder(self.samples / name, sample=True)

    def add(self, voice: Voice, replace: bool = False) -> Voice:
        """Store ``voice`` (its delta is copied) and return it as stored.

        Raises ``InputError`` if the name is taken, unless ``replace`` and it is an enrolled one.
        """
        self.require_free(voice.name, replace)
        with self._staging(voice.name) as staged:
            voice_files.write_folder(staged, voice)
            self._move_into_place(staged, self.folder / voice.name)
        return self.get(voice.name)

    def require_free(self, name: str, replace: bool = False) -> None:
        """``InputError`` unless a voice may be stored as ``name`` (checked before long work)."""
        check_name(name)
        if name in _subfolders(self.samples):
            raise InputError(f"'{name}' is a sample voice that ships; choose another name.")
        for other in _subfolders(self.folder):
            if other == name and not replace:
                raise InputError(
                    f"there is already a voice '{name}'; add --replace to put the new one in its "
                    "place, or choose another name."
                )
            if other != name and other.lower() == name.lower():  # one folder on some systems
                raise InputError(f"'{name}' differs from the voice '{other}' only in capitals.")

    def delete(self, name: str) -> None:
        """Remove the voice and everything derived from it that is kept under ``home``."""
        if self.get_folder(name).parent == self.samples:
            raise InputError(f"'{name}' is a sample voice that ships; it cannot be deleted.")
        gone = self.folder / f".{name}.deleted"
        shutil.rmtree(gone, ignore_errors=True)
        (self.folder / name).rename(gone)  # in one step; what follows may be interrupted
        shutil.rmtree(gone)

    def get_folder(self, name: str) -> Path:
        """The folder of a voice, even of a damaged one; ``InputError`` if there is none."""
        for root in (self.folder, self.samples):
            if check_name(name) in _subfolders(root):
                return root / name
        return self.folder / self.get(name).name  # raises, with the list of voices

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
        """Finish what a crash interrupted: put back a voice that was being replaced."""
        if not self.folder.is_dir():
            return
        for old in self.folder.glob(".*.old"):
            target = self.folder / old.name[1 : -len(".old")]
            if target.exists():
                shutil.rmtree(old, ignore_errors=True)
            else:
                old.rename(target)
        staged = (p for p in self.folder.glob(".*.part") if _age_seconds(p) > LEFTOVER_SECONDS)
        for gone in (*self.folder.glob(".*.deleted"), *staged):
            shutil.rmtree(gone, ignore_errors=True)


def _age_seconds(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:  # its process finished just now
        return 0.0


def _subfolders(root: Path) -> Sequence[str]:
    if not root.is_dir():
        return []
    return sorted(p.name for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))


def _require_audio_spec(voice: Voice, source: Path) -> None:
    from audio_utils import DEFAULT_SPEC, AudioSpec

    DEFAULT_SPEC.require_match(AudioSpec.from_dict(voice.audio), str(source))
