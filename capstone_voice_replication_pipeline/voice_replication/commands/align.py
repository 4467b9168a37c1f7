"""``voiceclone align``: where every word and phoneme of a data folder is spoken."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "voiceclone align data/speech24 --textgrids"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("data", type=Path, metavar="DATA", help="a preprocessed data folder")
    parser.add_argument(
        "--aligner",
        type=Path,
        help="use this aligner.safetensors instead of training one; 'shipped' for the shipped one "
        "(default: train when there are at least 300 utterances, else the shipped one)",
    )
    parser.add_argument("--passes", type=int, default=12, help="training passes (default 12)")
    parser.add_argument("--textgrids", action="store_true", help="also write TextGrid and JSON")


def run(args: argparse.Namespace) -> int:
    """Align and report transcripts that do not fit."""
    from data_utils import read_manifest

    from voice_replication.data_processing.alignment import align_folder, load_aligner
    from voice_replication.data_processing.textgrid import write_alignment_json, write_textgrid
    from voice_replication.home import shipped

    utterances = [u for u in read_manifest(args.data / "manifest.csv") if u.text.strip()]
    path = args.aligner
    if str(path) == "shipped" or (path is None and len(utterances) < 300):
        path = shipped("checkpoints") / "aligner.safetensors"
    hmm = load_aligner(path) if path is not None else None
    alignments = align_folder(args.data, utterances, hmm, args.passes)
    folder = args.data / "alignment"
    for alignment in alignments if args.textgrids else []:
        write_textgrid(folder / "textgrid" / f"{alignment.id}.TextGrid", alignment)
        write_alignment_json(folder / "json" / f"{alignment.id}.json", alignment)
    misfits = [a for a in alignments if not a.fits]
    print(f"aligned {len(alignments)} of {len(utterances)} utterances -> {folder}")
    for alignment in sorted(misfits, key=lambda a: a.confidence)[:20]:
        print(f"  transcript does not fit: {alignment.id} (confidence {alignment.confidence})")
    return 0
