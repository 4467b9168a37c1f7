"""A voice as files: a folder, or one ``.voice`` file that can be handed on.

    voice.json               name, consent, encoder fingerprint, AudioSpec, statistics
    embedding.safetensors    "embedding": (D,) float32; "timbre": (4, N) float32, if it is known
    delta.safetensors        only after fine-tuning: what changed in the synthesizer
    consent.flac             only in a folder: the speaker's agreement as it was recorded

A ``.voice`` file is a zip of the first three. The recorded agreement stays where it was given: it
is a person's speech, and whoever receives a voice has no need of it. There is no pickle in the
file, and nothing in it is trusted: names, sizes, checksums and every value are checked before a
byte is stored.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from env_utils import InputError, atomic_path, atomic_write_bytes, atomic_write_json
from safetensors import SafetensorError

from voice_replication.timbre import Timbre
from voice_replication.voice import Consent, Embedding, Statistics, Voice, check_embedding

FORMAT = 1
JSON, EMBEDDING, DELTA = "voice.json", "embedding.safetensors", "delta.safetensors"
CONSENT_RECORDING = "consent.flac"
SIZE_LIMITS = {JSON: 2**16, EMBEDDING: 2**16, DELTA: 2**26}  # bytes: 64 KiB, 64 KiB, 64 MiB
_FIELDS = {"format", "name", "created", "synthetic", "consent", "encoder", "audio", "statistics"}
_SOMETIMES = {"adapted"}


def to_json(voice: Voice) -> dict[str, Any]:
    """What ``voice.json`` holds."""
    return {
        "format": FORMAT,
        "name": voice.name,
        "created": voice.created,
        "synthetic": voice.synthetic,
        "consent": voice.consent.to_dict() if voice.consent else None,
        "encoder": voice.encoder,
        "audio": dict(voice.audio),
        "statistics": vars(voice.statistics),
        **({"adapted": True} if voice.adapted else {}),
    }


def from_json(values: Any, embedding: Embedding, source: str, **more: Any) -> Voice:
    """A :class:`Voice` from ``voice.json``'s values; ``source`` names the file in errors."""
    given = set(values) - _SOMETIMES if isinstance(values, Mapping) else set()
    if given != _FIELDS:
        odd = sorted(given ^ _FIELDS) if isinstance(values, Mapping) else ["everything"]
        raise InputError(f"{source}: unknown or missing field(s): {', '.join(odd)}.")
    if values["format"] != FORMAT:
        raise InputError(
            f"{source}: format {values['format']!r} is not known here (only {FORMAT})."
        )
    kinds = {"name": str, "created": str, "synthetic": bool, "encoder": str, "audio": dict}
    for key, kind in kinds.items():
        if not isinstance(values[key], kind):
            raise InputError(f"{source}: '{key}' is {values[key]!r}, not a {kind.__name__}.")
    adapted = values.get("adapted", False)
    if not isinstance(adapted, bool):
        raise InputError(f"{source}: 'adapted' is {adapted!r}, not true or false.")
    consent = values["consent"]
    return Voice(
        name=values["name"],
        embedding=embedding,
        encoder=values["encoder"],
        audio=values["audio"],
        consent=None if consent is None else Consent.from_dict(consent, source),
        synthetic=values["synthetic"],
        created=values["created"],
        statistics=Statistics.from_dict(values["statistics"], source),
        adapted=adapted,
        **more,
    )


def write_folder(folder: Path, voice: Voice) -> None:
    """Write ``voice`` into ``folder``; ``voice.json`` comes last, so that it marks completeness."""
    atomic_write_bytes(folder / EMBEDDING, _embedding_bytes(voice))
    if voice.delta is not None:
        atomic_write_bytes(folder / DELTA, voice.delta.read_bytes())
    if voice.consent_recording is not None:
        atomic_write_bytes(folder / CONSENT_RECORDING, voice.consent_recording.read_bytes())
    atomic_write_json(folder / JSON, to_json(voice))


