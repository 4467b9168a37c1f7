"""The page that ``voiceclone demo`` writes: one HTML file with sound and pictures inside.

It needs no network, no script to be read, and follows the reader's light or dark setting. Pictures
are images without axes; what the axes mean is text beside them, so that it scales and is read out.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from voice_replication.demo_pictures import Alignment, Mel, alignment_svg, mel_png
from voice_replication.narration.timestamps import WordTime


@dataclass(frozen=True)
class Track:
    """One recording on the page: its file, its log-mel ``(M, F)``, and what to say about it."""

    title: str
    note: str
    path: Path
    mel: Mel
    seconds: float
    similarity: float | None = None  # cosine to the reference; None for the reference itself


@dataclass(frozen=True)
class Demo:
    """Everything that the page shows."""

    reference: Track
    clone: Track
    others: Sequence[Track]
    words: Sequence[WordTime]
    alignment: Alignment
    encoder: str  # which encoder measured the similarities
    own_recording: bool
    voice_kept: str  # the name under which the voice was kept; empty if it was not
    stages: dict[str, float]  # seconds
    machine: str

    @property
    def real_time_factor(self) -> float:
        """Seconds of speech for one second of work, loading and enrolling not counted."""
        work = sum(self.stages.get(name, 0.0) for name in ("text", "synthesizer", "vocoder"))
        return self.clone.seconds / max(work, 1e-9)


def write_html(demo: Demo) -> str:
    """The page as one self-contained text."""
    template = Template(
        files("voice_replication").joinpath("demo_page.html").read_text(encoding="utf-8")
    )
    loudest = max(float(t.mel.max()) for t in (demo.reference, demo.clone, *demo.others))
    cards = [_track(track, loudest) for track in demo.others]
    return template.substitute(
        title="A voice, cloned",
        subtitle=_subtitle(demo),
        sentence=_sentence(demo),
        main_tracks=_track(demo.reference, loudest) + _track(demo.clone, loudest, main=True),
        other_section=_other_section(cards),
        alignment_note=(
            "The log-mel of the clone, lowest frequency at the bottom, and below it the sounds "
            "(ARPAbet) and words where the synthesizer put them. It chose the durations itself, so "
            "the times are exact to one frame of 10.7 ms."
        ),
        alignment=alignment_svg(demo.alignment),
        similarity_note=(
            "Similarity to the reference: the cosine between embeddings of "
            f"{escape(demo.encoder)}. Two recordings of one person lie closer to 1 than recordings "
            "of two people. The clone was made from this very embedding, which flatters it; "
            "<code>voiceclone evaluate</code> measures with an encoder that had no part in it."
        ),
        similarities="".join(
            _row(track.title, f"{track.similarity:.2f}")
            for track in (demo.clone, *demo.others)
            if track.similarity is not None
        ),
        time_note=escape(
            f"{demo.clone.seconds:.1f} s of speech were made at {demo.real_time_factor:.3g} times "
            "real time (text, synthesizer and vocoder; the models were loaded before)."
        ),
        times="".join(_row(name, _duration(sec)) for name, sec in demo.stages.items()),
        ethics=_ethics(demo),
        machine=escape(demo.machine),
    )


def _subtitle(demo: Demo) -> str:
    if demo.own_recording:
        return "The voice of your recording, reading a sentence that is not in it."
    return (
        "A voice that belongs to nobody: even the reference was spoken by a model. Give "
        "<code>voiceclone demo --voice FILE</code> a recording of yours to hear your own."
    )


def _sentence(demo: Demo) -> str:
    """The words as they were spoken (numbers written out), each with its time."""
    return " ".join(
        f'<span data-start="{word.start:.3f}" data-end="{word.end:.3f}">'
        f"{escape(word.text + (' –' if word.mark == '-' else word.mark))}</span>"
        for word in demo.words
    )


def _track(track: Track, loudest: float, main: bool = False) -> str:
    seconds = f"{track.seconds:.1f} s"
    encoded = base64.b64encode(track.path.read_bytes()).decode("ascii")
    picture = base64.b64encode(mel_png(track.mel, loudest)).decode("ascii")
    title = escape(track.title)
    kind = {".wav": "wav", ".flac": "flac"}[track.path.suffix]
    return f"""<article class="track{" main" if main else ""}">
<h3>{title}</h3>
<p class="quiet">{escape(track.note)}</p>
<audio controls preload="metadata" aria-label="{title}, {seconds}"
 src="data:audio/{kind};base64,{encoded}"></audio>
<div class="mel"><img alt="Log-mel spectrogram of: {title}; {seconds}, 0 to 12 kHz"
 src="data:image/png;base64,{picture}"><i></i></div>
<div class="axis"><span>0 s</span><span>0 to 12 kHz upwards</span><span>{seconds}</span></div>
<p class="quiet"><a download="{escape(track.path.name)}" href="{escape(track.path.name)}"
>{escape(track.path.name)}</a></p>
</article>
"""


def _other_section(cards: Sequence[str]) -> str:
    if not cards:
        return ""
    return f"""
<section aria-labelledby="others">
<h2 id="others">The same sentence in other voices</h2>
<p class="quiet">Sample voices that ship; they belong to nobody.</p>
<div class="tracks">
{"".join(cards)}</div>
</section>
"""


def _row(name: str, value: str) -> str:
    return f'<tr><th scope="row">{escape(name)}</th><td class="number">{escape(value)}</td></tr>\n'


def _duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"


def _ethics(demo: Demo) -> str:
    if not demo.own_recording:
        return "All speech on this page is synthetic, and the sound files say so in their tags."
    kept = (
        f"The voice was kept as <code>{escape(demo.voice_kept)}</code>; <code>voiceclone voices "
        f"delete {escape(demo.voice_kept)}</code> removes it and all that was derived from it."
        if demo.voice_kept
        else "The voice was not kept: only the files in this folder remain. Delete the folder and "
        "nothing is left."
    )
    return (
        "All speech on this page but the reference is synthetic, and the sound files say so in "
        f"their tags. {kept} Clone only your own voice, or one whose owner has agreed."
    )
