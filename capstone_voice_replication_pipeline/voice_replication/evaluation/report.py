"""The evaluation as files: report.md, report.json, plots, and a page to listen to.

DIR/report.md  report.json  plots/*.png  listen.html  (and the caches audio/, verdicts/)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from env_utils import atomic_write_json, atomic_write_text

from voice_replication.evaluation import listening_page, plots, tables
from voice_replication.evaluation.against_real import BULKY
from voice_replication.evaluation.judging import VERSION, clean
from voice_replication.evaluation.run import Evaluation
from voice_replication.evaluation.smoothness import Smoothness
from voice_replication.evaluation.summary import Bar
from voice_replication.evaluation.tables import form, table

__all__ = ["COLUMNS", "as_json", "as_markdown", "bars_table", "rows_table", "table", "write_report"]

ROW_MEANING = {
    "system": "new sentences in voices heard in training",
    "same-text": "our system speaking what the held-out recordings say, in those voices",
    "real": "the held-out recordings themselves",
    "copy": "their mel through our vocoder (copy-synthesis)",
    "zero-shot": "new sentences in voices never heard, each made from one reference of 5–10 s",
    "real-unseen": "recordings of speakers never heard",
    "copy-unseen": "their mel through our vocoder",
    "espeak": "espeak-ng speaking some of the new sentences",
}

# summary key, heading, format; None prints as a dash
COLUMNS = (
    ("sentences", "sentences", "{:.0f}"),
    ("word_error_rate", "word error rate", "{:.1%}"),
    ("word_error_rate_interval", "95 % interval", "{0[0]:.1%} – {0[1]:.1%}"),
    ("aligned", "aligned", "{:.1%}"),
    ("similarity", "similarity", "{:.3f}"),
    ("similarity_as_short", "of real excerpts as short", "{:.3f}"),
    ("similarity_to_others", "to others", "{:.3f}"),
    ("equal_error_rate", "EER", "{:.1%}"),
    ("failed_sentences", "with a failure", "{:.0f}"),
    ("times_real_time", "× real time", "{:.1f}"),
)


def write_report(evaluation: Evaluation, folder: Path) -> Path:
    """Write everything into ``folder``; returns the Markdown file."""
    pictures = plots.draw_all(evaluation, folder / "plots")
    atomic_write_json(folder / "report.json", as_json(evaluation))
    listening_page.write_page(evaluation, pictures, folder / "listen.html")
    path = folder / "report.md"
    names = {name: picture.relative_to(folder) for name, picture in pictures.items()}
    atomic_write_text(path, as_markdown(evaluation, names))
    return path


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Everything but the long lists of numbers, as JSON's own types."""
    verdicts = [
        {k: v for k, v in verdict.items() if k not in BULKY} for verdict in evaluation.verdicts
    ]
    result: dict[str, Any] = clean(
        {
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "measures_version": VERSION,
            "judges": evaluation.judges,
            "bars": [asdict(bar) for bar in evaluation.bars],
            "rows": {name: _plain(row) for name, row in evaluation.summaries.items()},
            "groups": {
                name: {group: _plain(row) for group, row in groups.items()}
                for name, groups in evaluation.groups.items()
            },
            "zero_shot": [asdict(trials) for trials in evaluation.trials],
            "full_band_db": evaluation.full_band_db,
            "voices": evaluation.voices,
            "hard_inputs": [asdict(result) for result in evaluation.hard],
            "notes": evaluation.notes,
            "sentences": verdicts,
        }
    )
    return result


def as_markdown(evaluation: Evaluation, pictures: dict[str, Path]) -> str:
    """The report for people."""
    parts = ["# Evaluation", *evaluation.notes]
    if evaluation.bars:
        parts += ["## What has to be reached", bars_table(evaluation)]
    parts += ["## Words and voices", rows_table(evaluation, COLUMNS), _legend(evaluation)]
    parts += [_picture(pictures, "word_errors"), _picture(pictures, "similarity")]
    if evaluation.trials:
        parts += ["## Voices never heard", tables.trials_table(evaluation.trials)]
    parts += tables.sound_section(evaluation)
    parts += [_picture(pictures, "movement"), _picture(pictures, "mels")]
    parts += ["## Failures", failures_table(evaluation)]
    if evaluation.hard:
        parts += ["## Hard inputs", hard_table(evaluation)]
    if evaluation.voices:
        parts += ["## Voice by voice (system and same-text)", tables.voices_table(evaluation)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: asdict(v) if isinstance(v, Smoothness) else v for k, v in row.items()}


def bars_table(evaluation: Evaluation) -> str:
    """What has to be reached, what was measured, and by how much it is missed."""
    rows = [[bar.what, bar.wanted, bar.measured, _reached(bar)] for bar in evaluation.bars]
    return table(["what", "bar", "measured", "reached"], rows)


def _reached(bar: Bar) -> str:
    if bar.met is None:
        return "unknown"
    return "yes" if bar.met else f"**no**, by {bar.missed_by}"


def rows_table(evaluation: Evaluation, columns: Sequence[tuple[str, str, str]]) -> str:
    """One line per row of the evaluation."""
    lines = [
        [row, *(form(summary[key], pattern) for key, _, pattern in columns)]
        for row, summary in evaluation.summaries.items()
    ]
    return table(["row", *(heading for _, heading, _ in columns)], lines)


def failures_table(evaluation: Evaluation) -> str:
    """Failures of each kind in each row."""
    kinds = list(next(iter(evaluation.summaries.values()))["failures"])
    lines = [
        [row, *(str(summary["failures"][kind]) for kind in kinds)]
        for row, summary in evaluation.summaries.items()
    ]
    return table(["row", *kinds], lines)


def hard_table(evaluation: Evaluation) -> str:
    """What became of each hard input."""
    lines = [[r.name, "yes" if r.handled else "**no**", r.what] for r in evaluation.hard]
    return table(["input", "handled", "what happened"], lines)


def _legend(evaluation: Evaluation) -> str:
    meanings = [f"*{row}*: {ROW_MEANING[row]}." for row in evaluation.summaries]
    judges = (
        f"Words are judged by {evaluation.judges['words']} (recognition and forced alignment by "
        "PocketSphinx), voices by "
        f"{evaluation.judges['speakers']}: the cosine to the mean of up to ten real training "
        "recordings of the speaker (similarity) and of the other speakers. EER: equal error rate "
        "of telling the speakers apart. Forced alignment is a coarse test: about two in five "
        "recordings also pass with a wrong text that is not longer. PocketSphinx learnt from "
        "people: of espeak-ng it misses most words that listeners understand, so its rate there "
        "says more about the judge."
    )
    return " ".join([*meanings, judges])


def _picture(pictures: dict[str, Path], name: str) -> str:
    return f"![{name}]({pictures[name].as_posix()})" if name in pictures else ""
