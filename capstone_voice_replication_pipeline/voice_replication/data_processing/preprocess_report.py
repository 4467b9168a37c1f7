"""The report of preprocessing, and the export of a data folder as 16-bit WAV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from audio_utils import DEFAULT_SPEC, load_audio, save_audio
from data_utils import read_manifest
from env_utils import atomic_write_json, atomic_write_text, read_json
from tqdm import tqdm

from voice_replication.data_processing.prepare_file import Row
from voice_replication.data_processing.preprocess_config import PreprocessConfig


def write_report(out: Path, rows: Sequence[Row], config: PreprocessConfig) -> None:
    """Write ``out/report.csv`` (a line per recording) and ``out/report.json`` (with totals)."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, [f.name for f in fields(Row)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.to_dict() for row in rows)
    atomic_write_text(out / "report.csv", stream.getvalue())
    kept = [row for row in rows if row.kept]
    corpora: dict[str, float] = {}
    for row in kept:
        corpora[row.corpus] = corpora.get(row.corpus, 0.0) + row.seconds
    facts = {
        "kept": len(kept),
        "refused": len(rows) - len(kept),
        "hours": round(sum(row.seconds for row in kept) / 3600, 3),
        "hours_by_corpus": {name: round(s / 3600, 3) for name, s in sorted(corpora.items())},
        "speakers": len({(row.corpus, row.speaker) for row in kept}),
        "settings": config.model_dump(),
        "recordings": [row.to_dict() for row in rows],
    }
    atomic_write_json(out / "report.json", facts)


def refusal_lines(out: Path, count: int = 5) -> list[str]:
    """The most frequent kinds of refusal, each with a recording, as lines for a person."""
    rows = [row for row in read_json(out / "report.json")["recordings"] if not row["kept"]]
    kinds: dict[str, list[dict[str, str]]] = {}
    for row in rows:  # the same sentence with other numbers or names is the same kind
        kinds.setdefault(re.sub(r"\S*[\d/]\S*", "#", row["reason"]), []).append(row)
    lines = []
    for members in sorted(kinds.values(), key=len, reverse=True)[:count]:
        more = f" (and {len(members) - 1} more like it)" if len(members) > 1 else ""
        lines.append(f"{members[0]['source_path']}: {members[0]['reason']}{more}")
    return lines


def export_wav(data: Path) -> int:
    """Write ``data/wav/<corpus>/<speaker>/<utterance>.wav`` (24 kHz, 16 bits) of every utterance.

    What is there and newer than its FLAC stays. Returns the number of WAV files in the end.
    """
    utterances = read_manifest(data / "manifest.csv")
    rate = DEFAULT_SPEC.sample_rate
    for utterance in tqdm(utterances, desc="WAV", unit="file", disable=None):
        source = utterance.path
        target = data.resolve() / "wav" / source.relative_to(data.resolve() / "audio")
        target = target.with_suffix(".wav")
        if not target.is_file() or target.stat().st_mtime < source.stat().st_mtime:
            save_audio(target, load_audio(source, rate), rate)
    return len(utterances)
