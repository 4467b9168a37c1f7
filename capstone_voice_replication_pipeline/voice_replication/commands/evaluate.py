"""``voiceclone evaluate``: how well it speaks, beside real recordings and espeak-ng."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voice_replication.evaluation.recordings import HeardSpeaker
    from voice_replication.evaluation.run import Evaluation
    from voice_replication.evaluation.systems import CopySynthesis, System

EXAMPLE = "voiceclone evaluate --sentences 2 --anchors-only -o outputs/evaluation"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``voiceclone evaluate``."""
    parser.add_argument(
        "--data",
        type=Path,
        help="preprocessed data folder the models were trained on: its voices speak, its held-out "
        "recordings are the anchor (without it: sample voices, and espeak-ng as the only anchor)",
    )
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the report")
    parser.add_argument("--models-dir", type=Path, help="folder of a run (default: shipped models)")
    parser.add_argument(
        "--sentences", type=int, help="how many of the new sentences (default: all)"
    )
    parser.add_argument("--text-file", type=Path, help="speak these instead, one sentence a line")
    parser.add_argument(
        "--voices", nargs="+", default=[], metavar="NAME",
        help="speakers of DATA, or enrolled voices without it (default: all heard in training)",
    )  # fmt: skip
    parser.add_argument(
        "--recordings", type=int, default=60, help="held-out recordings to anchor at (default: 60)"
    )
    parser.add_argument(
        "--anchors-only", action="store_true", help="measure only the anchors, no model"
    )
    parser.add_argument("--no-hard-inputs", action="store_true", help="leave out the odd inputs")
    parser.add_argument(
        "--whisper", metavar="MODEL",
        help="recognize with this Whisper (folder or name; its weights must be on this machine)",
    )  # fmt: skip
    parser.add_argument("--workers", type=int, default=1, help="judging processes (default: 1)")
    parser.add_argument("--seed", type=int, default=0, help="of the speech (default: 0)")


def run(args: argparse.Namespace) -> int:
    """Evaluate, write the report, print the numbers that are held against a bar."""
    from voice_replication.evaluation.recordings import heard_speakers
    from voice_replication.evaluation.report import write_report
    from voice_replication.evaluation.run import default_sentences, evaluate
    from voice_replication.evaluation.speaking import Plan
    from voice_replication.evaluation.systems import Espeak

    speakers = heard_speakers(args.data, args.voices) if args.data else []
    sentences = (
        _read_sentences(args.text_file, args.sentences)
        if args.text_file
        else default_sentences(args.sentences)
    )
    system, vocoder = (None, None) if args.anchors_only else _models(args, speakers)
    plan = Plan(
        system=system,
        sentences=sentences,
        speakers=speakers,
        anchor=Espeak(),
        vocoder=vocoder,
        recordings=args.recordings,
        hard_inputs=not args.no_hard_inputs,
        whisper=args.whisper,
    )
    evaluation = evaluate(plan, args.out, args.workers)
    path = write_report(evaluation, args.out)
    _print_summary(evaluation, path)
    return 0


def _read_sentences(path: Path, count: int | None) -> list[str]:
    from env_utils import InputError

    if not path.is_file():
        raise InputError(f"{path}: there is no such file.")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text file in UTF-8. Save it as UTF-8.") from error
    sentences = [line.strip() for line in lines if line.strip()][:count]
    if not sentences:
        raise InputError(f"{path}: no sentence in it; write one sentence a line.")
    return sentences


def _models(
    args: argparse.Namespace, speakers: list[HeardSpeaker]
) -> tuple[System, CopySynthesis | None]:
    """The pipeline in the voices to be judged, and its vocoder for copy-synthesis."""
    from voice_replication.evaluation.systems import CopySynthesis, Pipeline, heard_voice
    from voice_replication.narration.text_to_speech import Speaker

    engine = Speaker(args.models_dir)
    if speakers:
        voices = {s.name: heard_voice(s, engine, args.models_dir) for s in speakers}
        return Pipeline(engine, voices, args.seed), CopySynthesis(args.models_dir)
    names = args.voices or [voice.name for voice in engine.store.list() if voice.sample]
    return Pipeline(engine, {name: engine.voice(name) for name in names}, args.seed), None


def _print_summary(evaluation: Evaluation, path: Path) -> None:
    from voice_replication.evaluation.report import COLUMNS, bars_table, rows_table

    for note in evaluation.notes:
        print(note)
    print(rows_table(evaluation, COLUMNS))
    if evaluation.bars:
        print("\n" + bars_table(evaluation))
    print(f"\nReport: {path}\nListen: {path.with_name('listen.html')}")
