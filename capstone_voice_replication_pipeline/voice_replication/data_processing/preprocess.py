"""Recordings of any kind -> a data folder of clean 24 kHz mono utterances.

``OUT/audio/<corpus>/<speaker>/<utterance>.flac`` with ``manifest.csv``, ``report.csv`` and
``report.json``. Every finished recording is written down at once in ``OUT/.preprocess.jsonl``, with
a fingerprint of its source file and the settings; a second run does only what is missing or has
changed, and a run that was killed goes on where it was.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from data_utils import Utterance, write_manifest
from env_utils import InputError, atomic_write_json, atomic_write_text
from tqdm import tqdm

from voice_replication.data_processing.prepare_file import (
    PreprocessConfig,
    Row,
    prepare_recording,
    refused,
)
from voice_replication.data_processing.workers import in_order_of_completion

JOURNAL = ".preprocess.jsonl"
VERSION = 1  # of what this module does to a recording; part of every fingerprint


@dataclass(frozen=True)
class Summary:
    """What a run came to."""

    kept: int
    refused: int
    hours: float
    worked_seconds: float  # seconds of audio that this run prepared; the rest was already there
    reasons: dict[str, int]


def preprocess(
    utterances: Sequence[Utterance],
    out: Path,
    config: PreprocessConfig | None = None,
    workers: int = 1,
) -> Summary:
    """Prepare ``utterances`` into the data folder ``out``.

    Bad recordings do not stop it: they are refused in the report. Raises ``InputError`` when
    nothing at all could be kept.
    """
    config = config or PreprocessConfig()
    out.mkdir(parents=True, exist_ok=True)
    unique, rows = unique_ids(utterances)
    done = _read_journal(out)
    stamps = {u.id: _fingerprint(u, config) for u in unique}
    todo = [u for u in unique if not _is_done(done.get(u.id), stamps[u.id], out)]
    results = {u.id: _rows(done[u.id]) for u in unique if u.id in done}
    worked = 0.0
    jobs = [(u, out, config) for u in todo]
    bar = tqdm(total=len(unique), initial=len(unique) - len(todo), unit="file", disable=None)
    with (out / JOURNAL).open("a", encoding="utf-8") as journal, bar:
        for utterance, found in in_order_of_completion(prepare_job, jobs, workers):
            results[utterance] = found
            line = {"utterance": utterance, "stamp": stamps[utterance]}
            journal.write(json.dumps({**line, "rows": [r.to_dict() for r in found]}) + "\n")
            journal.flush()
            worked += sum(r.seconds for r in found)
            bar.update()
    for utterance in unique:
        rows += results[utterance.id]
    return _finish(out, unique, rows, worked)


def prepare_job(job: tuple[Utterance, Path, PreprocessConfig]) -> tuple[str, list[Row]]:
    """What a worker does with one recording."""
    utterance, out, config = job
    return utterance.id, prepare_recording(utterance, out, config)


def unique_ids(utterances: Sequence[Utterance]) -> tuple[list[Utterance], list[Row]]:
    """Give every utterance an id of its own; the same one twice is refused (second result).

    An id that two corpora share is the same recording if speaker and text agree too; otherwise the
    second is renamed to ``<corpus>-<id>``.
    """
    chosen: dict[str, Utterance] = {}
    duplicates: list[Row] = []
    for utterance in utterances:
        first = chosen.get(utterance.id)
        if first is None:
            chosen[utterance.id] = utterance
        elif (first.speaker, first.text) == (utterance.speaker, utterance.text):
            reason = f"the same utterance as in {first.corpus}."
            duplicates.append(refused(utterance, reason))
        else:
            renamed = replace(utterance, id=f"{utterance.corpus}-{utterance.id}")
            chosen[renamed.id] = renamed
    return list(chosen.values()), duplicates


def _finish(out: Path, sources: Sequence[Utterance], rows: Sequence[Row], worked: float) -> Summary:
    by_id = {u.id: u for u in sources}
    kept = [row for row in rows if row.kept]
    manifest = [
        replace(
            by_id[row.source],
            id=row.utterance,
            path=(out / row.path).absolute(),
            seconds=row.seconds,
            source_rate=row.source_rate,
        )
        for row in kept
    ]
    summary = Summary(
        kept=len(kept),
        refused=len(rows) - len(kept),
        hours=sum(row.seconds for row in kept) / 3600,
        worked_seconds=worked,
        reasons=dict(Counter(row.reason for row in rows if not row.kept).most_common()),
    )
    _write_report(out, rows, summary)
    if not kept:
        raise InputError(
            f"{out / 'report.csv'}: none of {len(rows)} recordings could be used. The first was "
            f"refused because: {rows[0].reason}"
        )
    write_manifest(out / "manifest.csv", manifest)
    return summary


def _write_report(out: Path, rows: Sequence[Row], summary: Summary) -> None:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, [f.name for f in fields(Row)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.to_dict() for row in rows)
    atomic_write_text(out / "report.csv", stream.getvalue())
    facts = {
        "kept": summary.kept,
        "refused": summary.refused,
        "hours": round(summary.hours, 3),
        "recordings": [row.to_dict() for row in rows],
    }
    atomic_write_json(out / "report.json", facts)


def _fingerprint(utterance: Utterance, config: PreprocessConfig) -> str:
    """Changes when the source file, what is known about it, or the settings change."""
    try:
        stat = utterance.path.stat()
        file = [str(utterance.path), stat.st_size, stat.st_mtime_ns]
    except OSError:
        file = [str(utterance.path), -1, -1]
    known = [utterance.corpus, utterance.speaker, utterance.source_rate, bool(utterance.text)]
    text = json.dumps([VERSION, file, known, config.model_dump()])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read_journal(out: Path) -> dict[str, dict[str, Any]]:
    """The last entry of every recording; a line that a crash cut short is passed over."""
    path = out / JOURNAL
    entries: dict[str, dict[str, Any]] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            entry = json.loads(line)
            entries[entry["utterance"]] = entry
        except (ValueError, KeyError, TypeError):
            continue
    return entries


def _is_done(entry: dict[str, Any] | None, stamp: str, out: Path) -> bool:
    if entry is None or entry.get("stamp") != stamp:
        return False
    return all((out / row["path"]).is_file() for row in entry["rows"] if row["kept"])


def _rows(entry: dict[str, Any]) -> list[Row]:
    return [Row(**row) for row in entry["rows"]]
