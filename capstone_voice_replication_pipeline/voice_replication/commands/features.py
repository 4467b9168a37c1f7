"""``voiceclone features``: mels, F0, energy and speaker embeddings of a data folder."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "voiceclone features data/speech24"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("data", type=Path, metavar="DATA", help="a preprocessed data folder")
    parser.add_argument(
        "--encoder",
        type=Path,
        help="encoder.safetensors for the embeddings (default: the shipped one, if there is one)",
    )
    parser.add_argument(
        "--predicted",
        type=Path,
        metavar="SYNTHESIZER",
        help="write mels predicted by this synthesizer.safetensors with true durations to "
        "DATA/predicted instead: the vocoder's last training stage uses them",
    )
    parser.add_argument(
        "--export", type=Path, metavar="DIR", help="also write MFCCs and a mel picture of each"
    )


def run(args: argparse.Namespace) -> int:
    """Compute what is missing; print what there is."""
    from data_utils import read_manifest

    from voice_replication.data_processing import features
    from voice_replication.home import shipped

    if args.predicted is not None:
        from voice_replication.synthesizer.teacher_forcing import write_predicted_mels

        count = write_predicted_mels(args.data, args.predicted)
        print(f"{count} predicted mels -> {args.data / 'predicted'}")
        return 0
    utterances = read_manifest(args.data / "manifest.csv")
    shards = features.compute_features(args.data, utterances)
    print(f"{len(utterances)} utterances in {shards} shard(s) -> {args.data / 'features'}")
    encoder = args.encoder or shipped("checkpoints") / "encoder.safetensors"
    if args.encoder is not None or encoder.is_file():
        count = features.compute_embeddings(args.data, utterances, encoder)
        print(f"{count} speaker embeddings -> {args.data / 'features' / 'embeddings.safetensors'}")
    else:
        print("no speaker embeddings: train an encoder first, then run this again with --encoder")
    if args.export is not None:
        from voice_replication.data_processing.export import export_features

        export_features(utterances, args.export)
    return 0
