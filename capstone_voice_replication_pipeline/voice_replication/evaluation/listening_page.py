"""A page to judge with one's own ears: one HTML file with the audio inside it, no internet needed.

Numbers rank systems only roughly; listening for two minutes finds what they miss. The page holds a
few sentences of every row and, first, the worst ones. It contains real recordings where they were
the anchor, so their licences apply to it.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import soundfile
from audio_utils import DEFAULT_SPEC, load_audio
from env_utils import atomic_write_text

from voice_replication.evaluation import plots
from voice_replication.evaluation.judging import Verdict

EXAMPLES = 6  # texts shown with every row that speaks them
WORST = 8
NEW = 10

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color: #222; background: #fff }
table { border-collapse: collapse; width: 100% } td, th { padding: .4rem .6rem; text-align: left;
       border-bottom: 1px solid #ddd; vertical-align: top } audio { width: 18rem; height: 2rem }
img { max-width: 100% } .no { color: #b00020; font-weight: 600 } .small { color: #666;
       font-size: .85rem }
"""


def write_page(evaluation: Any, pictures: dict[str, Path], path: Path) -> None:
    """Write the page of a :class:`voice_replication.evaluation.run.Evaluation` to ``path``."""
    body = [
        "<h1>Listening page</h1>",
        '<p class="small">Synthetic speech, except <i>real</i> and <i>real-unseen</i>.</p>',
        *(f"<p>{html.escape(note)}</p>" for note in evaluation.notes),
        _bars(evaluation),
        _examples(evaluation.verdicts),
        _section("Worst sentences of the system", worst(evaluation.verdicts)),
        _section("New sentences", _spread(_row(evaluation.verdicts, "system"), NEW)),
        _section("Voices never heard", _spread(_row(evaluation.verdicts, "zero-shot"), NEW)),
        _section("espeak-ng", _spread(_row(evaluation.verdicts, "espeak"), 3)),
        *(_picture(name, picture) for name, picture in pictures.items()),
    ]
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Listening page</title><style>{_STYLE}</style></head>\n"
        f"<body>{''.join(body)}</body></html>\n"
    )
    atomic_write_text(path, page)


def worst(verdicts: Sequence[Verdict], count: int = WORST) -> list[Verdict]:
    """The system's sentences with failures, not aligned, or with most words misheard."""
    ours = [v for v in verdicts if v["row"] in ("system", "same-text")]
    return sorted(ours, key=_badness, reverse=True)[:count]


def _badness(verdict: Verdict) -> tuple[int, bool, float]:
    rate = verdict["wrong_words"] / max(1, verdict["words"])
    return len(verdict["failures"]), not verdict["aligned"], rate


def _bars(evaluation: Any) -> str:
    if not evaluation.bars:
        return ""
    rows = [
        f"<tr><td>{html.escape(b.what)}</td><td>{html.escape(b.wanted)}</td>"
        f"<td>{html.escape(b.measured)}</td><td>{_mark(b)}</td></tr>"
        for b in evaluation.bars
    ]
    head = "<tr><th>what</th><th>bar</th><th>measured</th><th></th></tr>"
    return f"<h2>What has to be reached</h2><table>{head}{''.join(rows)}</table>"


def _mark(bar: Any) -> str:
    if bar.met is None:
        return "unknown"
    missed = f'<span class="no">not reached, by {html.escape(bar.missed_by)}</span>'
    return "reached" if bar.met else missed


def _examples(verdicts: Sequence[Verdict]) -> str:
    parts = []
    for index in range(EXAMPLES):
        chosen = plots.example(verdicts, index)
        if chosen:
            parts.append(_section(f"“{chosen[0]['text']}”", chosen, level=3))
    return "<h2>Same words, every row</h2>" + "".join(parts) if parts else ""


def _section(title: str, verdicts: Sequence[Verdict], level: int = 2) -> str:
    if not verdicts:
        return ""
    rows = "".join(_line(v) for v in verdicts)
    return f"<h{level}>{html.escape(title)}</h{level}><table>{rows}</table>"


def _line(verdict: Verdict) -> str:
    failures = "; ".join(f"{f['kind']} ({f['detail']})" for f in verdict["failures"])
    notes = [f"heard: {verdict['heard'] or '(nothing)'}"] if verdict["words"] else []
    if not verdict["aligned"]:
        notes.append("not aligned")
    if failures:
        notes.append(failures)
    text = "<br>".join(html.escape(note) for note in notes)
    return (
        f"<tr><td>{html.escape(verdict['row'])}<br><span class='small'>"
        f"{html.escape(verdict['speaker'])}</span></td>"
        f"<td>{audio_element(Path(verdict['audio']))}</td>"
        f"<td>{html.escape(verdict['text'])}<br><span class='small'>{text}</span></td></tr>"
    )


def audio_element(path: Path) -> str:
    """An ``<audio>`` that carries the recording ``path`` inside it (Ogg Opus or MP3, base64)."""
    audio = load_audio(path)
    buffer = io.BytesIO()
    rate = DEFAULT_SPEC.sample_rate
    # MP3 plays in every browser (Safari has no Ogg); 64 kbit/s is transparent enough for speech.
    soundfile.write(buffer, audio, rate, format="MP3", subtype="MPEG_LAYER_III")
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f'<audio controls preload="none" src="data:audio/mpeg;base64,{data}"></audio>'


def _picture(name: str, path: Path) -> str:
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    alt = html.escape(name.replace("_", " "))
    return f'<p><img alt="{alt}" src="data:image/png;base64,{data}"></p>'


def _row(verdicts: Sequence[Verdict], row: str) -> list[Verdict]:
    return [v for v in verdicts if v["row"] == row]


def _spread(verdicts: Sequence[Verdict], count: int) -> list[Verdict]:
    step = max(1, len(verdicts) // count)
    return list(verdicts[::step][:count])
