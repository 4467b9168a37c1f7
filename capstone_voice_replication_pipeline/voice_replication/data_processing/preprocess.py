"""Recordings of any kind -> a data folder of clean 24 kHz mono utterances.

``OUT/audio/<corpus>/<speaker>/<utterance>.flac`` with ``manifest.csv``, ``report.csv`` and
``report.json``. A second run does only what is missing or has changed, and a run that was killed
goes on where it was (:mod:`voice_replication.data_processing.preprocess_state`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from data_utils import Utterance, read_corpus, split_by_prompt, split_by_speaker, write_manifest
from data_utils.corpus_files import safe_name
from env_utils import InputError
from tqdm import tqdm

from voice_replication.data_processing.prepare_file import Row, prepare_recording, refused
from voice_replication.data_processing.preprocess_config import PreprocessConfig, SplitConfig
from voice_replication.data_processing.preprocess_report import write_report
from voice_replication.data_processing.preprocess_state import (
    Entry,
    Journal,
    fingerprint,
    locked,
    remove_leftovers,
    remove_stored,
    rows_in_order,
)
from voice_replication.data_processing.workers import in_order_of_completion

__all__ = ["PreprocessConfig", "SplitConfig", "Summary", "preprocess"]


@dataclass(frozen=True)
class Summary:
    """What a data folder holds after a run."""

    kept: int
    refused: int
    hours: float
    prepared: int  # recordings that this run worked on; the others were done before
    prepared_seconds: float  # of audio in them


def preprocess(
    source: Path,
    out: Path,
    config: PreprocessConfig | None = None,
    *,
    corpus: str = "auto",
    splits: SplitConfig | None = None,
    workers: int = 1,
    limit: int | None = None,
) -> Summary:
    """Prepare the recordings of ``source`` into the data folder ``out``.

    ``corpus`` is a layout of ``data_utils.CORPORA`` or "auto"; ``limit`` takes only the first so
    many recordings. A recording that cannot be used does not stop the run: it is refused in the
    report. Raises ``InputError`` when the source cannot be read, when ``out`` belongs to another
    source, or when nothing at all could be kept.
    """
    if out.resolve() == source.resolve() or source.resolve() in out.resolve().parents:
        raise InputError(f"{out}: the data folder must lie outside of the source {source}.")
    config = config or PreprocessConfig()
    everything, duplicates = unique_ids(read_corpus(source, corpus))
    chosen = everything[:limit]
    with locked(out):
        journal = Journal.read(out)
        journal.begin(source)
        remove_leftovers(out)
        prepared = _prepare(chosen, out, config, journal, workers)
        rows = rows_in_order(chosen, journal.entries) + duplicates
        _forget_others(journal, {u.id for u in everything}, out)
        kept = [row for row in rows if row.kept]
        write_report(out, rows, config)
        if not kept:
            (out / "manifest.csv").unlink(missing_ok=True)
            raise InputError(
                f"{source}: none of {len(rows)} recordings could be used (see "
                f"{out / 'report.csv'}). {rows[0].utterance}: {rows[0].reason}"
            )
        write_manifest(out / "manifest.csv", _manifest(chosen, kept, out, splits or SplitConfig()))
        journal.compact()
    seconds = sum(row.seconds for u in prepared for row in journal.entries[u].rows)
    hours = sum(row.seconds for row in kept) / 3600
    return Summary(len(kept), len(rows) - len(kept), hours, len(prepared), seconds)


def unique_ids(utterances: Sequence[Utterance]) -> tuple[list[Utterance], list[Row]]:
    """Give every utterance an id that is its own and can be a file name; refuse what is twice.

    An id that occurs again is the same recording if speaker and text agree too (two corpora may
    share a part); otherwise the later one is renamed to ``<corpus>-<id>`` or numbered.
    """
    chosen: dict[str, Utterance] = {}
    duplicates: list[Row] = []
    for utterance in utterances:
        name = safe_name(utterance.id)
        first = chosen.get(name.casefold())
        if first is not None and (first.speaker, first.text) == (utterance.speaker, utterance.text):
            duplicates.append(refused(utterance, f"the same utterance as {first.path}."))
            continue
        if first is not None:
            name = safe_name(f"{utterance.corpus}-{utterance.id}")
        number, base = 2, name
        while name.casefold() in chosen:
            name, number = f"{base}-{number}", number + 1
        chosen[name.casefold()] = replace(utterance, id=name)
    return list(chosen.values()), duplicates


def _prepare(
    utterances: Sequence[Utterance],
    out: Path,
    config: PreprocessConfig,
    journal: Journal,
    workers: int,
) -> list[str]:
    """Bring the journal up to date; returns the ids that had to be worked on."""
    stamps = {u.id: fingerprint(u, config) for u in utterances}
    todo = [
        (u, out, config)
        for u in utterances
        if u.id not in journal.entries or not journal.entries[u.id].is_current(stamps[u.id], out)
    ]
    bar = tqdm(
        total=len(utterances),
        initial=len(utterances) - len(todo),
        desc="preprocessing",
        unit="file",
        disable=None,
    )
    with journal.path.open("a", encoding="utf-8") as stream, bar:
        for name, rows in in_order_of_completion(prepare_job, todo, _useful(workers, todo)):
            journal.add(stream, Entry(name, stamps[name], tuple(rows)))
            bar.update()
    return [utterance.id for utterance, _, _ in todo]


def _useful(workers: int, todo: Sequence[tuple[Utterance, Path, PreprocessConfig]]) -> int:
    """One process for a little work: starting others takes seconds."""
    size = sum(u.path.stat().st_size for u, _, _ in todo if u.path.is_file())
    return workers if len(todo) >= 100 or size >= 20_000_000 else 1


def prepare_job(job: tuple[Utterance, Path, PreprocessConfig]) -> tuple[str, list[Row]]:
    """What a worker does with one recording."""
    utterance, out, config = job
    return utterance.id, prepare_recording(utterance, out, config)


def _forget_others(journal: Journal, sources: set[str], out: Path) -> None:
    """Delete what was made of recordings that are no longer in the source, or are refused now."""
    for name in [name for name in journal.entries if name not in sources]:
        del journal.entries[name]
    current = {row.path for entry in journal.entries.values() for row in entry.rows}
    remove_stored(out, journal.stored - current)


def _manifest(
    sources: Sequence[Utterance], kept: Sequence[Row], out: Path, splits: SplitConfig
) -> list[Utterance]:
    by_id = {u.id: u for u in assign_splits(sources, kept, splits)}
    return [
        replace(
            by_id[row.source],
            id=row.utterance,
            path=(out / row.path).resolve(),
            seconds=row.seconds,
            source_rate=row.source_rate,
        )
        for row in kept
    ]


def assign_splits(
    sources: Sequence[Utterance], kept: Sequence[Row], config: SplitConfig
) -> list[Utterance]:
    """The sources of which something was kept, each with a split; pieces follow their source."""
    used = {row.source for row in kept}
    utterances = [u for u in sources if u.id in used]
    if config.method == "by-prompt":
        return split_by_prompt(utterances, config.dev_share, config.seed)
    if config.method == "by-speaker":
        by_speaker = split_by_speaker(utterances, config.unseen_share, config.seed)
        return split_by_prompt(by_speaker, config.dev_share, config.seed)
    share = config.dev_share if config.method == "auto" else 0.0
    undecided = split_by_prompt([u for u in utterances if not u.split], share, config.seed)
    return [*(u for u in utterances if u.split), *undecided]