def read_folder(folder: Path, sample: bool = False) -> Voice:
    """Read the voice in ``folder``; anything missing or damaged is an ``InputError``."""
    path = folder / JSON
    values = _parse_json(_read_bytes(path), str(path))
    embedding, timbre = _parse_embedding(_read_bytes(folder / EMBEDDING), str(folder / EMBEDDING))
    delta, recording = folder / DELTA, folder / CONSENT_RECORDING
    return from_json(
        values,
        embedding,
        str(path),
        timbre=timbre,
        delta=delta if delta.is_file() else None,
        consent_recording=recording if recording.is_file() else None,
        sample=sample,
    )


def pack(voice: Voice, target: Path) -> None:
    """Write ``voice`` as one ``.voice`` file, atomically."""
    members = {
        JSON: (json.dumps(to_json(voice), indent=2, ensure_ascii=False) + "\n").encode(),
        EMBEDDING: _embedding_bytes(voice),
    }
    if voice.delta is not None:
        members[DELTA] = voice.delta.read_bytes()
    with atomic_path(target) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data, compress_type=zipfile.ZIP_DEFLATED)


def unpack(source: Path, scratch: Path) -> Voice:
    """Check the ``.voice`` file ``source`` completely and return its voice.

    A delta, if there is one, is written into the empty folder ``scratch``. Raises ``InputError``
    or ``ConsentError`` with the reason for the refusal.
    """
    members = _read_members(source)
    where = f"{source} ({JSON})"
    values = _parse_json(members[JSON], where)
    embedding, timbre = _parse_embedding(members[EMBEDDING], f"{source} ({EMBEDDING})")
    delta = None
    if DELTA in members:
        _check_delta(members[DELTA], f"{source} ({DELTA})")
        delta = scratch / DELTA
        delta.write_bytes(members[DELTA])
    return from_json(values, embedding, where, timbre=timbre, delta=delta)


def _read_members(source: Path) -> dict[str, bytes]:
    if not source.is_file():
        raise InputError(f"{source}: there is no such file.")
    members: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(source) as archive:
            for entry in archive.infolist():
                limit = SIZE_LIMITS.get(entry.filename)
                if limit is None or entry.filename in members:
                    raise InputError(
                        f"{source}: refused, because of the entry {entry.filename!r}; a voice file "
                        f"holds only {', '.join(SIZE_LIMITS)}, each once."
                    )
                with archive.open(entry) as stream:
                    data = stream.read(limit + 1)  # what the header says about sizes may be a lie
                if len(data) > limit:
                    raise InputError(
                        f"{source}: refused, because {entry.filename} is larger than {limit} bytes."
                    )
                members[entry.filename] = data
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError) as error:
        raise InputError(
            f"{source}: this is not a complete voice file ({error}). Export it again."
        ) from error
    for name in (JSON, EMBEDDING):
        if name not in members:
            raise InputError(f"{source}: refused, because {name} is missing in it.")
    return members


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(
            f"{path}: the file is missing; delete the voice and enroll it again."
        ) from None


def _parse_json(data: bytes, source: str) -> Any:
    try:
        return json.loads(data)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{source}: this is not readable JSON ({error}).") from None


def _tensors(data: bytes, source: str) -> dict[str, np.ndarray[Any, Any]]:
    try:
        return safetensors.numpy.load(data)
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise InputError(f"{source}: this is not a readable safetensors file ({error}).") from None


def _parse_embedding(data: bytes, source: str) -> tuple[Embedding, Timbre | None]:
    tensors = _tensors(data, source)
    if not {"embedding"} <= set(tensors) <= {"embedding", "timbre"}:
        raise InputError(
            f"{source}: it must hold the tensor 'embedding' and may hold 'timbre', "
            f"not {sorted(tensors)}."
        )
    check_embedding(tensors["embedding"], source)
    timbre = Timbre.from_array(tensors["timbre"], source) if "timbre" in tensors else None
    return tensors["embedding"].astype(np.float32), timbre


def _check_delta(data: bytes, source: str) -> None:
    for name, tensor in _tensors(data, source).items():
        if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
            raise InputError(f"{source}: tensor {name!r} contains NaN or infinite values.")


def _embedding_bytes(voice: Voice) -> bytes:
    tensors = {"embedding": np.ascontiguousarray(voice.embedding, np.float32)}
    if voice.timbre is not None:
        tensors["timbre"] = voice.timbre.to_array()
    return safetensors.numpy.save(tensors)
