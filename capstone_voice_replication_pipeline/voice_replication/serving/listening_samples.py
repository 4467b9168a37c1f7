"""Uploaded samples of a listening test: which system, which clip, and all in one format.

A file is called SYSTEM/CLIP.wav (any folders before that are left out). Every sample is decoded and
written anew at 24 kHz, mono, 16 bit, without tags, so that neither its format nor its name gives a
system away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path, PurePosixPath

from audio_utils import DEFAULT_SPEC, load_audio, save_audio
from werkzeug.datastructures import FileStorage

from voice_replication.evaluation.subjective import Kind, check_design
from voice_replication.serving.listening import ListeningTest
from voice_replication.serving.problems import Problem
from voice_replication.serving.studio import studio
from voice_replication.serving.uploads import UploadLimits, incoming, label_of, save_uploads

FIELD = "files"
MAX_SECONDS = 60.0  # of one sample; ITU-T P.800 and BS.1534 ask for 8 to 12
NAMES_SHOWN = 3


def create_test(kind: Kind, title: str, files: Sequence[FileStorage]) -> ListeningTest:
    """Decode ``files`` and make a listening test of them.

    Raises ``Problem`` (a name that says no system and clip, a file that cannot be decoded) and
    ``InputError`` (samples that cannot make a test of this kind).
    """
    settings = studio().settings
    pairs = [_system_and_clip(file.filename or "") for file in files]
    _require_grid(pairs)
    check_design(kind, sorted({s for s, _ in pairs}), sorted({c for _, c in pairs}))
    limits = UploadLimits(FIELD, settings.max_upload_files, settings.max_upload_bytes)
    with incoming(settings) as folder:
        uploads = save_uploads(files, folder, limits)
        decoded = studio().decoder.decode_all(
            [upload.path for upload in uploads],
            ["/".join(pair) for pair in pairs],
            max_seconds=MAX_SECONDS,
            field=FIELD,
        )
        writers: list[Callable[[Path], None]] = [partial(_write, path) for path in decoded]
        return studio().listening.create(kind, title, dict(zip(pairs, writers, strict=True)))


def _write(decoded: Path, target: Path) -> None:
    save_audio(target, load_audio(decoded), DEFAULT_SPEC.sample_rate)


def _system_and_clip(name: str) -> tuple[str, str]:
    parts = [part for part in name.replace("\\", "/").split("/") if part]
    if len(parts) < 2:
        raise Problem(
            "invalid_request",
            f"{label_of(name, 'a file')}: call every file SYSTEM/CLIP.wav, for example "
            "ours/sentence1.wav and theirs/sentence1.wav.",
            field=FIELD,
        )
    clip = PurePosixPath(label_of(parts[-1], "clip")).stem
    return label_of(parts[-2], "system"), clip


def _require_grid(pairs: Sequence[tuple[str, str]]) -> None:
    """Refuse a sample that comes twice, and one that only some systems have."""
    seen: set[tuple[str, str]] = set()
    for system, clip in pairs:
        if (system, clip) in seen:
            raise Problem(
                "invalid_request", f"{system}/{clip} is there more than once.", field=FIELD
            )
        seen.add((system, clip))
    systems, clips = {system for system, _ in seen}, {clip for _, clip in seen}
    missing = sorted({(s, c) for s in systems for c in clips} - seen)
    if missing:
        names = ", ".join("/".join(pair) for pair in missing[:NAMES_SHOWN])
        more = f" and {len(missing) - NAMES_SHOWN} more" if len(missing) > NAMES_SHOWN else ""
        raise Problem(
            "invalid_request",
            f"Every clip is needed from every system; these are missing: {names}{more}.",
            field=FIELD,
        )
