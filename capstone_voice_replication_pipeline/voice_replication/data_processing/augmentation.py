"""Changed copies of a data folder: other rooms, noises, telephones, tempi, pitches.

Training can augment on the fly (``audio_utils.Augmenter``); written copies are for what needs
files, and for listening to what augmentation does. Every copy follows from the seed, the utterance
and the number of the copy alone, so a second run does only what is missing, and any machine writes
the same.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC, load_audio
from audio_utils.augmenter import AugmentConfig, Augmenter
from data_utils import Utterance, read_manifest, write_manifest
from data_utils.corpus_files import safe_name
from env_utils import InputError, atomic_write_json
from tqdm import tqdm

from voice_replication.data_processing.prepare_file import store_flac
from voice_replication.data_processing.preprocess_state import locked, remove_leftovers
from voice_replication.data_processing.workers import in_order_of_completion

JOURNAL = ".augment.jsonl"
RATE = DEFAULT_SPEC.sample_rate
BABBLE_VOICES = 8
TELEPHONE_BANDWIDTH_HZ = 3400.0
Effects = dict[str, float | str]


@dataclass(frozen=True)
class Copy:
    """One copy to be made of one utterance."""

    utterance: Utterance
    number: int  # 1, 2 ...
    out: Path
    config: AugmentConfig
    seed: int
    babble: tuple[Path, ...]

    @property
    def id(self) -> str:
        """Unique in the new folder."""
        return f"{self.utterance.id}_aug{self.number}"

    @property
    def path(self) -> Path:
        """Where it is written."""
        u = self.utterance
        place = self.out / "audio" / safe_name(u.corpus) / safe_name(u.speaker)
        return place / f"{safe_name(self.id)}.flac"

    def stamp(self) -> str:
        """Changes when anything that the copy depends on changes."""
        stat = self.utterance.path.stat()
        source = [str(self.utterance.path), stat.st_size, stat.st_mtime_ns]
        known = [self.id, self.seed, source, [str(path) for path in self.babble]]
        text = json.dumps([known, self.config.model_dump()])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Done:
    """A finished copy: what was done to it."""

    id: str
    stamp: str
    seconds: float
    stored_bytes: int
    effects: Effects

    def is_current(self, job: Copy) -> bool:
        """Whether this is that copy, and its file is there, whole."""
        whole = job.path.is_file() and job.path.stat().st_size == self.stored_bytes
        return whole and self.stamp == job.stamp()


def augment_folder(
    data: Path,
    out: Path,
    config: AugmentConfig | None = None,
    *,
    copies: int = 1,
    seed: int = 0,
    splits: Sequence[str] = ("train",),
    with_originals: bool = False,
    workers: int = 1,
    limit: int | None = None,
) -> list[Utterance]:
    """Write ``copies`` changed copies of every utterance of ``splits`` and ``out/manifest.csv``.

    ``out/augmentation.json`` says what was done to each copy. The copies keep text, speaker and
    split; ``source_rate`` becomes that of what is left after a telephone or low-pass filter. With
    ``with_originals`` the manifest also names the originals where they are. Raises ``InputError``
    when nothing is in ``splits`` or ``out`` is ``data``.
    """
    if out.resolve() == data.resolve():
        raise InputError(f"{out}: write the copies into a folder of their own, not into {data}.")
    chosen = [u for u in read_manifest(data / "manifest.csv") if u.split in splits][:limit]
    if not chosen:
        raise InputError(f"{data / 'manifest.csv'}: no utterance in split {', '.join(splits)}.")
    config = config or AugmentConfig()
    babble = _babble_sources(chosen, seed) if "babble" in config.noise_kinds else ()
    jobs = [Copy(u, n, out, config, seed, babble) for u in chosen for n in range(1, copies + 1)]
    with locked(out):
        remove_leftovers(out)
        done = _make(jobs, out, workers)
        augmented = [_describe(job, done[job.id]) for job in jobs]
        effects = {job.id: done[job.id].effects for job in jobs}
        settings = {"seed": seed, "config": config.model_dump(), "effects": effects}
        atomic_write_json(out / "augmentation.json", settings)
        write_manifest(out / "manifest.csv", [*(chosen if with_originals else ()), *augmented])
    return augmented


def _babble_sources(utterances: Sequence[Utterance], seed: int) -> tuple[Path, ...]:
    """The recordings of which babble is made: of different speakers as far as there are."""
    rng = np.random.default_rng(seed)
    by_speaker: dict[str, Path] = {}
    for index in rng.permutation(len(utterances)):
        by_speaker.setdefault(utterances[index].speaker, utterances[index].path)
    return tuple(by_speaker.values())[:BABBLE_VOICES]


def _make(jobs: Sequence[Copy], out: Path, workers: int) -> dict[str, Done]:
    """Write the copies that are missing; ``id -> what was done``."""
    written = _read_journal(out)
    done = {j.id: written[j.id] for j in jobs if j.id in written and written[j.id].is_current(j)}
    todo = [job for job in jobs if job.id not in done]
    workers = workers if len(todo) >= 100 else 1
    bar = tqdm(total=len(jobs), initial=len(done), desc="augmenting", unit="file", disable=None)
    with (out / JOURNAL).open("a", encoding="utf-8") as journal, bar:
        for entry in in_order_of_completion(augment_one, todo, workers):
            done[entry.id] = entry
            journal.write(json.dumps(asdict(entry)) + "\n")
            journal.flush()
            bar.update()
    return done


def _read_journal(out: Path) -> dict[str, Done]:
    """Finished copies by id; a line that a crash cut short is passed over."""
    entries: dict[str, Done] = {}
    path = out / JOURNAL
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        with suppress(ValueError, TypeError):
            value: Any = json.loads(line)
            entries[value["id"]] = Done(**value)
    return entries


def augment_one(job: Copy) -> Done:
    """What a worker does."""
    audio = load_audio(job.utterance.path, RATE)
    rng = np.random.default_rng([job.seed, zlib.crc32(job.utterance.id.encode()), job.number])
    augmenter = Augmenter(job.config, [_load_babble(path) for path in job.babble])
    changed, effects = augmenter.apply_described(audio, RATE, rng)
    highest = float(np.abs(changed).max(initial=0.0))
    if highest > 0.97:  # noise and rooms add to the level; clipping would be one more effect
        changed = changed * np.float32(0.97 / highest)
    size = store_flac(job.path, changed)
    return Done(job.id, job.stamp(), round(len(changed) / RATE, 3), size, effects)


@lru_cache(maxsize=BABBLE_VOICES)
def _load_babble(path: Path) -> npt.NDArray[np.float32]:
    return load_audio(path, RATE)


def _describe(job: Copy, done: Done) -> Utterance:
    bandwidth = job.utterance.source_rate / 2
    if "telephone" in done.effects:
        bandwidth = min(bandwidth, TELEPHONE_BANDWIDTH_HZ)
    if "low_pass_hz" in done.effects:
        bandwidth = min(bandwidth, float(done.effects["low_pass_hz"]))
    return replace(
        job.utterance,
        id=job.id,
        path=job.path.resolve(),
        seconds=done.seconds,
        source_rate=round(2 * bandwidth),
    )
