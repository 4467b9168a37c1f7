"""Zero-shot voices for the evaluation, made as ``voiceclone enroll`` makes them: adapted.

A voice is kept beside its reference, in a folder named after everything that it depends on, because
adapting takes seconds and the sentences spoken in it are cached as well.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from voice_replication import voice_adaptation, voice_files
from voice_replication.enrollment import load_reference
from voice_replication.evaluation.systems import code_fingerprint, voice_from
from voice_replication.voice import Voice

if TYPE_CHECKING:
    from voice_replication.narration.text_to_speech import Speaker


def cloned_voice(name: str, reference: Path, licence: str, engine: Speaker) -> Voice:
    """The voice in one ``reference``, with the synthesizer adapted to it."""
    digest = hashlib.sha256(reference.read_bytes())
    digest.update(repr(sorted(engine.fingerprints.items())).encode())
    digest.update(code_fingerprint("synthesizer", "vocoder", "data_processing").encode())
    digest.update(Path(voice_adaptation.__file__).read_bytes())
    folder = reference.with_name(f"voice-{digest.hexdigest()[:20]}")
    if not (folder / voice_files.JSON).is_file():
        plain = voice_from(name, [reference], licence, engine)
        with TemporaryDirectory() as scratch:
            references = [load_reference(reference)]
            result = voice_adaptation.adapt(plain, references, Path(scratch), engine.models_dir)
            voice_files.write_folder(folder, result.voice)
    return voice_files.read_folder(folder)
